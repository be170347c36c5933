import type { EntityModel, Field } from '../core/entity.ts';
import { issueOf, LeitwerkError } from '../core/errors.ts';
import type { Filter } from '../core/filter/filter.ts';
import type { RowFilter } from '../core/permissions.ts';
import type { Database, Queries, Row, Value } from './database.ts';
import { containsText, filterSql } from './filter-sql.ts';
import { needsScan } from './needs-scan.ts';
import { tableName, toColumn, type RecordData } from './record-table.ts';
import { toRecord } from './records.ts';

export interface SortKey {
  readonly field: string;
  readonly isDescending: boolean;
}

export interface ListQuery {
  readonly tenantId: string;
  /** What the actor may see: `none` = nothing, absent = everything of the tenant. */
  readonly rows?: RowFilter | 'none' | undefined;
  readonly filter?: Filter | undefined;
  /** Words that must occur in the searchable ones of these fields: those that the actor may read. */
  readonly search?: { readonly text: string; readonly fields: readonly Field[] } | undefined;
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly fields: readonly Field[];
  readonly total: 'none' | 'capped' | 'exact';
}

export interface ListPage {
  readonly data: RecordData[];
  readonly next: string | null;
  readonly total: number | null;
  readonly isTotalExact: boolean;
}

/** Counting stops here unless the exact total is asked for. */
const totalCap = 10_000;

interface Condition {
  readonly sql: string;
  readonly params: readonly Value[];
}

const mostWords = 8;

/** Every word must occur in one of the searchable fields. */
const searchCondition = (
  { text, fields }: NonNullable<ListQuery['search']>,
  dialect: Queries['dialect'],
): Condition => {
  const columns = fields.filter((field) => field.isSearchable && !field.isHidden).map((field) => `\`${field.name}\``);
  const words = text.trim().split(/\s+/).slice(0, mostWords);
  const tests = words.map((word) => columns.map((column) => containsText(column, word, dialect)));
  const sql = tests
    .map((parts) => `(${parts.length === 0 ? '1 = 0' : parts.map((part) => part.sql).join(' OR ')})`)
    .join(' AND ');
  return { sql, params: tests.flat().flatMap((part) => part.params) };
};

const conditionsOf = (
  model: EntityModel,
  query: Omit<ListQuery, 'sort' | 'limit' | 'fields' | 'total'>,
  dialect: Queries['dialect'],
): Condition => {
  const parts: Condition[] = [{ sql: '`tenantId` = ? AND `deletedAt` IS NULL', params: [query.tenantId] }];
  if (query.rows === 'none') parts.push({ sql: '1 = 0', params: [] });
  else if (query.rows !== undefined) parts.push(filterSql(query.rows, model, dialect));
  if (query.filter !== undefined) parts.push(filterSql(query.filter, model, dialect));
  if (query.search !== undefined && query.search.text.trim() !== '') parts.push(searchCondition(query.search, dialect));
  return { sql: parts.map((part) => `(${part.sql})`).join(' AND '), params: parts.flatMap((part) => part.params) };
};

const neverNull = new Set(['id', 'createdAt', 'updatedAt', 'version']);

/** The rows that come after a position in the order, NULL being the lowest value in both dialects. */
const afterCondition = (sort: readonly SortKey[], position: readonly Value[]): Condition => {
  const stretches = stretchesAfter(sort, position);
  return {
    sql: `(${stretches.map((one) => `(${one.sql})`).join(' OR ')})`,
    params: stretches.flatMap((one) => one.params),
  };
};

/**
 * The same in stretches, in the order of the list, so that an index can begin in each: rows with the same value in the first column,
 * which may be thousands, those with another, those without. Times are hardly ever the same: theirs are one stretch.
 */
