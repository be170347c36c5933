import { readRecords, type Dialect } from '../../connectors/csv/index.ts';
import { tables } from '../../connectors/tables.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { changeDraft } from '../../commands/imports/draftImport.ts';
import { prepareImport, type ImportJob } from '../../commands/imports/import-job.ts';
import { toImport, importModel, type ImportRecord } from '../../commands/imports/import-record.ts';
import { judgeRow, unreadableIssue, type FileRow } from '../../commands/imports/import-rows.ts';
import { openTable, type OpenTable } from '../../commands/imports/import-table.ts';
import { wordsOf } from '../../commands/imports/import-words.ts';
import { unmappedOf } from '../../commands/imports/unmapped.ts';
import { matchKeys } from '../../core/match-key.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { inLanguage, LeitwerkError, type Issue } from '../../core/errors.ts';
import type { Mapping } from '../../core/mapping.ts';
import { readImportsOfShape } from '../../store/import-rows.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Services } from '../services.ts';

const samplesPerColumn = 4;
/** Rows that samples are taken of. */
const sampleRows = 100;

/** The beginning of the rows. */
const firstRows = async ({ open, dialect }: OpenTable<Dialect>, count: number): Promise<readonly FileRow[]> => {
  const rows: FileRow[] = [];
  for await (const some of readRecords(open, dialect, { at: dialect.start, line: dialect.startLine })) {
    rows.push(...some);
    if (rows.length >= count) break;
  }
  return rows.slice(0, count);
};

const samplesOf = (rows: readonly FileRow[], index: number): readonly string[] => {
  const values = rows.flatMap(({ cells }) => cells?.[index]?.trim() ?? []).filter((value) => value !== '');
  return [...new Set(values)].slice(0, samplesPerColumn).map((value) => value.slice(0, 200));
};

interface Prepared {
  readonly job?: ImportJob;
  readonly fault?: LeitwerkError;
}

/** A draft whose columns fit no field is no failure: somebody is about to say which do. */
const prepared = (ctx: Context, { record, dialect }: OpenTable<Dialect>): Prepared => {
  try {
    return { job: prepareImport(ctx, { ...record, starter: { actor: ctx.actor, language: ctx.language } }, dialect) };
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'InvalidInput') return { fault: error };
    throw error;
  }
};

interface ShownRow {
  readonly line: number;
  readonly cells: readonly string[];
  /** What would become of it; absent when it is refused. */
  readonly values?: RecordData;
  readonly issues: readonly Issue[];
}

const shown = (ctx: Context, row: FileRow, job: ImportJob | undefined): ShownRow => {
  const { line, cells = [] } = row;
  const refused = (issues: readonly Issue[]): ShownRow => ({
    line,
    cells,
    issues: issues.map((issue) => inLanguage(issue, ctx.language)),
  });
  if (row.cells === undefined) return refused([unreadableIssue(ctx, row)]);
  if (job === undefined) return { line, cells, issues: [] };
  const judged = judgeRow(ctx, job, row);
  if ('issues' in judged) return refused(judged.issues);
  const visible = visibleRecord(ctx, job.model, judged.values);
  const values = Object.fromEntries(Object.entries(visible).filter(([name]) => Object.hasOwn(judged.values, name)));
  return { line, cells, values, issues: [] };
};

/** The last import of such a file that the caller may see. */
const formerOf = async (ctx: Context, table: OpenTable<Dialect>): Promise<ImportRecord | undefined> => {
  for (const id of await readImportsOfShape(ctx.db, ctx.actor.tenantId, table.shape)) {
    const record = await readRecord(ctx, importModel(ctx), id).catch(() => undefined);
    if (record !== undefined) return toImport(record);
  }
  return undefined;
};

/** How the file is read, as a person would say it. */
const formatOf = ({ record, dialect, expected }: OpenTable<Dialect>): RecordData => ({
  sheets: record.table?.sheets ?? null,
  sheet: record.options.sheet ?? record.table?.sheets.find(({ isHidden }) => !isHidden)?.name ?? null,
  encoding: dialect.encoding,
  delimiter: dialect.isSheet ? null : dialect.delimiter,
  header: dialect.hasHeader,
  decimal: dialect.decimal ?? null,
  expected,
});

const noMapping: Mapping = { unmapped: 'additional', rows: [] };

/** How a draft's file is read and what its first rows would become. */
export async function previewImport(
  ctx: Context,
  services: Pick<Services, 'blobs'>,
  of: { readonly record: ImportRecord; readonly rows: number },
): Promise<RecordData> {
  const table = await openTable(ctx, of.record, { blobs: services.blobs, tables });
  const { record, dialect } = table;
  const rows = await firstRows(table, Math.max(of.rows, sampleRows));
  const { job, fault } = prepared(ctx, table);
  const former = await formerOf(ctx, table);
  return {
    ...formatOf(table),
    columns: dialect.columns.map((name, index) => ({ name, samples: samplesOf(rows, index) })),
    notes: (job?.shape ?? dialect).notes.map((note) => note[ctx.language]),
    fault: fault?.text[ctx.language] ?? null,
    mapping: job?.mapping ?? noMapping,
    isMappingSuggested: record.options.mapping === undefined,
    unmapped: unmappedOf(ctx, modelOf(ctx, record.entity)),
    matchKeys: matchKeys(modelOf(ctx, record.entity)),
    processes: job?.starts ?? null,
    former: former === undefined ? null : { id: former.id, fileName: former.fileName, at: former.data['createdAt'] },
    rows: rows.slice(0, of.rows).map((row) => shown(ctx, row, job)),
  };
}

const usualWords = ['entity', 'source', 'mapping', 'matchKey', 'onMatch', 'processes', 'decimal'] as const;

/**
 * What was asked of the last file of this shape is asked of a new draft, too, as far as its sender has not said otherwise.
 * A file that cannot be read stays a draft: its preview says why.
 */
export async function followFormer(
  ctx: Context,
  services: Pick<Services, 'blobs'>,
  of: { readonly id: string; readonly given: Readonly<Record<string, string>> },
): Promise<void> {
  const record = toImport(await readRecord(ctx, importModel(ctx), of.id));
  // Somebody has changed it already: the request came a second time.
  if (of.given['preset'] !== undefined || record.version > 1) return;
  try {
    const former = await formerOf(ctx, await openTable(ctx, record, { blobs: services.blobs, tables }));
    if (former === undefined) return;
    const words = wordsOf(former);
    const open = usualWords.filter((name) => (of.given[name] ?? '') === '');
    const followed = Object.fromEntries(open.map((name) => [name, words[name] ?? '']));
    const files = { blobs: services.blobs, tables };
    await changeDraft({ ...ctx, idempotency: undefined }, { id: of.id, words: followed }, files);
  } catch (error) {
    // Also settings that have gone since.
    if (!(error instanceof LeitwerkError) || error.status >= 500) throw error;
  }
}
