import { readdirSync, readFileSync } from 'node:fs';
import { createApp, type App } from './app.ts';
import { median, type Effort, type Figure } from './measure.ts';

const mostReadyMs = 2_000;
const mostTemporalMs = 4_000;
const mostMegabytes = 350;
const settleMs = 8_000;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Resident; a page that several processes have is split between them, so that a sum counts it once. */
  readonly megabytes: number;
}

const readProcess = (pid: number): Process | undefined => {
  try {
    const read = (file: string, name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? 0);
    return {
      pid,
      parent: read('status', 'PPid'),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
      megabytes: read('smaps_rollup', 'Pss') / 1024,
    };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
};

/** The process and all below it. Nothing else that runs Node may be there when their memory is measured: it would share its pages. */
export const readTree = (root: number): Process[] => {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const tree = all.filter((one) => one.pid === root);
  for (const one of tree) tree.push(...all.filter((other) => other.parent === one.pid));
  return tree;
};

const untilReady = async (url: string): Promise<void> => {
  for (;;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

interface Start {
  readonly readyMs: number;
  readonly temporalMs: number;
  readonly ownMegabytes: number;
  readonly temporalMegabytes: number;
}

const startOnce = async (app: App): Promise<Start> => {
  const startedAt = performance.now();
  const ready = untilReady(`http://127.0.0.1:${app.env['PORT'] ?? ''}`).then(() => performance.now() - startedAt);
  const server = await app.start();
  try {
    const readyMs = await ready;
    await server.line(/^temporal ready/);
    const temporalMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const tree = readTree(server.pid);
    const sum = (processes: readonly Process[]): number => processes.reduce((total, one) => total + one.megabytes, 0);
    const isTemporal = (one: Process): boolean =>
      one.command.includes('server start-dev') && !one.command.includes('node');
    return {
      readyMs,
      temporalMs,
      ownMegabytes: sum(tree.filter((one) => !isTemporal(one))),
      temporalMegabytes: sum(tree.filter(isTemporal)),
    };
  } finally {
    await server.stop();
  }
};

/** Starts on a data folder that has been used before; the very first start (configuration, Temporal's file) is not counted. */
export async function measureStart(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  const starts: Start[] = [];
  try {
    await startOnce(app);
    for (let round = 0; round < effort.rounds; round += 1) starts.push(await startOnce(app));
  } finally {
    await app.clear();
  }
  const readyMs = median(starts.map((one) => one.readyMs));
  const temporalMs = median(starts.map((one) => one.temporalMs));
  const own = median(starts.map((one) => one.ownMegabytes));
  return [
    {
      name: 'warm start to 200 on /health/ready',
      ours: readyMs,
      unit: 'ms',
      target: `≤ ${mostReadyMs}`,
      isMet: readyMs <= mostReadyMs,
    },
    {
      name: 'warm start to processes running',
      ours: temporalMs,
      unit: 'ms',
      target: `≤ ${mostTemporalMs}`,
      isMet: temporalMs <= mostTemporalMs,
    },
    {
      name: 'idle memory of own processes',
      ours: own,
      unit: 'MB',
      target: `≤ ${mostMegabytes}`,
      isMet: own <= mostMegabytes,
    },
    {
      name: "idle memory of Temporal's server",
      ours: median(starts.map((one) => one.temporalMegabytes)),
      unit: 'MB',
      target: '-',
      isMet: true,
    },
  ];
}
