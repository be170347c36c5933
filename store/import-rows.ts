import type { Issue } from '../core/errors.ts';
import type { Queries, Tx, Value } from './database.ts';
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
  if (search.keys.length === 0) return new Map();
  const rows = await db.all<{ key: string; recordId: string | null }>(
    `SELECT \`key\`, \`recordId\` FROM \`import_row\` WHERE \`tenantId\` = ? AND \`scope\` = ? AND \`key\` IN (${search.keys.map(() => '?').join(', ')})`,
    [search.tenantId, search.scope, ...search.keys],
  );
  return new Map(rows.map((row) => [row.key, row.recordId ?? '']));
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

const rowsSql = ({ outcomes, limit }: RowQuery, comparison: '<' | '>'): string =>
  `SELECT * FROM \`import_row\` WHERE \`importId\` = ? AND \`tenantId\` = ? AND \`line\` ${comparison} ? AND \`outcome\` IN (${outcomes.map(() => '?').join(', ')}) ORDER BY \`line\` ${comparison === '<' ? 'DESC' : ''} LIMIT ${Math.trunc(limit)}`;

/** Rows of an import after a line, in the order of the file. */
export async function readImportRowsAfter(db: Queries, query: RowQuery, line: number): Promise<ImportRow[]> {
  const params = [query.importId, query.tenantId, line, ...query.outcomes];
  return (await db.all<StoredRow>(rowsSql(query, '>'), params)).map(toRow);
}
