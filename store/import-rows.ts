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
  /** Why it was rejected. */
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

/** Imports that have something to do and of which nothing waits to be relayed. */
export async function readOpenImports(db: Queries, tenantId: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT i.`id` FROM `import` i WHERE i.`tenantId` = ? AND i.`deletedAt` IS NULL AND (i.`state` IN ('queued', 'running') OR i.`undoState` = 'running') AND NOT EXISTS (SELECT 1 FROM `event` e WHERE e.`recordId` = i.`id` AND e.`lane` IS NOT NULL)",
    [tenantId],
  );
  return rows.map(({ id }) => id);
}
