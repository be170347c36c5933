import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PartHealth, Services } from '../server/services.ts';
import { childEnvironment, rootFolder, type Settings } from './settings.ts';
import { superviseWorker, type WorkerMessage, type WorkerProcess } from './supervisor.ts';
import type { TemporalProgress } from './temporal/progress.ts';
import { startTemporalServer, type TemporalServer } from './temporal/server.ts';

/** Everything that runs beside the app: Temporal's server, where it is ours, and the worker process. */
export interface Processes extends Pick<Services, 'remoteParts' | 'wakeRelay'> {
  /** Of Temporal's UI, where it is known. */
  readonly uiUrl: string | undefined;
  /** Drains the worker, then ends Temporal; rarely more than 2 s, at most 10 s. */
  readonly stop: () => Promise<void>;
}

export interface ProcessesOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** The worker has written events: look for what to show. */
  readonly onWake: () => void;
  /** A part of the health page changed. */
  readonly onPart: (name: string, part: PartHealth) => void;
  /** Called once, when processes run: with the address of Temporal's UI, or of the server where that is unknown. */
  readonly onReady: (url: string) => void;
}

const workerEndsWithinMs = 5000;
const repeatConsoleMs = 30_000;

/**
 * Starts what runs processes and answers as soon as it is under way; the app does not wait for it.
 * @throws LeitwerkError `Misconfigured` when a port is taken or another run still uses Temporal's file.
 */
export async function startProcesses(options: ProcessesOptions): Promise<Processes> {
  const { settings, log } = options;
  const parts = new Map<string, PartHealth>();
  const setPart = (name: string, part: PartHealth): void => {
    parts.set(name, part);
    options.onPart(name, part);
  };
  const told = tellConsole(log);
  let own: PartHealth | undefined;
  const server =
    settings.temporal.address === undefined
      ? await startOwnServer(settings, (progress) => {
          told.tell(progress);
          own = toPart(progress);
          setPart('temporal', own);
        })
      : undefined;
  const uiUrl = server?.uiUrl ?? settings.temporal.uiUrl;
  const address = server?.address ?? settings.temporal.address ?? '';
  let isTold = false;
  const temporal = { TEMPORAL_ADDRESS: address, ...(server === undefined ? {} : { TEMPORAL_IS_OURS: 'yes' }) };
  const worker = startWorker(options, temporal, (name, part) => {
    if (name !== 'temporal' || own === undefined) setPart(name, part);
    // While our own server starts we know better; when it runs, the worker knows whether it answers.
    else if (own.state === 'ready') setPart(name, part.state === 'ready' ? { ...own, number: part.number } : part);
    if (isTold || name !== 'worker' || part.state !== 'ready') return;
    isTold = true;
    options.onReady(uiUrl ?? address);
  });
  return {
    remoteParts: () => Object.fromEntries(parts),
    uiUrl,
    wakeRelay: worker.wake,
    stop: async () => {
      told.stop();
      await worker.stop(workerEndsWithinMs);
      await server?.stop();
    },
  };
}

async function startOwnServer(
  settings: Settings,
  onProgress: (progress: TemporalProgress) => void,
): Promise<TemporalServer> {
  const { port, uiPort, namespace } = settings.temporal;
  return await startTemporalServer({ port, uiPort, namespace, dataFolder: settings.dataFolder, onProgress });
}

function startWorker(
  { settings, log, onWake }: ProcessesOptions,
  temporal: Readonly<Record<string, string>>,
  onPart: (name: string, part: PartHealth) => void,
): WorkerProcess {
  return superviseWorker({
    program: join(rootFolder, 'bin', 'worker.ts'),
    env: childEnvironment({ ...temporal, LEITWERK_DATA: settings.dataFolder, MALLOC_ARENA_MAX: '2' }),
    // The worker's objects are small and short-lived. A large nursery would only keep memory; threads that empty it together each leave
    // half-filled pages behind; and the heap may not grow far while garbage is only being looked for.
    nodeFlags: [
      '--max-semi-space-size=2',
      '--heap-growing-percent=25',
      '--no-parallel-scavenge',
      '--no-incremental-marking',
    ],
    onMessage: (message: WorkerMessage) => {
      if (message.kind === 'wake') onWake();
      if (message.kind === 'part') onPart(message.name, message.part);
    },
    onDeath: (reason, pauseMs) => {
      log.error({ reason, pauseMs }, 'the worker process ended and will be started again');
      const text = `${reason}; next start in ${Math.ceil(pauseMs / 1000)} s`;
      onPart('worker', { state: 'down', since: new Date().toISOString(), number: 0, unit: 'ms', text });
    },
  });
}

const partStates = {
  finding: 'starting',
  downloading: 'building',
  building: 'building',
  starting: 'starting',
  ready: 'ready',
  failed: 'down',
} as const satisfies Record<TemporalProgress['state'], PartHealth['state']>;

const toPart = ({ state, since, text }: TemporalProgress): PartHealth => ({
  state: partStates[state],
  since,
  number: 0,
  unit: 'ms',
  text: text.en,
  texts: text,
  step: state,
});

/** What takes minutes says every half minute that it still goes on. */
function tellConsole(log: Logger): { tell: (progress: TemporalProgress) => void; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    tell: ({ state, since, text }) => {
      clearInterval(timer);
      if (state === 'failed') log.error(text.en);
      if (state !== 'downloading' && state !== 'building') return;
      log.info(text.en);
      timer = setInterval(() => log.info(`${text.en}: ${minutesSince(since)}`), repeatConsoleMs);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}

function minutesSince(instant: string): string {
  const seconds = Math.floor((Date.now() - Date.parse(instant)) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
