import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import {
  DefaultLogger,
  NativeConnection,
  type LogEntry,
  Runtime,
  Worker,
  type NativeConnectionOptions,
} from '@temporalio/worker';
import { registerAttributes } from './attributes.ts';
import type { EffectInput, EffectRetry } from './contract.ts';
import { createCollectActivities } from './collect-message.ts';
import { createImportActivities } from './import-activities.ts';
import { readNamespace, takeNamespace } from './namespace.ts';
import type { Outgoing } from './outgoing.ts';
import { createPollActivities } from './poll-source.ts';
import { createActivities } from './process-activities.ts';
import { reconcile, wakeOverdue } from './reconciler.ts';
import { createRelay, type Relay, type RelayState } from './relay.ts';
import { createSchedules } from './schedules.ts';
import { createStarter } from './starter.ts';

export interface WorkerOptions extends Outgoing {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  /** Of `installationOf`, for a namespace that others might use as well; absent for our own server. */
  readonly installation?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly tls?: NativeConnectionOptions['tls'] | undefined;
  readonly taskQueue?: string;
  /** From `provideBundle`. */
  readonly bundlePath: string;
  readonly performEffect: (input: EffectInput) => Promise<void>;
  readonly effectRetry?: EffectRetry;
  /** Default true; a worker of a cluster may leave relaying to others. */
  readonly isRelaying?: boolean;
  readonly reconcileEveryMs?: number;
  readonly onError: (error: unknown) => void;
}

export interface ProcessWorker {
  /** There are new events to relay. */
  wake(): void;
  relayState(): RelayState | undefined;
  /**
   * Asks Temporal for a sign of life. Where its database has been made anew, the worker ends: another one starts what is missing.
   * @throws when there is none within 3 seconds.
   */
  ping(): Promise<void>;
  /** Compares rows with Temporal now; answers how many processes were missing. */
  reconcile(): Promise<number>;
  /** Resolves when the worker has ended by itself, rejects when it failed. */
  readonly ended: Promise<void>;
  /** Finishes what is under way, within 8 seconds. */
  stop(): Promise<void>;
}

export const standardTaskQueue = 'leitwerk';
/** About an hour of trying; then a person has to look. */
const standardRetry: EffectRetry = { maximumAttempts: 12, initialIntervalMs: 2_000 };
const oneMinuteMs = 60_000;
const tenMinutesMs = 600_000;
const answerWithinMs = 3_000;

/** Once a process, before anything else of Temporal: what it logs from this level on goes to `tell`, and signals stay ours. */
export function installRuntime(level: 'WARN' | 'ERROR' = 'WARN', tell?: (entry: LogEntry) => void): void {
  Runtime.install({
    logger: new DefaultLogger(level, tell),
    // While Temporal is away every call of every process would say so again; the health page and our own log do.
    telemetryOptions: { logging: { filter: `${level},temporalio_client::retry=ERROR`, forward: {} } },
    shutdownSignals: [],
  });
}

const connect = async (options: WorkerOptions): Promise<NativeConnection> =>
  await NativeConnection.connect({
    address: options.address,
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
    ...(options.tls === undefined ? (options.apiKey === undefined ? {} : { tls: true }) : { tls: options.tls }),
  });

/**
 * Connects to Temporal and runs its worker, the outbox relay and the reconciler on one connection, so that starts can be eager.
 * @throws when the server cannot be reached, LeitwerkError `Misconfigured` for a wrong namespace; the caller tries again.
 */
export async function createWorker(options: WorkerOptions): Promise<ProcessWorker> {
  const connection = await connect(options);
  try {
    return await startOn(connection, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const startOn = async (connection: NativeConnection, options: WorkerOptions): Promise<ProcessWorker> => {
  const { namespace, installation, taskQueue = standardTaskQueue } = options;
  const { id: namespaceId } = await (installation === undefined
    ? readNamespace(connection, options)
    : takeNamespace(connection, { ...options, installation }));
  const hasAttributes = await registerAttributes(connection, { namespace, onError: options.onError });
  let relay: Relay | undefined;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: options.bundlePath },
    activities: {
      ...createActivities({
        ...options,
        effectRetry: options.effectRetry ?? standardRetry,
        onStep: () => relay?.stepTaken(),
      }),
      ...createImportActivities(options),
      ...createCollectActivities(options),
      ...createPollActivities(options),
    },
    shutdownGraceTime: '3 seconds',
    shutdownForceTime: '6 seconds',
    maxCachedWorkflows: 200,
    workflowThreadPoolSize: 1,
    // A start is eager only while there is a slot; the relay keeps up to 32 ahead, ten pollers hold one each.
    maxConcurrentWorkflowTaskExecutions: 120,
    maxConcurrentLocalActivityExecutions: 40,
    maxConcurrentActivityTaskExecutions: 20,
  });
  const client = new Client({ connection, namespace });
  const running = worker.run();
  const schedules = createSchedules({ ...options, client, taskQueue });
  if (options.isRelaying !== false) {
    const { fetchNow } = schedules;
    relay = createRelay({ ...options, starter: createStarter(client, taskQueue), fetchNow, hasAttributes });
  }
  const schedule = keepReconciling({ ...options, client, onFound: () => relay?.wake() });
  const finish = async (): Promise<void> => {
    try {
      await running;
    } finally {
      schedule.stop();
      schedules.stop();
      await relay?.stop();
      await connection.close();
    }
  };
  const ended = finish();
  return {
    wake: () => relay?.wake(),
    relayState: () => relay?.state(),
    ping: async () => {
      const answer = await connection.withDeadline(
        Date.now() + answerWithinMs,
        async () => await readNamespace(connection, options),
      );
      if (answer.id !== namespaceId && worker.getState() === 'RUNNING') worker.shutdown();
    },
    reconcile: schedule.now,
    ended,
    stop: async () => {
      schedule.stop();
      await relay?.stop();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
};

interface Schedule {
  readonly now: () => Promise<number>;
  readonly stop: () => void;
}

const keepReconciling = (
  options: WorkerOptions & { readonly client: Client; readonly onFound: () => void },
): Schedule => {
  const holder = randomUUID();
  const now = async (): Promise<number> => await reconcile({ ...options, holder });
  const look = (): void => void now().catch(options.onError);
  const timers = [
    // Not in the first second: a warm start has better to do. And once more when what was under way has settled.
    setTimeout(look, 3_000),
    setTimeout(look, oneMinuteMs),
    setInterval(look, options.reconcileEveryMs ?? tenMinutesMs),
    setInterval(() => void wakeOverdue(options).catch(options.onError), oneMinuteMs),
  ];
  return {
    now,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
};
