import { setTimeout as wait } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { createApp } from './app.ts';
import { median, type Effort, type Figure } from './measure.ts';
import { runProgram, startServer, type Server } from './server.ts';
import { readTree } from './start.ts';

const leastRatio = 0.8;
const mostMb = 150;
const largeMails = 20;
const largeBytes = 18_000_000;

interface Seen {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const portOf = ({ url }: Server): number => Number(new URL(url.replace('smtp:', 'http:')).port);

const load = async (server: Server, options: { sessions: number; seconds: number; isKept: boolean }): Promise<Seen> => {
  const program = { file: 'bench/smtp-load.ts', args: [JSON.stringify({ port: portOf(server), ...options })] };
  const seen = JSON.parse(await runProgram(program)) as Seen;
  if (seen.failures > 0) throw new Error(`${seen.failures} mails failed`);
  return seen;
};

interface Sides {
  readonly ours: Server;
  readonly bare: Server;
}

/** Both sides in turn, so that a slow moment of the machine meets both. */
const compare = async (effort: Effort, sides: Sides, of: { sessions: number; isKept: boolean }): Promise<Figure> => {
  const ours: Seen[] = [];
  const bare: Seen[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    bare.push(await load(sides.bare, { ...of, seconds: effort.seconds }));
    ours.push(await load(sides.ours, { ...of, seconds: effort.seconds }));
  }
  const middle = (seen: readonly Seen[], name: 'perSecond' | 'p99Ms'): number => median(seen.map((one) => one[name]));
  const ratio = median(ours.map((one, index) => one.perSecond / (bare[index]?.perSecond ?? Number.NaN)));
  return {
    name: `mail in, ${of.isKept ? 'kept sessions' : 'one mail a session'}, ${of.sessions} at once`,
    ours: middle(ours, 'perSecond'),
    bare: middle(bare, 'perSecond'),
    ratio,
    unit: 'mails/s',
    p99Ms: middle(ours, 'p99Ms'),
    bareP99Ms: middle(bare, 'p99Ms'),
    target: `≥ ${leastRatio}`,
    isMet: ratio >= leastRatio,
  };
};

const residentMb = (root: number): number =>
  readTree(root)
    .filter(({ command }) => !/server start-dev/.test(command))
    .reduce((sum, { megabytes }) => sum + megabytes, 0);

/** What 20 mails of 25 MB at once, and filing them, add to the memory of the whole app. Temporal's server is counted apart. */
const measureLarge = async (): Promise<Figure> => {
  const app = await createApp({ TEMPORAL_ADDRESS: '127.0.0.1:9' });
  const server = await app.start();
  try {
    const port = Number(app.env['SMTP_PORT']);
    const transport = createTransport({
      host: '127.0.0.1',
      port,
      pool: true,
      maxConnections: largeMails,
      ignoreTLS: true,
    });
    const send = async (content: Buffer | string): Promise<unknown> =>
      await transport.sendMail({
        from: 'anna@kunde.example',
        to: 'leads@leitwerk.local',
        subject: 'Plan',
        text: 'x',
        attachments: [{ filename: 'plan.bin', content }],
      });
    await send('warm');
    await wait(5_000);
    const before = residentMb(server.pid);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, residentMb(server.pid))), 50);
    const content = Buffer.alloc(largeBytes, 'Anlage ');
    await Promise.all(Array.from({ length: largeMails }, async () => await send(content)));
    await wait(15_000);
    clearInterval(watch);
    transport.close();
    const ours = most - before;
    return { name: '20 mails of 25 MB at once, added', ours, unit: 'MB', target: `≤ ${mostMb}`, isMet: ours <= mostMb };
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** Mail in, each 250 after its fsync, against the bare library that stores the raw mail. */
export async function measureSmtp(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  const bare = await startServer({ file: 'bench/bare-smtp.ts', args: [`${app.database}.bare`] });
  const ours = await app.start('smtp');
  const figures: Figure[] = [];
  try {
    await load(bare, { sessions: 10, seconds: 1, isKept: true });
    await load(ours, { sessions: 10, seconds: 1, isKept: true });
    for (const sessions of [1, 10, 100])
      figures.push(await compare(effort, { ours, bare }, { sessions, isKept: true }));
    figures.push(await compare(effort, { ours, bare }, { sessions: 10, isKept: false }));
  } finally {
    await ours.stop();
    await bare.stop();
    await app.clear();
  }
  return [...figures, await measureLarge()];
}
