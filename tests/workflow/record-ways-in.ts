import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { provideBundle } from '../../activities/bundle.ts';
import { installRuntime } from '../../activities/worker.ts';
import { keepHistory } from './keep-history.ts';
import { startImpatientServer } from './server.ts';

/**
 * `node tests/workflow/record-ways-in.ts <name>` does for the workflows of imports and sources what `record-histories.ts` does for processes.
 * What they do is in their activities; a history holds only that they were called, so these do nothing, or fail as wanted.
 */
const [name = 'r1'] = process.argv.slice(2);
const folder = fileURLToPath(new URL('histories/', import.meta.url));
const taskQueue = 'ways-in';
const input = { tenantId: 'main', id: '0197a3c4-0000-7000-8000-000000000001' };

const refused = ApplicationFailure.create({
  type: 'Unreadable',
  message: 'no',
  nonRetryable: true,
  details: [{ de: 'nein', en: 'no' }],
});

interface Scenario {
  readonly workflow: string;
  readonly input: object;
  /** What the activity does that does the work. */
  readonly work?: () => Promise<void>;
  readonly meanwhile?: (handle: WorkflowHandle) => Promise<void>;
}

const gate = Promise.withResolvers<void>();
const scenarios: Readonly<Record<string, Scenario>> = {
  'import-done': { workflow: 'runImport', input },
  'import-steered': {
    workflow: 'runImport',
    input,
    work: async () => await gate.promise,
    meanwhile: async (handle) => {
      await handle.signal('recordChanged');
      gate.resolve();
    },
  },
  'import-failed': { workflow: 'runImport', input, work: async () => await Promise.reject(refused) },
  'message-fetched': { workflow: 'collectMessage', input },
  'message-parked': { workflow: 'collectMessage', input, work: async () => await Promise.reject(refused) },
  polled: { workflow: 'pollSource', input: { tenantId: 'main', source: 'facebook' } },
};

installRuntime('ERROR');
const server = await startImpatientServer(24);
const connection = await NativeConnection.connect({ address: server.address });
const client = new Client({ connection: await Connection.connect({ address: server.address }) });
let work: () => Promise<void> = async () => await Promise.resolve();
const act = async (): Promise<void> => await work();
const nothing = async (): Promise<void> => await Promise.resolve();
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: { codePath: await provideBundle(join(tmpdir(), 'leitwerk-test-bundles')) },
  activities: { carryImport: act, failImport: nothing, collectMessage: act, parkMessage: nothing, pollSource: act },
});
await worker.runUntil(async () => {
  for (const [scenario, { workflow, input: given, work: wanted = nothing, meanwhile }] of Object.entries(scenarios)) {
    work = wanted;
    const handle = await client.workflow.start(workflow, { taskQueue, workflowId: scenario, args: [given] });
    await meanwhile?.(handle);
    await handle.result();
    const events = await keepHistory(await handle.fetchHistory(), join(folder, `${name}-${scenario}.json`));
    process.stdout.write(`${scenario}: ${events} events\n`);
  }
});
await connection.close();
await server.stop();
