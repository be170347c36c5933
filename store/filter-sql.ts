import type { EntityModel } from '../core/entity.ts';
import { foldText, isAscii, type Filter, type FilterCondition, type FilterValue } from '../core/filter/index.ts';
import type { LinkedRows, OwnerRows, RowFilter } from '../core/permissions.ts';
import type { Database, Value } from './database.ts';
import { tableName } from './record-table.ts';

export interface SqlPart {
  readonly sql: string;
  readonly params: readonly Value[];
}

interface Target {
  readonly model: EntityModel;
  readonly dialect: Database['dialect'];
}

/** Names that SQLite's `json_each` brings along and that would hide a column of the same name. */
const jsonColumns = new Set(['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path', 'json', 'root']);

const columnOf = (condition: FilterCondition, { model }: Target): string => {
  if (!model.fields.has(condition.field)) throw new Error(`No field ${condition.field} in ${model.name}`);
  const name = `\`${condition.field}\``;
  const isShadowed = condition.kind === 'list' && jsonColumns.has(condition.field);
  return isShadowed ? `\`${tableName(model.name)}\`.${name}` : name;
};

const join = (parts: readonly SqlPart[], word: 'AND' | 'OR'): SqlPart => {
  const [only] = parts;
  if (only === undefined) return { sql: word === 'AND' ? '1 = 1' : '1 = 0', params: [] };
  if (parts.length === 1) return only;
  return { sql: `(${parts.map(({ sql }) => sql).join(` ${word} `)})`, params: parts.flatMap(({ params }) => params) };
};

const isText = ({ kind }: FilterCondition): boolean => kind === 'text' || kind === 'longText';

const toParam = ({ kind }: FilterCondition, value: FilterValue): Value => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return kind === 'money' && typeof value === 'number' ? Math.round(value * 100) : value;
};

const escapeLike = (text: string): string => text.replaceAll(/[!%_]/g, '!$&');

/** Letters that Unicode folding may change, in number too: other letters, and the two that the Kelvin sign and the dotted capital I become. */
const foldable = /[^\0-\x7f]+|[kKiI]/g;

/**
 * SQLite's own comparison knows the case of ASCII letters only; other letters need the function `fold`, which is asked only about
 * texts that fit but for these letters, because a call into it costs more than the rest of the row.
 * MySQL's collation ignores accents too, so its answer is narrowed to the same letters.
 */
const likeSql = (column: string, pieces: readonly string[], dialect: Target['dialect']): SqlPart => {
  const pattern = pieces.map(escapeLike).join('%');
  if (dialect === 'mysql') {
    return { sql: `LOWER(${column}) LIKE LOWER(?) COLLATE utf8mb4_bin ESCAPE '!'`, params: [pattern] };
  }
  if (isAscii(pattern)) return { sql: `${column} LIKE ? ESCAPE '!'`, params: [pattern] };
  const rough = pattern.replaceAll(foldable, '%');
  return {
    sql: `(${column} LIKE ? ESCAPE '!' AND fold(${column}) LIKE ? ESCAPE '!')`,
    params: [rough, foldText(pattern)],
  };
};

/** Whether a text column contains a text, whatever the case. */
export const containsText = (column: string, text: string, dialect: Target['dialect']): SqlPart =>
  likeSql(column, ['', text, ''], dialect);

const textEqualsSql = (column: string, text: string, target: Target): SqlPart => {
  if (target.dialect === 'mysql') {
    const exact = likeSql(column, [text], target.dialect);
    return { sql: `(${column} = ? AND ${exact.sql})`, params: [text, ...exact.params] };
  }
  if (isAscii(text)) return { sql: `${column} = ? COLLATE NOCASE`, params: [text] };
  return { sql: `fold(${column}) = ?`, params: [foldText(text)] };
};

const containsSql = (column: string, element: Value, { dialect }: Target): SqlPart =>
  dialect === 'mysql'
    ? { sql: `JSON_CONTAINS(${column}, JSON_QUOTE(?))`, params: [element] }
    : {
        sql: `EXISTS (SELECT 1 FROM json_each(${column}) AS \`element\` WHERE \`element\`.\`value\` = ?)`,
        params: [element],
      };

const equalsSql = (condition: FilterCondition, values: readonly FilterValue[], target: Target): SqlPart => {
  const column = columnOf(condition, target);
  if (condition.kind === 'list') {
    return join(
      values.map((value) => containsSql(column, toParam(condition, value), target)),
      'OR',
    );
  }
  if (isText(condition)) {
    return join(
      values.map((value) => textEqualsSql(column, String(value), target)),
      'OR',
    );
  }
  const params = values.map((value) => toParam(condition, value));
  if (params.length === 0) return { sql: '1 = 0', params };
  if (params.length === 1) return { sql: `${column} = ?`, params };
  return { sql: `${column} IN (${params.map(() => '?').join(', ')})`, params };
};

