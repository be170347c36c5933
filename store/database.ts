/** What a column can hold. Booleans are 0/1, JSON is text, instants are ISO text. */
export type Value = string | number | null | Uint8Array;
export type Row = Record<string, Value>;

/** SQLite answers at once, MySQL later; `await` serves both and costs nothing where there is nothing to wait for. */
export type Eventually<T> = T | Promise<T>;

/** Statements are written once for both dialects: backtick-quoted names, `?` parameters. */
export interface Queries {
  readonly dialect: 'sqlite' | 'mysql';
  all<T = Row>(sql: string, params?: readonly Value[]): Eventually<T[]>;
  get<T = Row>(sql: string, params?: readonly Value[]): Eventually<T | undefined>;
}

/** A write transaction. Nothing in it may wait for anything but the database. */
export interface Tx extends Queries {
  /** Answers the number of rows changed and, for tables with a counter, the number given. */
  run(sql: string, params?: readonly Value[]): Eventually<{ changes: number; insertId: number }>;
  /** Runs after the commit is durable, never when it failed. */
  afterCommit(work: () => void): void;
}

/** A database of either dialect. Reads see committed data only. */
export interface Database extends Queries {
  /** For queries that may look at every row: nobody but their callers waits for them. On SQLite they run in a thread of their own. */
  readonly scans: Queries;
  /**
   * Runs `work` in a transaction and resolves after the commit is durable (fsync).
   * On SQLite waiting writes share one commit (group commit); a throw undoes only its own work. `work` must be repeatable:
   * it runs again when a neighbour of its group fails (SQLite), or after a deadlock or a lost lock, up to 3 times (MySQL).
   * @throws LeitwerkError `Unavailable` when the database cannot be reached or written.
   */
  write<T>(work: (tx: Tx) => Eventually<T>): Promise<T>;
  /**
   * Runs the schema changes that `plan` answers, having read what there is: no other process reads or changes that way meanwhile.
   * Never inside `write`: MySQL commits before each.
   * @throws LeitwerkError `Unavailable` when the database cannot be reached, or another process is at it for a minute.
   */
  ddl(plan: (queries: Queries) => Eventually<readonly string[]>): Promise<void>;
  /** After the writes that have begun. */
  close(): Promise<void>;
}

export interface MemoryOptions {
  /**
   * Keeps little of an SQLite file in memory: a cache of 4 MB instead of 16, and no map of the file, with which lists are up to twice as fast
   * but all that was read counts as memory of the process. For processes whose answers nobody waits for. Default false.
   */
  readonly isSparing?: boolean;
}
