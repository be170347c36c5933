import type { Queries } from './database.ts';
import { readEventsAfter, readEventsBySeq, readLastSeq, readSeqsAfter, type EventRow } from './events.ts';

/** A transaction that waits for a lock for longer is given up (MySQL: `innodb_lock_wait_timeout`, 50 s). */
const lateMs = 60_000;
/** A number that was rolled back stays missing for good: of more than these the oldest are given up. */
const mostMissing = 1_000;
/** So far before the newest event there may be transactions that have a number and not committed yet. */
const lookBack = 200;
const batch = 500;

export interface FeedPart {
  /** Events that committed after some with higher numbers had been read. */
  readonly late: readonly EventRow[];
  /** The next ones, oldest first. */
  readonly next: readonly EventRow[];
}

/**
 * Follows the event table and misses nothing: MySQL gives an event its number before the commit, so events may appear
 * in another order than that of their numbers. Numbers that are missing are asked for again for as long as they may still come.
 */
export class EventFeed {
  /** Number → when it is given up, in milliseconds; in the order of the numbers. */
  readonly #missing = new Map<number, number>();
  #position: number;

  private constructor(position: number) {
    this.#position = position;
  }

  /** Begins after the newest event, with an eye on what is not committed yet. */
  static async begin(db: Queries, nowMs: number): Promise<EventFeed> {
    const last = await readLastSeq(db);
    const feed = new EventFeed(Math.max(0, last - lookBack));
    for (const seq of await readSeqsAfter(db, feed.#position, last)) feed.#advance(seq, nowMs);
    return feed;
  }

  /** The newest number that was read. */
  get position(): number {
    return this.#position;
  }

  /** Everything up to this number has been read: where somebody who lost the connection may go on. */
  get settled(): number {
    const [oldest] = this.#missing.keys();
    return oldest === undefined ? this.#position : oldest - 1;
  }

  hasRead(seq: number): boolean {
    return seq <= this.#position && !this.#missing.has(seq);
  }

  async read(db: Queries, nowMs: number): Promise<FeedPart> {
    for (const [seq, untilMs] of this.#missing) if (untilMs < nowMs) this.#missing.delete(seq);
    const late = await readEventsBySeq(db, [...this.#missing.keys()]);
    const next = await readEventsAfter(db, this.#position, batch);
    for (const { seq } of late) this.#missing.delete(seq);
    for (const { seq } of next) this.#advance(seq, nowMs);
    return { late, next };
  }

  #advance(seq: number, nowMs: number): void {
    const from = Math.max(this.#position + 1, seq - mostMissing);
    for (let missing = from; missing < seq; missing += 1) this.#missing.set(missing, nowMs + lateMs);
    this.#position = seq;
    for (const oldest of this.#missing.keys()) {
      if (this.#missing.size <= mostMissing) break;
      this.#missing.delete(oldest);
    }
  }
}
