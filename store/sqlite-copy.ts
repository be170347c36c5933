import Sqlite from 'better-sqlite3';

/** Writes a consistent copy of a SQLite database that others may be writing to meanwhile. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const connection = new Sqlite(from, { readonly: true, timeout: 10_000 });
  try {
    await connection.backup(to);
  } finally {
    connection.close();
  }
}
