import { writeFile } from 'node:fs/promises';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

/** Stack traces, identities and sticky queues name the machine that recorded; replay needs none of them. */
const withoutMachine = (field: string, value: unknown): unknown =>
  field === 'stackTrace' || field === 'identity' || (typeof value === 'string' && /^\d+@/.test(value)) ? '' : value;

/** Writes a history for `replay.test.ts` and answers how many events it has. */
export async function keepHistory(history: History, path: string): Promise<number> {
  await writeFile(path, `${JSON.stringify(JSON.parse(historyToJSON(history), withoutMachine), null, 1)}\n`);
  return history.events?.length ?? 0;
}
