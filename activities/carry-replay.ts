import { finishImport } from '../commands/imports/carry.ts';
import type { ImportRecord } from '../commands/imports/import-record.ts';
import { nextReplays, replayChunk } from '../commands/imports/replayMessages.ts';
import type { Context } from '../commands/context.ts';
import type { Replay } from '../commands/replayMessage.ts';
import { readAgain } from '../connectors/web/content.ts';
import type { BlobStore } from '../store/blobs.ts';
import { readRawBody } from '../store/intake.ts';

/** So many at once keep other writers waiting for a few hundredths of a second. */
const chunkSize = 50;

/** Works the messages of a replay again, from where it stands to its end or until somebody stops it. */
export async function carryReplay(
  ctx: Context,
  run: { readonly record: ImportRecord; readonly blobs: BlobStore; readonly onChunk?: () => void },
): Promise<void> {
  const { record, blobs } = run;
  let afterId = record.cursor;
  for (;;) {
    run.onChunk?.();
    const messages = await nextReplays(ctx, record, { afterId, limit: chunkSize });
    const last = messages.at(-1);
    if (last === undefined) return await finishImport(ctx, record.id);
    const replays: Replay[] = [];
    for (const message of messages) {
      const raw = await readRawBody(blobs, message);
      replays.push({
        id: String(message['id']),
        content: await readAgain(raw, String(message['contentType'] ?? '')),
      });
    }
    if (!(await replayChunk(ctx, record.id, { afterId, replays }))) return;
    afterId = String(last['id']);
  }
}
