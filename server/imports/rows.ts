import { readRecords, readSlices, type Dialect } from '../../connectors/csv/index.ts';
import { tables } from '../../connectors/tables.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { assertDraft } from '../../commands/imports/draftImport.ts';
import { fixImportRow } from '../../commands/imports/fixImportRow.ts';
import { prepareImport } from '../../commands/imports/import-job.ts';
import type { ImportRecord } from '../../commands/imports/import-record.ts';
import type { FileRow } from '../../commands/imports/import-rows.ts';
import { openTable, tableBytes, type OpenTable } from '../../commands/imports/import-table.ts';
import { inLanguage, LeitwerkError, type Issue } from '../../core/errors.ts';
import {
  findImportRow,
  readImportEdits,
  readImportRowsAfter,
  type ImportRow,
  type RowOutcome,
} from '../../store/import-rows.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { RecordData } from '../../store/record-table.ts';

/** A row of an import as people see it. */
interface ShownRow {
  readonly line: number;
  readonly outcome: RowOutcome;
  readonly recordId: string | null;
  readonly reasons: readonly (Issue & { readonly field: string | null })[];
  readonly cells: readonly string[];
  readonly isEdited: boolean;
}

interface RowSource {
  readonly blobs: BlobStore;
  readonly record: ImportRecord;
}

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

const shown = async (ctx: Context, { blobs, record }: RowSource, rows: readonly ImportRow[]): Promise<ShownRow[]> => {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || record.dialect === null) return [];
  const place = { tenantId: ctx.actor.tenantId, importId: record.id };
  const edits = await readImportEdits(ctx.db, place, [first.line, last.line]);
  const { fields } = modelOf(ctx, record.entity);
  const found: ShownRow[] = [];
  for await (const { slice, cells } of readSlices(
    tableBytes(record, blobs),
    record.dialect as Dialect,
    inOrder(rows),
  )) {
    const { line, outcome, recordId, reasons } = slice;
    found.push({
      line,
      outcome,
      recordId,
      reasons: (reasons ?? []).map((reason) => ({
        ...inLanguage(reason, ctx.language),
        field: fields.get(reason.path.split('/')[1] ?? '')?.label[ctx.language] ?? null,
      })),
      cells: edits.get(line) ?? cells,
      isEdited: edits.has(line),
    });
  }
  return found;
};

/** Rows of one outcome behind a line, with their cells as in the file or as they were corrected. */
export async function listRows(
  ctx: Context,
  source: RowSource,
  query: { readonly outcomes: readonly RowOutcome[]; readonly after: number; readonly limit: number },
): Promise<RecordData> {
  const { after, ...rest } = query;
  const place = { tenantId: ctx.actor.tenantId, importId: source.record.run };
  const rows = await readImportRowsAfter(ctx.db, { ...place, ...rest }, after);
  const next = rows.length < query.limit ? null : (rows.at(-1)?.line ?? null);
  const dialect = source.record.dialect as Dialect | null;
  return { data: { columns: dialect?.columns ?? [], rows: await shown(ctx, source, rows) }, page: { next } };
}

/** The row as the file has it, read as the import would. */
const readRow = async ({ open, dialect }: OpenTable<Dialect>, { at, line }: ImportRow): Promise<FileRow> => {
  for await (const [row] of readRecords(open, dialect, { at, line })) if (row !== undefined) return row;
  throw new LeitwerkError('NotFound');
};

/** Corrects a row, or takes the correction back. @throws as `fixImportRow`. */
export async function fixRow(
  ctx: Context,
  source: RowSource,
  fix: { readonly line: number; readonly cells: readonly string[] | null },
): Promise<ShownRow> {
  const { record, blobs } = source;
  assertDraft(record);
  const place = { tenantId: ctx.actor.tenantId, importId: record.run, line: fix.line };
  const row = await findImportRow(ctx.db, place);
  if (row === undefined || record.dialect === null) throw new LeitwerkError('NotFound');
  const table = await openTable(ctx, record, { blobs, tables });
  // Judged for whoever corrects it: they will start it, too.
  const job = prepareImport(ctx, { ...record, starter: { actor: ctx.actor, language: ctx.language } }, table.dialect);
  const original = await readRow(table, row);
  const after = await fixImportRow(ctx, record.id, { job, original, ...fix });
  const [answer] = await shown(ctx, source, [after]);
  if (answer === undefined) throw new LeitwerkError('NotFound');
  return answer;
}