const stretchesAfter = (sort: readonly SortKey[], position: readonly Value[]): Condition[] => {
  const [key, ...rest] = sort;
  const [value, ...others] = position;
  if (key === undefined || value === undefined) return [{ sql: '1 = 0', params: [] }];
  const column = `\`${key.field}\``;
  const deeper = afterCondition(rest, others);
  if (value === null) {
    const valueless = { sql: `${column} IS NULL AND ${deeper.sql}`, params: deeper.params };
    return key.isDescending ? [valueless] : [valueless, { sql: `${column} IS NOT NULL`, params: [] }];
  }
  const comparison = key.isDescending ? '<' : '>';
  if (neverNull.has(key.field))
    return [
      {
        sql: `${column} ${comparison}= ? AND (${column} ${comparison} ? OR (${column} = ? AND ${deeper.sql}))`,
        params: [value, value, value, ...deeper.params],
      },
    ];
  const valued = [
    { sql: `${column} = ? AND ${deeper.sql}`, params: [value, ...deeper.params] },
    { sql: `${column} ${comparison} ?`, params: [value] },
  ];
  return key.isDescending ? [...valued, { sql: `${column} IS NULL`, params: [] }] : valued;
};

const cursorProblem = (): LeitwerkError => {
  const text = {
    de: 'Der Seitenzeiger (cursor) passt nicht zu dieser Abfrage.',
    en: 'The cursor does not belong to this query.',
  };
  return new LeitwerkError('InvalidFilter', {
    text,
    issues: [issueOf({ path: 'cursor', code: 'cursor' }, text, 'en')],
  });
};

const sortText = (sort: readonly SortKey[]): string =>
  sort.map((key) => (key.isDescending ? '-' : '') + key.field).join(',');

const encodeCursor = (sort: readonly SortKey[], row: Row): string =>
  Buffer.from(JSON.stringify([sortText(sort), ...sort.map((key) => row[key.field] ?? null)])).toString('base64url');

const decodeCursor = (sort: readonly SortKey[], cursor: string): Value[] => {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (cause) {
    throw Object.assign(cursorProblem(), { cause });
  }
  if (!Array.isArray(parts) || parts.length !== sort.length + 1 || parts[0] !== sortText(sort)) throw cursorProblem();
  const position: unknown[] = parts.slice(1);
  return position.map((value) => {
    if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)))
      return value;
    throw cursorProblem();
  });
};

interface Matches {
  readonly model: EntityModel;
  readonly where: Condition;
}

/** Counts up to `most`, or all. */
const countRows = async (db: Queries, { model, where }: Matches, most?: number): Promise<number> => {
  const from = `FROM \`${tableName(model.name)}\` WHERE ${where.sql}`;
  const sql =
    most === undefined
      ? `SELECT COUNT(*) AS n ${from}`
      : `SELECT COUNT(*) AS n FROM (SELECT 1 ${from} LIMIT ${most}) AS counted`;
  return (await db.get<{ n: number }>(sql, where.params))?.n ?? 0;
};

/** Ties are broken by age and then by id, in the direction of the last key, as the indexes have it. */
const completeSort = (sort: readonly SortKey[]): readonly SortKey[] => {
  if (sort.some((key) => key.field === 'id')) return sort;
  const isDescending = sort.at(-1)?.isDescending ?? false;
  const ties = ['createdAt', 'id'].filter((field) => !sort.some((key) => key.field === field));
  return [...sort, ...ties.map((field) => ({ field, isDescending }))];
};

/**
 * Whether the filter has so few rows that sorting them is less work than walking the sort's index until a page is full,
 * which reads about page × rows ÷ matches rows. SQLite would walk always; MySQL weighs it itself.
 */
const hasFewMatches = async (
  db: Queries,
  matches: Matches,
  { query, total }: { readonly query: ListQuery; readonly total: number | null },
): Promise<boolean> => {
  const isFiltered = query.filter !== undefined || query.rows !== undefined;
  // The indexes for filters are in this order themselves.
  if (db.dialect !== 'sqlite' || !isFiltered || query.sort[0]?.field === 'createdAt') return false;
  const newest = await db.get<{ n: number | null }>(`SELECT MAX(rowid) AS n FROM \`${tableName(matches.model.name)}\``);
  const enough = Math.ceil(Math.sqrt(query.limit * (newest?.n ?? 0)));
  return (total ?? (await countRows(db, matches, enough))) < enough;
};

