import type { Database, Queries } from './database.ts';

/**
 * Column types of both dialects. `counter` is the table's own growing number and primary key;
 * `key` is a short ASCII word (ids, config keys, enums), `text` sorts and compares without regard to case.
 */
export type ColumnType =
  | 'counter'
  | 'key'
  | 'instant'
  | 'date'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | { readonly text: number }
  | 'longText'
  | 'json'
  | 'bytes';

export interface TableDefinition {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns of the primary key; absent when a `counter` column is it. */
  readonly primaryKey?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
  readonly sparse?: readonly SparseIndex[];
  /** Column → table whose `id` it must name. */
  readonly references?: Readonly<Record<string, string>>;
}

/**
 * An index for queries that name a value of the column `having`. SQLite keeps only the rows in it that have one,
 * so that rows without cost nothing; MySQL keeps all.
 */
export interface SparseIndex {
  readonly columns: readonly string[];
  readonly having: string;
}

type Dialect = Database['dialect'];

const sqliteType = (type: ColumnType): string => {
  if (typeof type === 'object') return 'TEXT COLLATE NOCASE';
  switch (type) {
    case 'counter':
      // Not AUTOINCREMENT, which writes a second table every time: the newest row of such a table is never deleted.
      return 'INTEGER PRIMARY KEY';
    case 'integer':
    case 'boolean':
      return 'INTEGER';
    case 'decimal':
      return 'REAL';
    case 'bytes':
      return 'BLOB';
    case 'longText':
      return 'TEXT COLLATE NOCASE';
    case 'key':
    case 'instant':
    case 'date':
    case 'json':
      return 'TEXT';
  }
};

const mysqlType = (type: ColumnType, isIndexed: boolean): string => {
  if (typeof type === 'object') {
    const size = isIndexed ? Math.min(type.text, 500) : type.text;
    return size <= 500 && isIndexed ? `VARCHAR(${size}) COLLATE utf8mb4_unicode_ci` : 'TEXT COLLATE utf8mb4_unicode_ci';
  }
  switch (type) {
    case 'counter':
      return 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY';
    case 'key':
      return 'VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
    case 'instant':
      return 'CHAR(24) CHARACTER SET ascii COLLATE ascii_bin';
    case 'date':
      return 'CHAR(10) CHARACTER SET ascii COLLATE ascii_bin';
    case 'integer':
      return 'BIGINT';
    case 'boolean':
      return 'TINYINT';
    case 'decimal':
      return 'DOUBLE';
    case 'longText':
      return 'MEDIUMTEXT COLLATE utf8mb4_unicode_ci';
    case 'json':
      return 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
    case 'bytes':
      return 'LONGBLOB';
  }
};

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

interface WantedIndex {
  readonly name: string;
  readonly isUnique: boolean;
  readonly columns: readonly string[];
  readonly having?: string;
}

const indexesOf = (table: TableDefinition): WantedIndex[] => [
  ...(table.unique ?? []).map((columns) => ({ name: `${table.name}_u_${columns.join('_')}`, isUnique: true, columns })),
  ...(table.indexes ?? []).map((columns) => ({
    name: `${table.name}_i_${columns.join('_')}`,
    isUnique: false,
    columns,
  })),
  ...(table.sparse ?? []).map((index) => ({
    ...index,
    name: `${table.name}_s_${index.columns.join('_')}`,
    isUnique: false,
  })),
];

/** MySQL's names end at 64 characters; a longer one is cut and made distinct by its length and last letters. */
const shortName = (name: string): string =>
  name.length <= 60 ? name : `${name.slice(0, 44)}_${name.length}_${name.slice(-10)}`;

const columnSql = (table: TableDefinition, column: string, dialect: Dialect): string => {
  const type = table.columns[column];
  if (type === undefined) throw new Error(`No column ${column} in ${table.name}`);
  const target = table.references?.[column];
  if (dialect === 'sqlite') {
    const reference = target === undefined ? '' : ` REFERENCES \`${target}\`(\`id\`)`;
    return `\`${column}\` ${sqliteType(type)}${reference}`;
  }
  const isIndexed =
    (table.primaryKey ?? []).includes(column) || indexesOf(table).some((index) => index.columns.includes(column));
  const isKey = (table.primaryKey ?? []).includes(column);
  return `\`${column}\` ${mysqlType(type, isIndexed)}${isKey ? ' NOT NULL' : ''}`;
};

const createTableSql = (table: TableDefinition, dialect: Dialect): string => {
  const columns = Object.keys(table.columns).map((column) => columnSql(table, column, dialect));
  const key = table.primaryKey === undefined ? [] : [`PRIMARY KEY (${quoted(table.primaryKey)})`];
  const suffix = dialect === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci' : '';
  return `CREATE TABLE \`${table.name}\` (${[...columns, ...key].join(', ')})${suffix}`;
};

