import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { PartHealth } from '../server/services.ts';
import { atMostEvery } from './at-most-every.ts';
import { standBack } from './priority.ts';

/** What the app and its worker process tell each other. Nothing in it is a record: only "look again" and figures. */
export type WorkerMessage =
  /** To the worker: there are new events to relay, and what share of its time, 0 to 1, the app is busy. To the app: there are new events to show. */
  | { readonly kind: 'wake'; readonly busy?: number }
  /** To the worker: finish what is under way, then end. */
  | { readonly kind: 'stop' }
  /** To the app: a part's state for the health page. */
  | { readonly kind: 'part'; readonly name: string; readonly part: PartHealth };

export interface WorkerProcessOptions {
  /** Absolute path of the program, `bin/worker.ts`. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly nodeFlags?: readonly string[];
  readonly onMessage: (message: WorkerMessage) => void;
  /** The process ended by itself and is started again after `pauseMs`. */
  readonly onDeath: (text: string, pauseMs: number) => void;
}

export interface WorkerProcess {
  /** Tells the worker to look for new events: at once, and then at most every 20 ms however often it is called. */
  readonly wake: () => void;
  readonly pid: () => number | undefined;
  /** Drains and ends it; ends it by force after `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

const longestPauseMs = 30_000;
/** A message for every post would cost a tenth of what one connection can post: the worker looks each time. */
const wakeMs = 20;

/** Keeps the worker process running beside the app: starts it, starts it again when it dies, later each time. */
export function superviseWorker(options: WorkerProcessOptions): WorkerProcess {
  const readBusy = busyMeter();
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  const send = (message: WorkerMessage): void => {
    // A channel that closes meanwhile is no loss: the next worker looks by itself when it starts.
    if (child?.connected === true) child.send(message, () => undefined);
  };
  const ended = keepRunning(options, stopping.signal, (started) => {
    child = started;
  });
  return {
    wake: atMostEvery(wakeMs, () => send({ kind: 'wake', busy: readBusy() })),
    pid: () => child?.pid,
    stop: async (withinMs) => {
      stopping.abort();
      send({ kind: 'stop' });
      const timer = setTimeout(() => child?.kill('SIGKILL'), withinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function keepRunning(
  options: WorkerProcessOptions,
  signal: AbortSignal,
  onStart: (child: ChildProcess) => void,
): Promise<void> {
  let pauseMs = 250;
  while (!signal.aborted) {
    const startedAt = Date.now();
    const reason = await runOnce(options, onStart);
    if (signal.aborted) return;
    pauseMs = Date.now() - startedAt > longestPauseMs ? 250 : Math.min(pauseMs * 2, longestPauseMs);
    options.onDeath(reason, pauseMs);
    await wait(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves with the reason when the process is gone. */
async function runOnce(options: WorkerProcessOptions, onStart: (child: ChildProcess) => void): Promise<string> {
  return await new Promise((resolve) => {
    const child = fork(options.program, [], {
      env: options.env,
      execArgv: [...(options.nodeFlags ?? [])],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Its own process group: Ctrl-C reaches the app only, which ends the worker in its turn.
      detached: process.platform !== 'win32',
    });
    if (child.pid !== undefined) standBack(child.pid);
    child.on('message', (message) => {
      if (isWorkerMessage(message)) options.onMessage(message);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? 0}`));
    onStart(child);
  });
}

/** Share of the time since the last call, 0 to 1, in which this process's event loop had work. */
function busyMeter(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}

export function isWorkerMessage(value: unknown): value is WorkerMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