/** What a page is searched in. Without an index to begin in, each stretch would look at all that match. */
const stretchesOf = (sort: readonly SortKey[], cursor: string | undefined, isWalked: boolean): Condition[] => {
  if (cursor === undefined) return [{ sql: '1 = 1', params: [] }];
  const position = decodeCursor(sort, cursor);
  return isWalked ? stretchesAfter(sort, position) : [afterCondition(sort, position)];
};

/** Whether an index has the rows in the order of this field. */
const hasOrder = ({ fields, indexes }: EntityModel, field = ''): boolean =>
  fields.get(field)?.isIndexed === true || indexes.some(([first]) => first === field);

/**
 * One page of records. Pages are found by position, not by offset, so a late page costs what the first does.
 * @throws LeitwerkError `InvalidFilter` when the cursor belongs to another query.
 */
export async function listRecords(database: Database, model: EntityModel, query: ListQuery): Promise<ListPage> {
  const db = needsScan(model, query) ? database.scans : database;
  const where = conditionsOf(model, query, db.dialect);
  const counted =
    query.total === 'none'
      ? null
      : await countRows(db, { model, where }, query.total === 'capped' ? totalCap + 1 : undefined);
  // Behind a plus, SQLite takes no index for the order.
  const plus = (await hasFewMatches(db, { model, where }, { query, total: counted })) ? '+' : '';
  const sort = completeSort(query.sort);
  const stretches = stretchesOf(sort, query.cursor, plus === '' && hasOrder(model, sort[0]?.field));
  const names = new Set([...query.fields.map((field) => field.name), ...sort.map((key) => key.field)]);
  const order = sort.map((key) => `${plus}\`${key.field}\` ${key.isDescending ? 'DESC' : 'ASC'}`).join(', ');
  const select = `SELECT ${[...names].map((name) => `\`${name}\``).join(', ')} FROM \`${tableName(model.name)}\` WHERE ${where.sql}`;
  const rows: Row[] = [];
  for (const { sql, params } of stretches) {
    if (rows.length > query.limit) break;
    rows.push(
      ...(await db.all(`${select} AND ${sql} ORDER BY ${order} LIMIT ${query.limit + 1}`, [
        ...where.params,
        ...params,
      ])),
    );
  }
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    data: shown.map((row) => toRecord(query.fields, row)),
    next: rows.length > query.limit && last !== undefined ? encodeCursor(sort, last) : null,
    total: counted === null || query.total === 'exact' ? counted : Math.min(counted, totalCap),
    isTotalExact: query.total === 'exact' || (counted !== null && counted <= totalCap),
  };
}

/** How many records a filter has, exactly. */
export async function countRecords(
  database: Database,
  model: EntityModel,
  query: Pick<ListQuery, 'tenantId' | 'rows' | 'filter' | 'search'>,
): Promise<number> {
  const db = needsScan(model, query) ? database.scans : database;
  return await countRows(db, { model, where: conditionsOf(model, query, db.dialect) });
}

/** Records whose field has one of the values; for references and look-ups. */
export async function findRecordsBy(
  db: Queries,
  model: EntityModel,
  search: {
    readonly tenantId: string;
    readonly field: string;
    readonly values: readonly unknown[];
    readonly limit?: number;
  },
): Promise<RecordData[]> {
  const field = model.fields.get(search.field);
  if (field === undefined || search.values.length === 0) return [];
  const fields = [...model.fields.values()];
  const marks = search.values.map(() => '?').join(', ');
  const sql = `SELECT * FROM \`${tableName(model.name)}\` WHERE \`tenantId\` = ? AND \`${field.name}\` IN (${marks}) AND \`deletedAt\` IS NULL LIMIT ${search.limit ?? 200}`;
  const rows = await db.all(sql, [search.tenantId, ...search.values.map((value) => toColumn(field, value))]);
  return rows.map((row) => toRecord(fields, row));
}
