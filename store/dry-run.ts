import type { Database, Eventually, Queries, Row, Tx, Value } from './database.ts';

/** A database whose writes are judged as all are, answered, and rolled back: what a command answers on it is what it would do. */
export class DryRun implements Database {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get dialect(): Queries['dialect'] {
    return this.#db.dialect;
  }

  get scans(): Queries {
    return this.#db.scans;
  }

  all<T = Row>(sql: string, params?: readonly Value[]): Eventually<T[]> {
    return this.#db.all<T>(sql, params);
  }

  get<T = Row>(sql: string, params?: readonly Value[]): Eventually<T | undefined> {
    return this.#db.get<T>(sql, params);
  }

  async write<T>(work: (tx: Tx) => Eventually<T>): Promise<T> {
    const done = new Error('dry run');
    let outcome: { readonly value: T } | undefined;
    try {
      await this.#db.write(async (tx) => {
        outcome = { value: await work(tx) };
        throw done;
      });
    } catch (error) {
      if (error === done && outcome !== undefined) return outcome.value;
      throw error;
    }
    throw done;
  }

  async ddl(): Promise<void> {
    await Promise.reject(new Error('A dry run changes no tables.'));
  }

  async close(): Promise<void> {
    // Who opened the database closes it.
  }
}
