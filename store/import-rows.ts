import type { Issue } from '../core/errors.ts';
import type { Queries, Tx, Value } from './database.ts';
import { keyGroups } from './key-groups.ts';
import type { TableDefinition } from './tables.ts';

/**
 * What became of each row of an imported file. `key` is what the row is known by within its `scope` (entity and source); it stays
 * with the row that made the record, so that the same row makes no second one. The row's own text stays in the file (`at`, `bytes`).
 */
export const importRowTable: TableDefinition = {
  name: 'import_row',
  columns: {
    importId: 'key',
    line: 'integer',
    tenantId: 'key',
    outcome: 'key',
    recordId: 'key',
    event: 'integer',
    at: 'integer',
    bytes: 'integer',
    reasons: 'json',
    scope: 'key',
    key: 'key',
  },
  primaryKey: ['importId', 'line'],
  unique: [['tenantId', 'scope', 'key']],
};

/** Cells of a row as somebody has corrected them; the file stays as it came. */
export const importEditTable: TableDefinition = {
  name: 'import_edit',
  columns: { importId: 'key', line: 'integer', tenantId: 'key', cells: 'json' },
  primaryKey: ['importId', 'line'],
};

export type RowOutcome = 'created' | 'updated' | 'unchanged' | 'duplicate' | 'rejected' | 'undone' | 'kept';

export interface ImportRow {
  readonly importId: string;
  readonly line: number;
  readonly tenantId: string;
  readonly outcome: RowOutcome;
  readonly recordId: string | null;
  /** Number of the write's event, to take it back with. */
  readonly event: number | null;
  readonly at: number;
  readonly bytes: number;
  /** Why it was rejected, in both languages; those of rows from before in the one of whoever started the import. */
  readonly reasons: readonly Issue[] | null;
  readonly scope: string | null;
  readonly key: string | null;
}

const insertSql =
  'INSERT INTO `import_row` (`importId`, `line`, `tenantId`, `outcome`, `recordId`, `event`, `at`, `bytes`, `reasons`, `scope`, `key`) VALUES ';
const marks = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
/** Rows that one statement inserts; few enough texts of statements that they stay prepared. */
const atOnce = 50;

const paramsOf = (row: ImportRow): Value[] => [
  row.importId,
  row.line,
  row.tenantId,
  row.outcome,
  row.recordId,
  row.event,
  row.at,
  row.bytes,
  row.reasons === null ? null : JSON.stringify(row.reasons),
  row.scope,
  row.key,
];

export async function insertImportRows(tx: Tx, rows: readonly ImportRow[]): Promise<void> {
  const whole = rows.length - (rows.length % atOnce);
  for (let index = 0; index < whole; index += atOnce) {
    const some = rows.slice(index, index + atOnce);
    await tx.run(`${insertSql}${some.map(() => marks).join(', ')}`, some.flatMap(paramsOf));
  }
  for (const row of rows.slice(whole)) await tx.run(`${insertSql}${marks}`, paramsOf(row));
}

/** Records that rows with these keys have made, by key. */
export async function findImportedKeys(
  db: Queries,
  search: { readonly tenantId: string; readonly scope: string; readonly keys: readonly string[] },
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const keys of keyGroups(search.keys)) {
    const rows = await db.all<{ key: string; recordId: string | null }>(
      `SELECT \`key\`, \`recordId\` FROM \`import_row\` WHERE \`tenantId\` = ? AND \`scope\` = ? AND \`key\` IN (${keys.map(() => '?').join(', ')})`,
      [search.tenantId, search.scope, ...keys],
    );
    for (const { key, recordId } of rows) found.set(key, recordId ?? '');
  }
  return found;
}

type StoredRow = Omit<ImportRow, 'reasons'> & { readonly reasons: string | null };

const toRow = (row: StoredRow): ImportRow => ({
  ...row,
  reasons: row.reasons === null ? null : (JSON.parse(row.reasons) as Issue[]),
});

interface RowQuery {
  readonly tenantId: string;
  readonly importId: string;
  readonly outcomes: readonly RowOutcome[];
  readonly limit: number;
}

