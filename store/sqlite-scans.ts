import { Worker } from 'node:worker_threads';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries, Row, Value } from './database.ts';
import { translate } from './sqlite-connection.ts';

export interface ScanRequest {
  readonly sql: string;
  readonly params: readonly Value[];
}

/** An error crosses between threads without its code, so it is told in words. */
export type ScanAnswer = { readonly rows: readonly unknown[] } | { readonly code: string; readonly message: string };

interface Thread {
  readonly worker: Worker;
  /** In the order in which they were asked, which is that of the answers. */
  readonly asked: PromiseWithResolvers<readonly unknown[]>[];
}

const entry = new URL('../scripts/thread.mjs', import.meta.url);
const program = new URL('sqlite-scans-thread.ts', import.meta.url);

const away = (cause?: unknown): LeitwerkError => new LeitwerkError('Unavailable', { cause, retryAfterSeconds: 2 });

/**
 * Reads a SQLite file in a thread of its own, one query after the other, so that nobody but their callers waits for long ones.
 * The thread starts with the first query. When it dies, what it was asked fails with `Unavailable`, and the next query starts another.
 */
export class SqliteScans implements Queries {
  readonly dialect = 'sqlite';
  readonly #file: string;
  #thread: Thread | undefined;
  #isClosed = false;

  constructor(file: string) {
    this.#file = file;
  }

  async all<T = Row>(sql: string, params: readonly Value[] = []): Promise<T[]> {
    if (this.#isClosed) throw away();
    const { worker, asked } = (this.#thread ??= this.#start());
    const answer = Promise.withResolvers<readonly unknown[]>();
    worker.postMessage({ sql, params } satisfies ScanRequest);
    asked.push(answer);
    return (await answer.promise) as T[];
  }

  async get<T = Row>(sql: string, params: readonly Value[] = []): Promise<T | undefined> {
    return (await this.all<T>(sql, params))[0];
  }

  /** After what was asked. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#thread?.worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => void worker.once('exit', resolve));
    worker.postMessage('close');
    await ended;
  }

  #start(): Thread {
    const worker = new Worker(entry, { argv: [program.href], workerData: this.#file });
    const thread: Thread = { worker, asked: [] };
    const lose = (cause: unknown): void => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const { reject } of thread.asked.splice(0)) reject(away(cause));
    };
    worker.on('message', (answer: ScanAnswer) => {
      const { resolve, reject } = thread.asked.shift() ?? {};
      if ('rows' in answer) resolve?.(answer.rows);
      else reject?.(translate(Object.assign(new Error(answer.message), { code: answer.code })));
    });
    worker.on('error', lose);
    worker.on('exit', lose);
    return thread;
  }
}
