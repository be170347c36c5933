import type Sqlite from 'better-sqlite3';
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { LeitwerkError } from '../core/errors.ts';
import type { Database, Eventually, Queries, MemoryOptions, Row, Tx, Value } from './database.ts';
import { failpoint } from './failpoints.ts';
import { createStatements, openConnection, openReader, translate, type Statement } from './sqlite-connection.ts';
import { SqliteScans } from './sqlite-scans.ts';
import { codeOf, damagedDatabase, isDamage } from './violations.ts';

/** Most waiting writes that share one commit. */
const groupSize = 100;
/** A writer in another process holds the lock for milliseconds, unless it gets no processor; after this long the database counts as away. */
const lockPatienceMs = 10_000;

interface Job {
  readonly work: (tx: Tx) => Eventually<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly tx: SqliteTx;
  outcome: { value: unknown } | { error: unknown } | undefined;
}

/**
 * Opens the SQLite file (`:memory:` for tests of one connection). WAL; a resolved write has been fsynced.
 * @throws LeitwerkError `Misconfigured` naming the file when it cannot be opened.
 */
export function openSqlite(file: string, memory: MemoryOptions = {}): Database {
  try {
    return new SqliteDatabase(file, memory);
  } catch (cause) {
    if (isDamage(cause)) throw damagedDatabase(file, cause);
    throw new LeitwerkError('Misconfigured', {
      cause,
      text: {
        de: `Die Datenbank ${file} lässt sich nicht öffnen: ${String(cause)}`,
        en: `The database ${file} cannot be opened: ${String(cause)}`,
      },
    });
  }
}

