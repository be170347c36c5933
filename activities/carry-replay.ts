import { finishImport } from '../commands/imports/carry.ts';
import { nextReplays, replayChunk, type Again } from '../commands/imports/replayMessages.ts';
import type { Context } from '../commands/context.ts';
import { readAgain } from '../connectors/web/content.ts';
import type { BlobStore } from '../store/blobs.ts';
import { readRawBody } from '../store/intake.ts';
import type { RecordData } from '../store/record-table.ts';
import type { ImportRun } from './carry-import.ts';

/** So many at once keep other writers waiting for a few hundredths of a second. */
const chunkSize = 50;

/** Works the messages of a replay again, from where it stands to its end or until somebody stops it. */
export async function carryReplay(ctx: Context, run: ImportRun): Promise<void> {
  const { record, blobs } = run;
  let afterId = record.cursor;
  for (;;) {
    const startedAt = performance.now();
    const messages = await nextReplays(ctx, record, { afterId, limit: chunkSize });
    const last = messages.at(-1);
    if (last === undefined) return await finishImport(ctx, record.id);
    const replays: Again[] = [];
    for (const message of messages) replays.push(await toAgain(blobs, message));
    if (!(await replayChunk(ctx, record.id, { afterId, replays }))) return;
    afterId = String(last['id']);
    await run.afterChunk?.(performance.now() - startedAt);
  }
}

const toAgain = async (blobs: BlobStore, message: RecordData): Promise<Again> => {
  const id = String(message['id']);
  const { channel } = message;
  if (channel === 'mail' || channel === 'notice') return { id, line: channel };
  const raw = await readRawBody(blobs, message);
  return { id, content: await readAgain(raw, String(message['contentType'] ?? '')) };
};
