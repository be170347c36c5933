import { isDeepStrictEqual } from 'node:util';
import { LeitwerkError } from '../../core/errors.ts';
import { findImportRow, keepImportEdit, replaceImportRow, type ImportRow } from '../../store/import-rows.ts';
import type { Tx } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { transact, type Context } from '../context.ts';
import { changeRecord } from '../record-write.ts';
import { assertDraft } from './draftImport.ts';
import type { ImportJob } from './import-job.ts';
import { importModel, toImport } from './import-record.ts';
import { judgeRow, type FileRow } from './import-rows.ts';
import { counters, readKnown, takeRow, toImportRow } from './take-row.ts';

/** A row of a checked draft, with the cells that it is to have. */
export interface RowFix {
  readonly job: ImportJob;
  readonly line: number;
  /** As the file has it. */
  readonly original: FileRow;
  /** A cell a column; null: as in the file again. */
  readonly cells: readonly string[] | null;
}

const widthIssue = (ctx: Context, found: number, wanted: number): LeitwerkError =>
  new LeitwerkError('InvalidInput', {
    issues: [
      {
        path: '/cells',
        code: 'width',
        message:
          ctx.language === 'de'
            ? `${found} Zellen, erwartet werden ${wanted}.`
            : `${found} cells, ${wanted} are expected.`,
      },
    ],
  });

/** The row judged anew, as the check would have. */
const judged = async (
  ctx: Context,
  tx: Tx,
  { job, row, read }: { job: ImportJob; row: ImportRow; read: FileRow },
): Promise<ImportRow> => {
  const one = judgeRow(ctx, job, read);
  // What the row was before must not be taken for another one like it.
  await replaceImportRow(tx, { ...row, scope: null, key: null });
  const known = await readKnown(ctx, tx, { job, ready: 'key' in one ? [one] : [] });
  const batch = { drafts: [], events: new Map<string, number>() };
  return toImportRow(job, one, await takeRow(ctx, tx, { job, judged: one, known, batch }));
};

const counted = (data: RecordData, before: ImportRow, after: ImportRow): RecordData => {
  const [from, to] = [counters[before.outcome], counters[after.outcome]];
  return from === to ? {} : { [from]: Number(data[from] ?? 0) - 1, [to]: Number(data[to] ?? 0) + 1 };
};

/**
 * Corrects a row of a checked draft: its cells are kept with the import, the file stays as it came, and the row is judged anew.
 * @throws LeitwerkError `Locked` once it is started, `NotFound` for a line that the check has not seen, `InvalidInput`, `Forbidden`.
 */
export async function fixImportRow(ctx: Context, id: string, fix: RowFix): Promise<ImportRow> {
  const { job, line, original } = fix;
  const wanted = job.shape.columns.length;
  if (fix.cells !== null && fix.cells.length !== wanted) throw widthIssue(ctx, fix.cells.length, wanted);
  // A row that could not be read has no cells to go back to: with the very ones that are shown it is a corrected one.
  const isBack = fix.cells === null || isDeepStrictEqual(fix.cells, original.cells);
  const { tenantId } = ctx.actor;
  return await transact(ctx, async (tx) => {
    const row = await findImportRow(tx, { tenantId, importId: job.record.run, line });
    if (row === undefined) throw new LeitwerkError('NotFound');
    const edit = { line, cells: isBack ? null : fix.cells };
    const edits = await keepImportEdit(tx, { tenantId, importId: id }, edit);
    const read = isBack ? original : { ...original, cells: fix.cells ?? undefined, fault: undefined };
    const after = await judged(ctx, tx, { job, row, read });
    await replaceImportRow(tx, after);
    await changeRecord(ctx, tx, {
      model: importModel(ctx),
      id,
      verb: 'start',
      act: 'fix',
      change: (data) => {
        assertDraft(toImport(data));
        return { edits, ...counted(data, row, after) };
      },
    });
    return after;
  });
}