const readRows = async (
  db: Queries,
  { tenantId, importId, outcomes, limit }: RowQuery,
  place: { readonly comparison: '<' | '>'; readonly line: number },
): Promise<ImportRow[]> => {
  const order = place.comparison === '<' ? ' DESC' : '';
  const sql = `SELECT * FROM \`import_row\` WHERE \`importId\` = ? AND \`tenantId\` = ? AND \`line\` ${place.comparison} ? AND \`outcome\` IN (${outcomes.map(() => '?').join(', ')}) ORDER BY \`line\`${order} LIMIT ${Math.trunc(limit)}`;
  return (await db.all<StoredRow>(sql, [importId, tenantId, place.line, ...outcomes])).map(toRow);
};

/** Rows of an import after a line, in the order of the file. */
export async function readImportRowsAfter(db: Queries, query: RowQuery, line: number): Promise<ImportRow[]> {
  return await readRows(db, query, { comparison: '>', line });
}

/** Rows of an import before a line, the last first. */
export async function readImportRowsBefore(db: Queries, query: RowQuery, line: number): Promise<ImportRow[]> {
  return await readRows(db, query, { comparison: '<', line });
}

/** Every row of an import so far, by line. */
export async function readImportRowsOf(
  db: Queries,
  of: { readonly tenantId: string; readonly importId: string },
): Promise<ReadonlyMap<number, ImportRow>> {
  const sql = 'SELECT * FROM `import_row` WHERE `importId` = ? AND `tenantId` = ?';
  const rows = await db.all<StoredRow>(sql, [of.importId, of.tenantId]);
  return new Map(rows.map((row) => [row.line, toRow(row)]));
}

/** Notes what became of a row when its import was taken back. A row that was gives its key free: the same row may come again. */
export async function settleImportRow(
  tx: Tx,
  row: Pick<ImportRow, 'importId' | 'line'>,
  outcome: 'undone' | 'kept',
): Promise<void> {
  const freed = outcome === 'undone' ? ', `scope` = NULL, `key` = NULL' : '';
  await tx.run(`UPDATE \`import_row\` SET \`outcome\` = ?${freed} WHERE \`importId\` = ? AND \`line\` = ?`, [
    outcome,
    row.importId,
    row.line,
  ]);
}

/** One row of an import. */
export async function findImportRow(
  db: Queries,
  of: { readonly tenantId: string; readonly importId: string; readonly line: number },
): Promise<ImportRow | undefined> {
  const row = await db.get<StoredRow>(
    'SELECT * FROM `import_row` WHERE `importId` = ? AND `tenantId` = ? AND `line` = ?',
    [of.importId, of.tenantId, of.line],
  );
  return row === undefined ? undefined : toRow(row);
}

/** Says anew what became of a row. */
export async function replaceImportRow(tx: Tx, row: ImportRow): Promise<void> {
  await tx.run('DELETE FROM `import_row` WHERE `importId` = ? AND `line` = ?', [row.importId, row.line]);
  await insertImportRows(tx, [row]);
}

/** Forgets some rows of a run that nobody asks for any more. Answers how many. */
export async function forgetImportRows(
  tx: Tx,
  { run, limit }: { readonly run: string; readonly limit: number },
): Promise<number> {
  const rows = await tx.all<{ line: number }>(
    `SELECT \`line\` FROM \`import_row\` WHERE \`importId\` = ? ORDER BY \`line\` LIMIT ${Math.trunc(limit)}`,
    [run],
  );
  const last = rows.at(-1);
  if (last !== undefined)
    await tx.run('DELETE FROM `import_row` WHERE `importId` = ? AND `line` <= ?', [run, Number(last.line)]);
  return rows.length;
}

interface EditPlace {
  readonly tenantId: string;
  readonly importId: string;
}

/** Keeps the cells of a corrected row; null: as in the file again. Answers how many rows of the import are corrected. */
export async function keepImportEdit(
  tx: Tx,
  { tenantId, importId }: EditPlace,
  edit: { readonly line: number; readonly cells: readonly string[] | null },
): Promise<number> {
  await tx.run('DELETE FROM `import_edit` WHERE `importId` = ? AND `line` = ?', [importId, edit.line]);
  if (edit.cells !== null)
    await tx.run('INSERT INTO `import_edit` (`importId`, `line`, `tenantId`, `cells`) VALUES (?, ?, ?, ?)', [
      importId,
      edit.line,
      tenantId,
      JSON.stringify(edit.cells),
    ]);
  const row = await tx.get<{ count: number }>(
    'SELECT COUNT(*) AS `count` FROM `import_edit` WHERE `importId` = ? AND `tenantId` = ?',
    [importId, tenantId],
  );
  return Number(row?.count ?? 0);
}

