import { randomUUID } from 'node:crypto';
import type { Database } from '../store/database.ts';
import { holdLease, releaseLease } from '../store/outbox.ts';

interface Store {
  readonly db: Database;
  readonly now: () => Date;
}

/** Does the work when no other process is at it, otherwise answers undefined. One that takes longer than `ms` may meet another. */
export async function underLease<T>(
  { db, now }: Store,
  { ms, ...lease }: { readonly name: string; readonly holder: string; readonly ms: number },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const from = now();
  const until = new Date(from.getTime() + ms).toISOString();
  if (!(await holdLease(db, { ...lease, now: from.toISOString(), until }))) return undefined;
  try {
    return await work();
  } finally {
    await releaseLease(db, lease);
  }
}

/** `standby`: another process does it. `down`: what it needs is away; it is tried again and nothing is lost. */
export interface DutyState {
  readonly state: 'ready' | 'standby' | 'down';
  readonly since: string;
}

export interface DutyOptions extends Store {
  /** Of the lease. */
  readonly name: string;
  /** After the death of the process that has the duty, the next begins this much later at most. */
  readonly leaseMs: number;
  /** How long to rest when there was nothing to do and nobody wakes it. */
  readonly idleMs: number;
  /** One round; answers whether there may be more to do at once. */
  readonly round: () => Promise<boolean>;
  /** False while there is nothing to take the duty for: then it is given back. */
  readonly isNeeded?: () => Promise<boolean>;
  /** Before the first round, and whenever another process may have had the duty meanwhile. */
  readonly onTaken?: () => Promise<void>;
  /** Before the duty is given back, and when another process has it. */
  readonly onLost?: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const beatMs = 1_000;
const shortestPauseMs = 250;
const longestPauseMs = 10_000;

/** Work that is never done and that one process of all does at a time: whoever holds the lease goes round and round. */
export class Duty {
  readonly #options: DutyOptions;
  readonly #lease: { readonly name: string; readonly holder: string };
  readonly #beat: NodeJS.Timeout;
  readonly #ended: Promise<void>;
  #isStopping = false;
  #isWoken = false;
  #alarm: (() => void) | undefined;
  #leaseUntil = 0;
  #pauseMs = 0;
  #state: DutyState;

  constructor(options: DutyOptions) {
    this.#options = options;
    this.#lease = { name: options.name, holder: randomUUID() };
    this.#state = { state: 'standby', since: options.now().toISOString() };
    // A long round must not cost the lease.
    this.#beat = setInterval(() => void this.#keep().catch(options.onError), beatMs);
    this.#ended = this.#run();
  }

  /** There is something to do: go round at once. Not while something is away: new work does not shorten that pause. */
  wake(): void {
    this.#isWoken = true;
    if (this.#pauseMs === 0) this.#alarm?.();
  }

  state(): DutyState {
    return this.#state;
  }

  /** Ends after the round that is under way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#alarm?.();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        const hasMore = await this.#turn();
        this.#pauseMs = 0;
        if (!hasMore) await this.#wait(this.#options.idleMs);
      } catch (error) {
        this.#note('down');
        this.#options.onError(error);
        // Another may have had it when this one comes to itself.
        this.#leaseUntil = 0;
        this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, shortestPauseMs), longestPauseMs);
        await this.#wait(this.#pauseMs);
      }
    }
    clearInterval(this.#beat);
    await this.#giveBack().catch(this.#options.onError);
  }

  async #turn(): Promise<boolean> {
    const { isNeeded, onLost, round } = this.#options;
    if ((await isNeeded?.()) === false) {
      await this.#giveBack();
      this.#note('ready');
      return false;
    }
    if (!(await this.#take())) {
      this.#note('standby');
      await onLost?.();
      return false;
    }
    const hasMore = await round();
    this.#note('ready');
    return hasMore;
  }

  async #take(): Promise<boolean> {
    const wasMine = this.#leaseUntil > this.#options.now().getTime();
    const isMine = wasMine ? await this.#keep() : await this.#hold();
    if (isMine && !wasMine) await this.#options.onTaken?.();
    return isMine;
  }

  /** Renews the lease in good time; one that has run out may be another's. */
  async #keep(): Promise<boolean> {
    const leftMs = this.#leaseUntil - this.#options.now().getTime();
    return leftMs > this.#options.leaseMs / 2 || (leftMs > 0 && (await this.#hold()));
  }

  async #hold(): Promise<boolean> {
    const { db, now, leaseMs } = this.#options;
    const from = now();
    const until = new Date(from.getTime() + leaseMs);
    const isMine = await holdLease(db, { ...this.#lease, now: from.toISOString(), until: until.toISOString() });
    this.#leaseUntil = isMine ? until.getTime() : 0;
    return isMine;
  }

  async #giveBack(): Promise<void> {
    await this.#options.onLost?.();
    if (this.#leaseUntil > 0) await releaseLease(this.#options.db, this.#lease);
    this.#leaseUntil = 0;
  }

  async #wait(ms: number): Promise<void> {
    if (!this.#isStopping && !(this.#isWoken && this.#pauseMs === 0)) {
      const rest = Promise.withResolvers<void>();
      const timer = setTimeout(rest.resolve, ms);
      this.#alarm = rest.resolve;
      await rest.promise;
      clearTimeout(timer);
    }
    this.#alarm = undefined;
    this.#isWoken = false;
  }

  #note(state: DutyState['state']): void {
    if (this.#state.state !== state) this.#state = { state, since: this.#options.now().toISOString() };
  }
}
