/** Runs `count` workflows of one ordinary activity on a server and prints how many a second. `node bench/bare-workflow/run.ts <host:port> <count>`. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { bareWorkflow } from './workflows.ts';

const [address = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const concurrency = 40;

const logger = new DefaultLogger('WARN');
Runtime.install({ logger });
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
  logger,
});
const connection = await NativeConnection.connect({ address });
const taskQueue = `bare-${randomUUID()}`;
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle,
  activities: { work: async () => await Promise.resolve('done') },
});
const client = new Client({ connection });

const perSecond = await worker.runUntil(async () => {
  const startedAt = performance.now();
  const numbers = Array.from({ length: count }, (_, index) => index).values();
  const runSome = async (): Promise<void> => {
    for (const number of numbers)
      await client.workflow.execute<typeof bareWorkflow>('bareWorkflow', {
        taskQueue,
        workflowId: `${taskQueue}/${number}`,
      });
  };
  await Promise.all(Array.from({ length: concurrency }, runSome));
  return count / ((performance.now() - startedAt) / 1_000);
});
await connection.close();
process.stdout.write(JSON.stringify({ perSecond }));