const emptySql = (condition: FilterCondition, target: Target): SqlPart => {
  const column = columnOf(condition, target);
  switch (condition.kind) {
    case 'text':
    case 'longText':
      // MySQL takes blanks, and characters that are nothing to its collation, for equal to ''.
      return target.dialect === 'mysql'
        ? { sql: `(${column} IS NULL OR CHAR_LENGTH(${column}) = 0)`, params: [] }
        : { sql: `(${column} IS NULL OR ${column} = '')`, params: [] };
    case 'choice':
    case 'reference':
      return { sql: `(${column} IS NULL OR ${column} = '')`, params: [] };
    case 'list':
      return { sql: `(${column} IS NULL OR ${column} = '[]')`, params: [] };
    case 'json':
      return { sql: `(${column} IS NULL OR ${column} IN ('{}', '[]'))`, params: [] };
    default:
      return { sql: `${column} IS NULL`, params: [] };
  }
};

const conditionSql = (condition: FilterCondition, target: Target): SqlPart => {
  switch (condition.is) {
    case 'empty':
      return emptySql(condition, target);
    case 'in':
      return equalsSql(condition, condition.values, target);
    case 'like':
      return likeSql(columnOf(condition, target), condition.pieces, target.dialect);
    case 'compare': {
      if (condition.operator === '=') return equalsSql(condition, [condition.value], target);
      const params = [toParam(condition, condition.value)];
      return { sql: `${columnOf(condition, target)} ${condition.operator} ?`, params };
    }
  }
};

/** `not` of a condition includes empty values; SQL alone would leave them out. */
const negatedSql = (condition: FilterCondition, target: Target): SqlPart => {
  const { sql, params } = conditionSql(condition, target);
  if (condition.is === 'empty') return { sql: `NOT (${sql})`, params };
  return { sql: `(${columnOf(condition, target)} IS NULL OR NOT (${sql}))`, params };
};

const toSql = (filter: Filter, isNegated: boolean, target: Target): SqlPart => {
  switch (filter.is) {
    case 'and':
    case 'or': {
      const parts = filter.parts.map((part) => toSql(part, isNegated, target));
      return join(parts, (filter.is === 'and') === isNegated ? 'OR' : 'AND');
    }
    case 'not':
      return toSql(filter.part, !isNegated, target);
    default:
      return isNegated ? negatedSql(filter, target) : conditionSql(filter, target);
  }
};

const ownedSql = ({ field, owner, rows }: OwnerRows, { model, dialect }: Target): SqlPart => {
  const link = `\`${tableName(model.name)}\`.\`${field}\``;
  if (rows === undefined) return { sql: `${link} IS NOT NULL`, params: [] };
  if (rows === 'none') return { sql: '1 = 0', params: [] };
  const { sql, params } = filterSql(rows, owner, dialect);
  const table = `\`${tableName(owner.name)}\``;
  const tenant = `${table}.\`tenantId\` = \`${tableName(model.name)}\`.\`tenantId\``;
  // Looked up one by one: a page asks for few, and a list of all owners that may be read would be made for every page.
  return { sql: `EXISTS (SELECT 1 FROM ${table} WHERE ${table}.\`id\` = ${link} AND ${tenant} AND ${sql})`, params };
};

const linkedSql = ({ own, byName, owners }: LinkedRows, target: Target): SqlPart => {
  const { model, dialect } = target;
  const unset = ({ field }: OwnerRows): SqlPart => ({
    sql: `\`${tableName(model.name)}\`.\`${field}\` IS NULL`,
    params: [],
  });
  const owned = owners.reduceRight<SqlPart>(
    (rest, group) =>
      join([...group.map((link) => ownedSql(link, target)), join([...group.map(unset), rest], 'AND')], 'OR'),
    join([], 'AND'),
  );
  const named = byName === undefined ? [] : [filterSql(byName, model, dialect)];
  return join([filterSql(own, model, dialect), join([...named, owned], 'OR')], 'AND');
};

/**
 * The filter as a condition for WHERE, safe to join with others by AND. Means the same as `matches` of `core/filter`.
 * Column names are those of the model, those of a link with its table; every value is a parameter. SQLite needs the function `fold`.
 */
export function filterSql(filter: RowFilter, model: EntityModel, dialect: Database['dialect']): SqlPart {
  if (filter.is === 'linked') return linkedSql(filter, { model, dialect });
  return toSql(filter, false, { model, dialect });
}
