import { stringify } from 'csv-stringify/sync';
import { readSlices, type Dialect } from '../../connectors/csv/index.ts';
import { tableBytes } from '../../commands/imports/import-table.ts';
import type { EntityModel } from '../../core/entity.ts';
import { inLanguage, type Issue, type Language } from '../../core/errors.ts';
import { errorColumns } from '../../core/import-columns.ts';
import type { ImportRecord } from '../../commands/imports/import-record.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { Queries } from '../../store/database.ts';
import { readImportEdits, readImportRowsAfter, type ImportRow } from '../../store/import-rows.ts';

export interface ErrorFile {
  readonly db: Queries;
  readonly blobs: BlobStore;
  readonly record: ImportRecord;
  readonly tenantId: string;
  readonly model: EntityModel;
  readonly language: Language;
}

const pageSize = 500;

async function* rejectedRows({ db, record, tenantId }: ErrorFile): AsyncGenerator<ImportRow> {
  let line = 0;
  for (;;) {
    const query = { tenantId, importId: record.run, outcomes: ['rejected'] as const, limit: pageSize };
    const rows = await readImportRowsAfter(db, query, line);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    line = last.line;
  }
}

const reasonOf = (reasons: readonly Issue[], model: EntityModel, language: Language): string =>
  reasons
    .map((reason) => {
      const { path, message } = inLanguage(reason, language);
      const label = model.fields.get(path.split('/')[1] ?? '')?.label[language];
      return label === undefined ? message : `${label}: ${message}`;
    })
    .join(' ');

/**
 * The rejected rows as they were in the file, behind their physical line and what is wrong: corrected and imported again, only these
 * come in. Formulas are made harmless; reading the file again takes that back.
 */
export async function* writeErrorFile(file: ErrorFile): AsyncGenerator<string> {
  const { db, record, blobs, model, language } = file;
  const dialect = record.dialect as Dialect | null;
  // What a German Excel opens as a table, where the file itself had no delimiter.
  const delimiter = dialect === null || dialect.isSheet ? ';' : dialect.delimiter;
  const options = { delimiter, escape_formulas: true };
  yield `\uFEFF${stringify([[...errorColumns, ...(dialect?.columns ?? []).filter((name) => !errorColumns.includes(name))]], options)}`;
  if (dialect === null) return;
  // A file of errors that was imported again begins with the former lines and reasons.
  const own = new Set(dialect.columns.flatMap((name, index) => (errorColumns.includes(name) ? [index] : [])));
  let lines: string[][] = [];
  const edits = await readImportEdits(db, { tenantId: file.tenantId, importId: record.id }, [
    0,
    Number.MAX_SAFE_INTEGER,
  ]);
  for await (const { slice, cells: found } of readSlices(tableBytes(record, blobs), dialect, rejectedRows(file))) {
    const cells = edits.get(slice.line) ?? found;
    const reason = reasonOf(slice.reasons ?? [], model, language);
    lines.push([`${slice.line}`, reason, ...cells.filter((_, index) => !own.has(index))]);
    if (lines.length < pageSize) continue;
    yield stringify(lines, options);
    lines = [];
  }
  if (lines.length > 0) yield stringify(lines, options);
}
