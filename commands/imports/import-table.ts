import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { knowsColumn } from '../../core/import-columns.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { modelOf, type Context } from '../context.ts';
import type { ImportShape } from './import-job.ts';
import { assertFile, lockImport, noteProgress, type ImportRecord, type ImportTable } from './import-record.ts';

/** How the rows of a file are read, as far as commands know; the connector knows more. */
export interface TableDialect extends ImportShape {
  readonly start: number;
  readonly startLine: number;
  readonly notes: readonly Text[];
}

interface Wishes {
  readonly encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | undefined;
  readonly delimiter?: ';' | ',' | '\t' | '|' | undefined;
  readonly hasHeader?: boolean | undefined;
  readonly decimal?: 'comma' | 'point' | undefined;
  readonly isSheet?: boolean | undefined;
}

type OpenFile = (start: number) => Promise<AsyncIterable<Uint8Array>>;

/** What reads files (`connectors/tables.ts`): text with separators, and spreadsheets written out as such. */
export interface TableReader<Dialect extends TableDialect> {
  isSpreadsheet(head: Uint8Array): boolean;
  readSheets(path: string): Promise<ImportTable['sheets']>;
  transcribeSheet(path: string, sheet: string | undefined): AsyncIterable<Uint8Array>;
  readHead(open: OpenFile): Promise<Buffer>;
  detect(
    head: Uint8Array,
    file: { readonly isWhole: boolean; readonly wishes: Wishes; readonly knows: (name: string) => boolean },
  ): Dialect;
}

export interface ImportFiles<Dialect extends TableDialect> {
  readonly blobs: BlobStore;
  readonly tables: TableReader<Dialect>;
}

/** The rows of an import's file. */
export interface OpenTable<Dialect extends TableDialect> {
  readonly record: ImportRecord;
  readonly dialect: Dialect;
  readonly open: OpenFile;
  /** Rows that it has, as far as its beginning shows. */
  readonly expected: number;
  /** Files with the same columns have the same. */
  readonly shape: string;
}

/** The bytes that rows are read from: the file as it came, or its sheet written out. */
export const tableBytes = ({ blob, table }: ImportRecord, blobs: BlobStore): OpenFile => {
  const name = table?.blob ?? blob;
  return async (start) => await blobs.stream(name, start);
};

const shapeOf = (columns: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify(columns.map((name) => name.toLowerCase()).toSorted()))
    .digest('base64url');

/** Writes the sheet out that is asked for, once; kept with the import, so that it goes on in the same rows wherever it goes on. */
const withTable = async <D extends TableDialect>(
  ctx: Context,
  record: ImportRecord,
  { blobs, tables }: ImportFiles<D>,
): Promise<ImportRecord> => {
  const { sheet } = record.options;
  if (record.table !== null && record.table.sheet === sheet) return record;
  const head = await tables.readHead(async (start) => await blobs.stream(record.blob, start));
  if (!tables.isSpreadsheet(head)) return record;
  const path = await blobs.path(record.blob);
  const sheets = record.table?.sheets ?? (await tables.readSheets(path));
  const { name: blob, size } = await blobs.putStream(tables.transcribeSheet(path, sheet));
  const table: ImportTable = { blob, size, sheets, ...(sheet === undefined ? {} : { sheet }) };
  await ctx.db.write(async (tx) => {
    const known = await lockImport(ctx, tx, record.id);
    if (known.options.sheet === sheet) await noteProgress(ctx, tx, { known, changes: { table } });
  });
  return { ...record, table };
};

/**
 * Opens the rows of an import's file: what kind of file it is, how it is read, which columns it has.
 * @throws LeitwerkError `Locked` when its file was forgotten, `Unreadable`, `TooLarge`, `InvalidInput` for a sheet that is not there.
 */
export async function openTable<D extends TableDialect>(
  ctx: Context,
  given: ImportRecord,
  files: ImportFiles<D>,
): Promise<OpenTable<D>> {
  assertFile(given);
  const record = await withTable(ctx, given, files);
  const open = tableBytes(record, files.blobs);
  const size = record.table?.size ?? record.size;
  const dialect = (record.dialect as D | null) ?? (await detect(ctx, { record, open, size }, files));
  const expected = Math.max(Math.round((size - dialect.start) / dialect.bytesPerRow), 0);
  return { record, dialect, open, expected, shape: shapeOf(dialect.columns) };
}

const sheetOf = ({ table, options }: ImportRecord): string | undefined =>
  options.sheet ?? table?.sheets.find(({ isHidden }) => !isHidden)?.name;

/**
 * Whether a file has the same cells in the same lines whichever of the two it is read as: what was corrected in them goes on meaning
 * something, however it came to be read so (found out or said).
 */
export async function isReadAlike<D extends TableDialect>(
  ctx: Context,
  { before, after }: { readonly before: ImportRecord; readonly after: ImportRecord },
  files: ImportFiles<D>,
): Promise<boolean> {
  if (sheetOf(before) !== sheetOf(after)) return false;
  const cellsOf = async (record: ImportRecord): Promise<object | undefined> => {
    const open = tableBytes(record, files.blobs);
    try {
      const found = await detect(ctx, { record, open, size: record.table?.size ?? record.size }, files);
      const { decimal: _decimal, notes: _notes, bytesPerRow: _bytes, ...cells } = found;
      return cells;
    } catch (error) {
      if (error instanceof LeitwerkError && error.code === 'Unreadable') return undefined;
      throw error;
    }
  };
  return isDeepStrictEqual(await cellsOf(before), await cellsOf(after));
}

const detect = async <D extends TableDialect>(
  ctx: Context,
  { record, open, size }: { readonly record: ImportRecord; readonly open: OpenFile; readonly size: number },
  { tables }: ImportFiles<D>,
): Promise<D> => {
  const head = await tables.readHead(open);
  const { encoding, delimiter, hasHeader, decimal } = record.options;
  const isSheet = record.table !== null;
  return tables.detect(head, {
    isWhole: size <= head.length,
    // Sheets have numbers as such; written out they have a point.
    wishes: isSheet
      ? { encoding: 'utf-8', delimiter: ',', hasHeader, decimal: decimal ?? 'point', isSheet }
      : { encoding, delimiter, hasHeader, decimal },
    knows: knowsColumn(modelOf(ctx, record.entity)),
  });
};
