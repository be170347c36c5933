import { Client, Connection } from '@temporalio/client';
import { until } from './processes.ts';
import { countRows, findUnrelayed } from './ledger.ts';
import type { Store } from './stores.ts';

/** Ids of the processes that Temporal runs, one for every run. */
export async function readRunning(address: string): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    const ids: string[] = [];
    const client = new Client({ connection });
    for await (const { workflowId } of client.workflow.list({
      query: "WorkflowType = 'runPipeline' AND ExecutionStatus = 'Running'",
    }))
      ids.push(workflowId);
    return ids;
  } finally {
    await connection.close();
  }
}

/**
 * Resolves when nothing waits: I4, every open lead has taken its first step, every effect is done. Rejects when nothing
 * has moved for `stillMs`: how long all of it takes says more about the machine.
 */
export async function drained(store: Store, stillMs = 60_000): Promise<void> {
  let last = '';
  let movedAt = Date.now();
  const isDone = async (): Promise<boolean> => {
    const waiting = {
      unrelayed: (await findUnrelayed(store)).length,
      leadsWithoutProcess: (await countRows(store, 'lead')) - (await countRows(store, 'process')),
      effects: await countRows(store, 'effect', "`state` = 'pending'"),
    };
    const now = JSON.stringify(waiting);
    if (now !== last) movedAt = Date.now();
    last = now;
    if (Date.now() - movedAt > stillMs) throw new Error(`nothing has moved for ${stillMs} ms: ${now}`);
    return Object.values(waiting).every((count) => count === 0);
  };
  await until('nothing waits', isDone, Infinity);
}

/** I3: exactly one running workflow for every lead whose process goes on; waits for Temporal's list, which comes a moment later. */
export async function findLostWorkflows(store: Store, address: string): Promise<string[]> {
  const rows = await store.foundation.db.all<{ recordId: string }>(
    "SELECT `recordId` FROM `process` WHERE `state` <> 'done'",
  );
  const wanted = rows.map(({ recordId }) => `lead/main/${recordId}`).toSorted();
  let running: string[] = [];
  const isSame = await until('Temporal runs what the rows say', async () => {
    running = (await readRunning(address)).toSorted();
    return running.join() === wanted.join();
  }).catch(() => false);
  if (isSame) return [];
  const lost = wanted.filter((id) => !running.includes(id)).map((id) => `I3: ${id} has no workflow`);
  const more = running
    .filter((id, index) => !wanted.includes(id) || running.indexOf(id) !== index)
    .map((id) => `I3: ${id} runs and should not`);
  return [...lost, ...more];
}
