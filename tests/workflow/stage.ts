import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { provideBundle } from '../../activities/bundle.ts';
import { createWorker, installRuntime, type ProcessWorker } from '../../activities/worker.ts';
import { createEgress } from '../../connectors/egress.ts';
import { createSecretBox } from '../../store/secrets.ts';
import { writeEffectState } from '../../store/effects.ts';
import type { StageConfig } from '../../core/pipeline/config.ts';
import { workflowIdOf, type ProcessKey } from '../../store/processes.ts';
import { until } from '../support/processes.ts';
import { createBlobStore } from '../../store/blobs.ts';
import { createProcessWorld, type ProcessWorld } from './world.ts';

/** A world with a worker of its own on a real Temporal server. Whatever leaves the machine goes to `send`. */
export interface Stage {
  readonly world: ProcessWorld;
  readonly worker: ProcessWorker;
  readonly client: Client;
  /** Effects sent, in order. */
  readonly sent: string[];
  /** What the outside does with a mail or webhook; throws where it refuses. */
  send: (id: string) => void;
  publish(...stages: StageConfig[]): Promise<number>;
  addLead(input?: Record<string, unknown>): Promise<ProcessKey>;
  inState(key: ProcessKey, state: string): Promise<void>;
  inStage(key: ProcessKey, wanted: string): Promise<void>;
  /** Resolves when `count` effects of the process are done. */
  effectsDone(key: ProcessKey, count: number): Promise<void>;
  handle(key: ProcessKey): ReturnType<Client['workflow']['getHandle']>;
  end(): Promise<void>;
}

export const text = (word: string): { de: string; en: string } => ({ de: word, en: word });
export const stageOf = (key: string, more: Partial<StageConfig> = {}): StageConfig => ({
  key,
  label: text(key),
  ...more,
});

let taskQueues = 0;

export async function createStage(address: string): Promise<Stage> {
  const world = await createProcessWorld();
  world.time = undefined;
  if (taskQueues === 0) installRuntime('ERROR');
  taskQueues += 1;
  const worker = await createWorker({
    ...world,
    blobs: createBlobStore(join(tmpdir(), 'leitwerk-test-blobs')),
    now: () => world.now(),
    egress: createEgress({ mayCallPrivateAddresses: true }),
    secrets: createSecretBox(Buffer.alloc(32, 1)),
    connectorUrls: new Map(),
    publicUrl: 'http://127.0.0.1:4000',
    address,
    namespace: 'default',
    taskQueue: `test-${process.pid}-${taskQueues}`,
    bundlePath: await provideBundle(join(tmpdir(), 'leitwerk-test-bundles')),
    effectRetry: { maximumAttempts: 2, initialIntervalMs: 50 },
    performEffect: async ({ tenantId, id }) => {
      stage.send(id);
      stage.sent.push(id);
      await world.db.write(
        async (tx) => await writeEffectState(tx, { tenantId, id, state: 'done', at: world.now().toISOString() }),
      );
    },
    onError: () => undefined,
  });
  const client = new Client({ connection: await Connection.connect({ address }) });
  const done = "SELECT `id` FROM `effect` WHERE `recordId` = ? AND `state` = 'done'";
  const stage: Stage = {
    world,
    worker,
    client,
    sent: [],
    send: () => undefined,
    publish: async (...stages) => await world.publish({ key: 'a-test', entity: 'lead', label: text('Test'), stages }),
    addLead: async (input) => {
      const key = await world.addLead(input);
      worker.wake();
      return key;
    },
    inState: async (key, state) =>
      void (await until(`process ${state}`, async () =>
        (await world.process(key))?.state === state ? true : undefined,
      )),
    inStage: async (key, wanted) =>
      void (await until(`stage ${wanted}`, async () =>
        (await world.process(key))?.position.stage === wanted ? true : undefined,
      )),
    effectsDone: async (key, count) =>
      void (await until('effects', async () =>
        (await world.rows(done, [key.recordId])).length === count ? true : undefined,
      )),
    handle: (key) => client.workflow.getHandle(workflowIdOf(key)),
    end: async () => {
      await worker.stop();
      await client.connection.close();
      await world.close();
    },
  };
  return stage;
}