/** Forgets what was corrected: the file is read otherwise now. */
export async function forgetImportEdits(tx: Tx, { tenantId, importId }: EditPlace): Promise<void> {
  await tx.run('DELETE FROM `import_edit` WHERE `importId` = ? AND `tenantId` = ?', [importId, tenantId]);
}

/** Corrected rows between two lines, both included, by line. */
export async function readImportEdits(
  db: Queries,
  { tenantId, importId }: EditPlace,
  [from, to]: readonly [from: number, to: number],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const rows = await db.all<{ line: number; cells: string }>(
    'SELECT `line`, `cells` FROM `import_edit` WHERE `importId` = ? AND `tenantId` = ? AND `line` BETWEEN ? AND ?',
    [importId, tenantId, from, to],
  );
  return new Map(rows.map(({ line, cells }) => [Number(line), JSON.parse(cells) as string[]]));
}

export interface PolledRows {
  readonly source: string;
  /** `2026-11-24T10`. */
  readonly hour: string;
  readonly n: number;
  readonly errors: number;
  readonly last: string;
}

/**
 * Rows that were taken in or refused from the tables of sources since an instant, by source and hour: from the counters of the imports
 * that the sources themselves have begun, found by the index of the list of imports.
 */
export async function readPolledRows(
  db: Queries,
  query: { readonly tenantId: string; readonly since: string },
): Promise<PolledRows[]> {
  const rows = await db.all<PolledRows>(
    "SELECT `source`, SUBSTR(`createdAt`, 1, 13) AS `hour`, SUM(`read`) AS `n`, SUM(`rejected`) AS `errors`, MAX(`createdAt`) AS `last` FROM `import` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `createdAt` >= ? AND `createdBy` LIKE 'source/%' GROUP BY `source`, SUBSTR(`createdAt`, 1, 13) HAVING SUM(`read`) > 0",
    [query.tenantId, query.since],
  );
  return rows.map((row) => ({ ...row, n: Number(row.n), errors: Number(row.errors) }));
}

/** The last imports of files with the same columns, the newest first. */
export async function readImportsOfShape(db: Queries, tenantId: string, shape: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT `id` FROM `import` WHERE `tenantId` = ? AND `shape` = ? AND `deletedAt` IS NULL AND `state` = 'done' ORDER BY `createdAt` DESC LIMIT 5",
    [tenantId, shape],
  );
  return rows.map(({ id }) => id);
}

/** Until when a draft must have rested for what is kept for it to be forgotten: instants. */
export interface DraftAge {
  readonly cancelledBefore: string;
  /** Of drafts that are not cancelled; one that is being checked does not rest. */
  readonly touchedBefore: string;
}

/** Drafts that have rested that long and still have their file. */
export async function readForgottenDrafts(
  db: Queries,
  { tenantId, cancelledBefore, touchedBefore }: DraftAge & { readonly tenantId: string },
): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT `id` FROM `import` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `isDraft` = 1 AND `blob` IS NOT NULL AND ((`state` = 'cancelled' AND `updatedAt` < ?) OR (`state` IN ('draft', 'paused', 'failed') AND `updatedAt` < ?))",
    [tenantId, cancelledBefore, touchedBefore],
  );
  return rows.map(({ id }) => id);
}

/** Imports that have something to do and of which nothing waits to be relayed. */
export async function readOpenImports(db: Queries, tenantId: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT i.`id` FROM `import` i WHERE i.`tenantId` = ? AND i.`deletedAt` IS NULL AND (i.`state` IN ('queued', 'running') OR i.`undoState` = 'running') AND NOT EXISTS (SELECT 1 FROM `event` e WHERE e.`recordId` = i.`id` AND e.`lane` IS NOT NULL)",
    [tenantId],
  );
  return rows.map(({ id }) => id);
}