interface Existing {
  readonly columns: ReadonlySet<string>;
  readonly indexes: ReadonlySet<string>;
  readonly constraints: ReadonlySet<string>;
}

const nothing: Existing = { columns: new Set(), indexes: new Set(), constraints: new Set() };

const existingSql = {
  sqlite: {
    columns:
      "SELECT t.`name` AS `table`, c.`name` AS `name` FROM sqlite_master t JOIN pragma_table_info(t.`name`) c WHERE t.`type` = 'table'",
    indexes: "SELECT `tbl_name` AS `table`, `name` FROM sqlite_master WHERE `type` = 'index'",
    // A table has its references from the start, or with the column.
    constraints: undefined,
  },
  mysql: {
    columns:
      'SELECT table_name AS `table`, column_name AS `name` FROM information_schema.columns WHERE table_schema = DATABASE()',
    indexes:
      'SELECT DISTINCT table_name AS `table`, index_name AS `name` FROM information_schema.statistics WHERE table_schema = DATABASE()',
    constraints:
      'SELECT table_name AS `table`, constraint_name AS `name` FROM information_schema.table_constraints WHERE table_schema = DATABASE()',
  },
} as const satisfies Record<Dialect, Record<keyof Existing, string | undefined>>;

/** What there is, by the name of its table. */
const readExisting = async (db: Queries): Promise<ReadonlyMap<string, Existing>> => {
  const found = new Map<string, Record<keyof Existing, Set<string>>>();
  for (const kind of ['columns', 'indexes', 'constraints'] as const) {
    const sql = existingSql[db.dialect][kind];
    if (sql === undefined) continue;
    for (const row of await db.all<{ table: string; name: string }>(sql)) {
      const of = found.get(row.table) ?? { columns: new Set(), indexes: new Set(), constraints: new Set() };
      found.set(row.table, of);
      of[kind].add(row.name);
    }
  }
  return found;
};

const missingColumns = (table: TableDefinition, existing: Existing, dialect: Dialect): string[] =>
  Object.keys(table.columns)
    .filter((column) => !existing.columns.has(column))
    .map((column) => `ALTER TABLE \`${table.name}\` ADD COLUMN ${columnSql(table, column, dialect)}`);

const missingIndexes = (table: TableDefinition, existing: Existing, dialect: Dialect): string[] =>
  indexesOf(table).flatMap((index) => {
    const name = shortName(index.name);
    if (existing.indexes.has(name)) return [];
    const rows = dialect === 'sqlite' && index.having !== undefined ? ` WHERE \`${index.having}\` IS NOT NULL` : '';
    return [
      `CREATE ${index.isUnique ? 'UNIQUE ' : ''}INDEX \`${name}\` ON \`${table.name}\` (${quoted(index.columns)})${rows}`,
    ];
  });

const missingForeignKeys = (table: TableDefinition, existing: Existing): string[] =>
  Object.entries(table.references ?? {}).flatMap(([column, target]) => {
    const name = shortName(`${table.name}_f_${column}`);
    if (existing.constraints.has(name)) return [];
    return [
      `ALTER TABLE \`${table.name}\` ADD CONSTRAINT \`${name}\` FOREIGN KEY (\`${column}\`) REFERENCES \`${target}\` (\`id\`)`,
    ];
  });

/**
 * Brings the tables to their definitions by adding only: tables, columns, indexes, foreign keys.
 * Nothing is ever dropped or narrowed; running it again changes nothing. Several processes may do it at once.
 */
export async function migrate(db: Database, tables: readonly TableDefinition[]): Promise<void> {
  const plan = async (queries: Queries): Promise<string[]> => {
    const existing = await readExisting(queries);
    return missingOf(tables, (table) => existing.get(table.name) ?? nothing, db.dialect);
  };
  // Mostly there is nothing to do, and nobody to wait for.
  if ((await plan(db)).length > 0) await db.ddl(plan);
}

const missingOf = (
  tables: readonly TableDefinition[],
  existingOf: (table: TableDefinition) => Existing,
  dialect: Dialect,
): string[] => {
  const isMissing = (table: TableDefinition): boolean => existingOf(table).columns.size === 0;
  return [
    ...tables.filter(isMissing).map((table) => createTableSql(table, dialect)),
    ...tables.flatMap((table) => (isMissing(table) ? [] : missingColumns(table, existingOf(table), dialect))),
    ...tables.flatMap((table) => missingIndexes(table, existingOf(table), dialect)),
    ...(dialect === 'mysql' ? tables.flatMap((table) => missingForeignKeys(table, existingOf(table))) : []),
  ];
};
