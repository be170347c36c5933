import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LeitwerkError, messageOf, type Text } from '../../core/errors.ts';
import { spawnGuarded, type GuardedProcess } from '../guard.ts';
import { asideOf, putAside, tellsOfDamage } from './damage.ts';
import { awaitLeftOver, forgetServer, hasLeftOver, noteServer } from './left-over.ts';
import { assertPortsFree, findFreePort } from './ports.ts';
import type { ReportProgress, TemporalProgress, TemporalState } from './progress.ts';
import { provideTemporal } from './provide.ts';
import { setRetention } from './rpc.ts';

export interface TemporalServerOptions {
  /** 0 = any free port, the same one after a restart. */
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly dataFolder: string;
  /** Called on every change of state, also when a server that died is up again. */
  readonly onProgress: (progress: TemporalProgress) => void;
}

export interface TemporalServer {
  /** `host:port` for clients and workers, known before the server is up. */
  readonly address: string;
  readonly uiUrl: string;
  readonly progress: () => TemporalProgress;
  /** The server's own process id while it runs, for the health page and for tests. */
  readonly pid: () => number | undefined;
  /** Ends the server, ≤ 6 s. */
  readonly stop: () => Promise<void>;
}

const retentionHours = 720;
const readyWithinMs = 60_000;
const longestPauseMs = 30_000;

/** The server's database in the data folder. */
export const fileIn = (dataFolder: string): string => join(dataFolder, 'temporal.db');

/**
 * Looks before anything else starts whether the server will have its ports. After a crash nothing can be said yet: the server of the
 * earlier run, which is about to end, may still have them.
 * @throws LeitwerkError `Misconfigured` when a port is taken by someone else.
 */
export async function assertPlaceFree(
  options: Pick<TemporalServerOptions, 'port' | 'uiPort' | 'dataFolder'>,
): Promise<void> {
  if (!(await hasLeftOver(fileIn(options.dataFolder)))) await assertPortsFree(options);
}

/**
 * Runs Temporal's dev server beside the app: finds or makes the program, starts it, starts it again when it dies.
 * Answers at once; what happens is told through `onProgress`. It cannot outlive this process.
 * @throws LeitwerkError `Misconfigured` when a port is taken by someone else.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const port = options.port || (await findFreePort());
  const uiPort = options.uiPort || (await findFreePort());
  const file = fileIn(options.dataFolder);
  const stopping = new AbortController();
  const { signal } = stopping;
  let progress: TemporalProgress = toProgress('finding', { de: 'Temporal wird gesucht', en: 'Looking for Temporal' });
  let child: GuardedProcess | undefined;
  let pid: number | undefined;
  const report: ReportProgress = (state, text) => {
    if (signal.aborted) return;
    progress = toProgress(state, text);
    options.onProgress(progress);
  };
  const context: Context = {
    port,
    uiPort,
    namespace: options.namespace,
    file,
    signal,
    report,
    onStart: (started, startedPid) => {
      child = started;
      pid = startedPid;
    },
  };
  await awaitLeftOver(file, signal);
  await assertPortsFree({ port, uiPort });
  const ended = serve(context);
  return {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    progress: () => progress,
    pid: () => pid,
    stop: async () => {
      stopping.abort();
      child?.end();
      await ended;
      await forgetServer(file);
    },
  };
}

interface Context {
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly file: string;
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
  readonly onStart: (child: GuardedProcess, pid: number | undefined) => void;
}

/** Runs until stopped. Never rejects: what cannot be helped is reported as `failed`. */
async function serve(context: Context): Promise<void> {
  const { signal, report } = context;
  try {
    const program = await provideTemporal(report, signal);
    let pauseMs = 250;
    let isAside = false;
    while (!signal.aborted) {
      const { ranMs, output } = await serveOnce(program, context);
      if (signal.aborted) return;
      pauseMs = ranMs > longestPauseMs ? 250 : Math.min(pauseMs * 2, longestPauseMs);
      if (tellsOfDamage(output) && !isAside) {
        await putAside(context.file);
        isAside = true;
        report('failed', asideText(context.file));
      } else report('failed', endText(output));
      await wait(pauseMs, undefined, { signal });
      await awaitLeftOver(context.file, signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    report('failed', toText(error));
  }
}

const asideText = (file: string): Text => ({
  de: `${file} war beschädigt und liegt jetzt in ${asideOf(file)}. Temporal beginnt neu, die Prozesse werden aus der Datenbank aufgebaut.`,
  en: `${file} was damaged and is now ${asideOf(file)}. Temporal begins anew, the processes are rebuilt from the database.`,
});

const endText = (output: string): Text => {
  const reason = output.split('\n').at(-1) ?? '';
  return {
    de: `Temporal ist beendet, Neustart folgt. ${reason}`,
    en: `Temporal ended and will be started again. ${reason}`,
  };
};

async function serveOnce(program: string, context: Context): Promise<{ ranMs: number; output: string }> {
  const startedAt = Date.now();
  context.report('starting', { de: 'Temporal wird gestartet', en: 'Starting Temporal' });
  const child = spawnGuarded(program, toArguments(context));
  context.onStart(child, undefined);
  const pid = await child.pid;
  if (pid !== undefined) await noteServer(context.file, pid);
  context.onStart(child, pid);
  if (context.signal.aborted) child.end();
  const isReady = await Promise.race([awaitReady(context), child.exited.then(() => false)]);
  if (isReady) context.report('ready', { de: 'Temporal läuft', en: 'Temporal is running' });
  else child.end();
  const { output } = await child.exited;
  context.onStart(child, undefined);
  return { ranMs: Date.now() - startedAt, output };
}

function toArguments({ port, uiPort, namespace, file }: Context): string[] {
  const options = {
    '--ip': '127.0.0.1',
    '--port': port,
    '--ui-port': uiPort,
    '--db-filename': file,
    '--namespace': namespace,
    '--log-level': 'error',
  };
  // Twice the steps per second of the default journal; what a power cut may lose, the reconciler starts again.
  const pragmas = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];
  const flags = ['--ui-disable-news-fetch', '--disable-config-file', '--disable-config-env'];
  return ['server', 'start-dev', ...Object.entries(options).flat().map(String), ...pragmas, ...flags];
}

/** The server is up when it accepts our setting: finished processes stay visible for 30 days. */
async function awaitReady({ port, namespace, signal }: Context): Promise<boolean> {
  const deadline = Date.now() + readyWithinMs;
  while (!signal.aborted && Date.now() < deadline) {
    if (await setRetention(`127.0.0.1:${port}`, namespace, retentionHours)) return true;
    await wait(50);
  }
  return false;
}

function toProgress(state: TemporalState, text: Text): TemporalProgress {
  return { state, text, since: new Date().toISOString() };
}

function toText(error: unknown): Text {
  if (error instanceof LeitwerkError) return error.text;
  const message = messageOf(error);
  return { de: `Temporal kann nicht gestartet werden: ${message}`, en: `Temporal cannot be started: ${message}` };
}