class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly #writer: Sqlite.Database;
  readonly #reader: Sqlite.Database;
  /** None for a database in memory, which no other connection sees. */
  readonly #scans: SqliteScans | undefined;
  readonly #read: (sql: string) => Statement;
  readonly #prepare: (sql: string) => Statement;
  readonly #log: string | undefined;
  /** Descriptor of the write-ahead log, which stays the same file as long as we have the database open. */
  #logFile: number | undefined;
  readonly #queue: Job[] = [];
  #draining: Promise<void> | undefined;
  /** Set once a commit could not be synced: what the disk holds from there on is unknown, so nothing more may count as written. */
  #unsynced: LeitwerkError | undefined;

  constructor(file: string, memory: MemoryOptions) {
    this.#writer = openConnection(file, { timeout: lockPatienceMs }, memory);
    // A commit writes whole pages, one for each index at least: half the usual size is half the bytes to fsync. Counts for new files.
    this.#writer.pragma('page_size = 2048');
    this.#writer.pragma('journal_mode = WAL');
    // SQLite syncs where its own order of writes asks for it; each group's commit is synced in `#sync`.
    this.#writer.pragma('synchronous = NORMAL');
    // 16 MB, four times what is usual: a page that changes all the time is copied to its place a quarter as often.
    this.#writer.pragma('wal_autocheckpoint = 8000');
    // From here on it is waited for in `#begin`, where others go on meanwhile.
    this.#writer.pragma('busy_timeout = 0');
    const isShared = file !== ':memory:';
    this.#reader = isShared ? openReader(file, lockPatienceMs, memory) : this.#writer;
    this.#log = isShared ? `${file}-wal` : undefined;
    this.#scans = isShared ? new SqliteScans(file) : undefined;
    this.#prepare = createStatements(this.#writer);
    this.#read = this.#reader === this.#writer ? this.#prepare : createStatements(this.#reader);
  }

  get scans(): Queries {
    return this.#scans ?? this;
  }

  all<T = Row>(sql: string, params: readonly Value[] = []): T[] {
    try {
      return this.#read(sql).all(params) as T[];
    } catch (error) {
      throw translate(error);
    }
  }

  get<T = Row>(sql: string, params: readonly Value[] = []): T | undefined {
    try {
      return this.#read(sql).get(params) as T | undefined;
    } catch (error) {
      throw translate(error);
    }
  }

  async write<T>(work: (tx: Tx) => Eventually<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#queue.push({
        work,
        resolve: resolve as (value: unknown) => void,
        reject,
        tx: new SqliteTx(this.#prepare),
        outcome: undefined,
      });
      this.#draining ??= this.#drain();
    });
  }

  async ddl(plan: (queries: Queries) => Eventually<readonly string[]>): Promise<void> {
    await this.write(async (tx) => {
      for (const statement of await plan(tx)) void tx.run(statement);
    });
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.#scans?.close();
    this.#reader.close();
    if (this.#writer !== this.#reader) this.#writer.close();
    if (this.#logFile !== undefined) closeSync(this.#logFile);
    this.#logFile = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      let group: readonly Job[] = [];
      try {
        await this.#gather();
        if (this.#unsynced !== undefined) throw this.#unsynced;
        await this.#begin();
        // Not before: what came in while another process was writing goes along.
        group = this.#queue.splice(0, groupSize);
        if (!(await this.#perform(group))) await this.#performCautiously(group);
        await this.#sync(group);
        this.#settle(group);
      } catch (error) {
        if (this.#writer.inTransaction) this.#prepare('ROLLBACK').run();
        // Without a group the lock could not be had: there is none for anyone who waits.
        for (const job of group.length > 0 ? group : this.#queue.splice(0)) job.reject(translate(error));
      }
    }
    this.#draining = undefined;
  }

  /** Turns of the event loop pass for as long as each brings more writes: requests that came in together share a commit. */
  async #gather(): Promise<void> {
    for (let waiting = 0; waiting < this.#queue.length && waiting < groupSize;) {
      waiting = this.#queue.length;
      await new Promise((turn) => void setImmediate(turn));
    }
  }

  async #begin(): Promise<void> {
    const deadline = Date.now() + lockPatienceMs;
    for (;;) {
      try {
        this.#prepare('BEGIN IMMEDIATE').run();
        return;
      } catch (error) {
        if (!codeOf(error).startsWith('SQLITE_BUSY') || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  /**
   * The whole group in the transaction that has begun. False, with nothing done, when one of several failed after it had written:
   * a savepoint for each would cost every group a quarter of its time, for failures that are rare.
   */
  async #perform(group: readonly Job[]): Promise<boolean> {
    for (const job of group) {
      await this.#run(job);
      if (!job.tx.hasWritten || !hasFailed(job)) continue;
      this.#prepare('ROLLBACK').run();
      return group.length === 1;
    }
    this.#commit();
    return true;
  }

  /** Each under its own savepoint, so that only the work of those that fail is undone. */
  async #performCautiously(group: readonly Job[]): Promise<void> {
    await this.#begin();
    for (const job of group) {
      job.tx.reset();
      this.#prepare('SAVEPOINT job').run();
      await this.#run(job);
      this.#prepare(hasFailed(job) ? 'ROLLBACK TO job' : 'RELEASE job').run();
    }
    this.#commit();
  }

  async #run(job: Job): Promise<void> {
    try {
      job.outcome = { value: await job.work(job.tx) };
    } catch (error) {
      // A full disk or an I/O error makes SQLite undo the whole group by itself: nobody's work may count as done then.
      if (!this.#writer.inTransaction) throw error;
      job.outcome = { error };
    }
  }

  #commit(): void {
    failpoint('commit');
    this.#prepare('COMMIT').run();
  }

  /** Makes a commit durable: requests are read meanwhile; a write that is alone is quicker without the journey to another thread. */
  async #sync(group: readonly Job[]): Promise<void> {
    if (this.#log === undefined) return;
    try {
      failpoint('sync');
      this.#logFile ??= openSync(this.#log, 'r+');
      if (group.length === 1) fdatasyncSync(this.#logFile);
      else await synced(this.#logFile);
    } catch (cause) {
      this.#unsynced = unsynced(cause);
      throw this.#unsynced;
    }
  }

  #settle(group: readonly Job[]): void {
    for (const job of group) {
      if (job.outcome === undefined || 'error' in job.outcome) job.reject(translate(job.outcome?.error));
      else {
        job.resolve(job.outcome.value);
        job.tx.hasCommitted();
      }
    }
  }
}

const synced = promisify(fdatasync);

const unsynced = (cause: unknown): LeitwerkError =>
  new LeitwerkError('Unavailable', {
    cause,
    text: {
      de: 'Die Datenbank kommt nicht auf den Datenträger. Bitte den Datenträger prüfen und Leitwerk neu starten.',
      en: 'The database does not reach the disk. Please check the disk and start Leitwerk again.',
    },
  });

const hasFailed = (job: Job): boolean => job.outcome === undefined || 'error' in job.outcome;

class SqliteTx implements Tx {
  readonly dialect = 'sqlite';
  readonly #prepare: (sql: string) => Statement;
  #afterCommit: (() => void)[] | undefined;
  hasWritten = false;

  constructor(prepare: (sql: string) => Statement) {
    this.#prepare = prepare;
  }

  all<T>(sql: string, params: readonly Value[] = []): T[] {
    return this.#prepare(sql).all(params) as T[];
  }

  get<T>(sql: string, params: readonly Value[] = []): T | undefined {
    return this.#prepare(sql).get(params) as T | undefined;
  }

  run(sql: string, params: readonly Value[] = []): { changes: number; insertId: number } {
    this.hasWritten = true;
    failpoint('write');
    const result = this.#prepare(sql).run(params);
    return { changes: result.changes, insertId: Number(result.lastInsertRowid) };
  }

  afterCommit(work: () => void): void {
    (this.#afterCommit ??= []).push(work);
  }

  hasCommitted(): void {
    for (const work of this.#afterCommit ?? []) work();
  }

  /** For another attempt. */
  reset(): void {
    this.#afterCommit = undefined;
    this.hasWritten = false;
  }
}
