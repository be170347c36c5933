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
  return `CREATE TABLE IF NOT EXISTS \`${table.name}\` (${[...columns, ...key].join(', ')})${suffix}`;
};

interface Existing {
  readonly columns: ReadonlySet<string>;
  readonly indexes: ReadonlySet<string>;
  readonly constraints: ReadonlySet<string>;
}

const readExisting = async (db: Queries, table: string): Promise<Existing> => {
  if (db.dialect === 'sqlite') {
    const columns = await db.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', [table]);
    const indexes = await db.all<{ name: string }>('SELECT name FROM pragma_index_list(?)', [table]);
    return {
      columns: new Set(columns.map((row) => row.name)),
      indexes: new Set(indexes.map((row) => row.name)),
      constraints: new Set(),
    };
  }
  const here = 'table_schema = DATABASE() AND table_name = ?';
  const columns = await db.all<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE ${here}`,
    [table],
  );
  const indexes = await db.all<{ name: string }>(
    `SELECT DISTINCT index_name AS name FROM information_schema.statistics WHERE ${here}`,
    [table],
  );
  const constraints = await db.all<{ name: string }>(
    `SELECT constraint_name AS name FROM information_schema.table_constraints WHERE ${here}`,
    [table],
  );
  const names = (rows: { name: string }[]): Set<string> => new Set(rows.map((row) => row.name));
  return { columns: names(columns), indexes: names(indexes), constraints: names(constraints) };
};

const alterations = (table: TableDefinition, existing: Existing, dialect: Dialect): string[] => {
  const statements: string[] = [];
  for (const column of Object.keys(table.columns)) {
    if (!existing.columns.has(column)) {
      statements.push(`ALTER TABLE \`${table.name}\` ADD COLUMN ${columnSql(table, column, dialect)}`);
    }
  }
  for (const index of indexesOf(table)) {
    const name = shortName(index.name);
    if (!existing.indexes.has(name)) {
      const rows = dialect === 'sqlite' && index.having !== undefined ? ` WHERE \`${index.having}\` IS NOT NULL` : '';
      statements.push(
        `CREATE ${index.isUnique ? 'UNIQUE ' : ''}INDEX \`${name}\` ON \`${table.name}\` (${quoted(index.columns)})${rows}`,
      );
    }
  }
  return statements;
};

const foreignKeys = (table: TableDefinition, existing: Existing): string[] =>
  Object.entries(table.references ?? {}).flatMap(([column, target]) => {
    const name = shortName(`${table.name}_f_${column}`);
    if (existing.constraints.has(name)) return [];
    return [
      `ALTER TABLE \`${table.name}\` ADD CONSTRAINT \`${name}\` FOREIGN KEY (\`${column}\`) REFERENCES \`${target}\` (\`id\`)`,
    ];
  });

/**
 * Brings the tables to their definitions by adding only: tables, columns, indexes, foreign keys.
 * Nothing is ever dropped or narrowed; running it again changes nothing.
 */
export async function migrate(db: Database, tables: readonly TableDefinition[]): Promise<void> {
  const before = new Map<string, Existing>();
  for (const table of tables) before.set(table.name, await readExisting(db, table.name));
  await db.ddl(
    tables.flatMap((table) =>
      (before.get(table.name)?.columns.size ?? 0) > 0 ? [] : [createTableSql(table, db.dialect)],
    ),
  );
  for (const table of tables) {
    const existing = await readExisting(db, table.name);
    await db.ddl(alterations(table, existing, db.dialect));
  }
  if (db.dialect === 'mysql') {
    for (const table of tables) await db.ddl(foreignKeys(table, await readExisting(db, table.name)));
  }
}
