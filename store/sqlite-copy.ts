import Sqlite from 'better-sqlite3';
import { codeOf } from './violations.ts';

/** Writes a consistent copy of a SQLite database that others may be writing to meanwhile. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const connection = new Sqlite(from, { readonly: true, timeout: 10_000 });
  try {
    await connection.backup(to);
  } finally {
    connection.close();
  }
}

/** Whether another connection has the database open: leaving WAL takes it alone. Whoever opens it next is in WAL again. */
export function isSqliteInUse(file: string): boolean {
  try {
    const connection = new Sqlite(file, { fileMustExist: true, timeout: 0 });
    try {
      connection.pragma('journal_mode = DELETE');
    } finally {
      connection.close();
    }
    return false;
  } catch (error) {
    // Not there, or damaged: then nobody works with it.
    return codeOf(error).startsWith('SQLITE_BUSY');
  }
}
