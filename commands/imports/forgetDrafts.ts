import { isBlobReferred } from '../../store/blob-references.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { forgetImportEdits, readForgottenDrafts, type DraftAge } from '../../store/import-rows.ts';
import type { Context } from '../context.ts';
import { changeRecord } from '../record-write.ts';
import { forgetFormerRuns } from './carry.ts';
import { afresh } from './draftImport.ts';
import { importContext } from './import-context.ts';
import { importModel, lockImport } from './import-record.ts';

const dayMs = 24 * 3_600_000;
/** So long a cancelled draft can be taken up again. */
const cancelledMs = dayMs;
const untouchedMs = 30 * dayMs;

/** Cancels a draft for good. Answers the files that it has had; none when somebody has taken it up meanwhile. */
const forgetDraft = async (ctx: Context, id: string, age: DraftAge): Promise<readonly string[]> => {
  const { tenantId } = ctx.actor;
  const blobs = await ctx.db.write(async (tx) => {
    const record = await lockImport(ctx, tx, id);
    if (!(await readForgottenDrafts(tx, { tenantId, ...age })).includes(id)) return [];
    await forgetImportEdits(tx, { tenantId, importId: id });
    await changeRecord(ctx, tx, {
      model: importModel(ctx),
      id,
      verb: 'carry',
      act: 'forget',
      change: () => {
        const finishedAt = ctx.now().toISOString();
        return { ...afresh(ctx, record), state: 'cancelled', finishedAt, edits: 0, blob: null, table: null };
      },
    });
    return record.table === null ? [record.blob] : [record.blob, record.table.blob];
  });
  if (blobs.length > 0) await forgetFormerRuns(ctx, id);
  return blobs;
};

/**
 * Forgets what is kept for drafts that were cancelled a day ago, or that nobody has touched for 30 days: their file, its sheet, rows of
 * checks and corrections. First the rows, in one write, then the files: a crash in between leaves a file that nobody refers to, never a
 * row without its file.
 *
 * Equal files are one. A file goes when no row refers to it, looked for behind that write (in it every other writer would wait for a look
 * at all messages), and when nobody has stored it again for a day: whoever does refers to it a moment later, which that look cannot see.
 */
export async function forgetDrafts(ctx: Context, blobs: Pick<BlobStore, 'remove'>): Promise<void> {
  const now = ctx.now().getTime();
  const age = {
    cancelledBefore: new Date(now - cancelledMs).toISOString(),
    touchedBefore: new Date(now - untouchedMs).toISOString(),
  };
  for (const id of await readForgottenDrafts(ctx.db, { tenantId: ctx.actor.tenantId, ...age }))
    for (const blob of await forgetDraft(importContext(ctx, id), id, age))
      if (!(await isBlobReferred(ctx.db.scans, blob))) await blobs.remove(blob, new Date(now - dayMs));
}
