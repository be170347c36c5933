import Sqlite from 'better-sqlite3';
import { LeitwerkError } from '../core/errors.ts';
import { foldText } from '../core/filter/text.ts';
import type { MemoryOptions } from './database.ts';
import { codeOf } from './violations.ts';

export type Statement = Sqlite.Statement<unknown[], unknown>;

const statementsKept = 500;

const awayCodes = /^SQLITE_(BUSY|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)/;

/** An error of SQLite as the callers of the store know it. */
export const translate = (error: unknown): unknown => {
  if (awayCodes.test(codeOf(error))) return new LeitwerkError('Unavailable', { cause: error, retryAfterSeconds: 2 });
  return error;
};

/** Keeps prepared statements by their text, the oldest leave first. */
export const createStatements = (connection: Sqlite.Database): ((sql: string) => Statement) => {
  const kept = new Map<string, Statement>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = connection.prepare<unknown[], unknown>(sql);
    if (kept.size >= statementsKept) kept.delete(kept.keys().next().value ?? '');
    kept.set(sql, statement);
    return statement;
  };
};

export const openConnection = (
  file: string,
  options: Sqlite.Options,
  { isSparing = false }: MemoryOptions = {},
): Sqlite.Database => {
  const connection = new Sqlite(file, options);
  connection.function('fold', { deterministic: true }, (text: unknown) =>
    typeof text === 'string' ? foldText(text) : null,
  );
  connection.pragma('foreign_keys = ON');
  connection.pragma('temp_store = MEMORY');
  connection.pragma(`cache_size = ${isSparing ? -4_000 : -16_000}`);
  return connection;
};

/** A connection that only reads, and sees what was committed when each of its statements begins. */
export const openReader = (file: string, timeoutMs: number, memory: MemoryOptions = {}): Sqlite.Database => {
  const connection = openConnection(file, { readonly: true, timeout: timeoutMs }, memory);
  // For reading only: what is written would have to be copied out of the map first.
  if (memory.isSparing !== true) connection.pragma('mmap_size = 268435456');
  return connection;
};
