import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { readConnectionsOfKind, type ConnectionRow } from '../store/connections.ts';
import { holdLease, releaseLease } from '../store/outbox.ts';
import { readMailbox, type MailboxStore, type Reading } from './mailbox-reading.ts';

export interface MailboxesState {
  /** `standby`: another process reads. `degraded`: some mailbox cannot be read. */
  readonly state: 'ready' | 'standby' | 'degraded' | 'down';
  readonly since: string;
  /** Mailboxes that are set up, whether they can be read or not. */
  readonly count: number;
}

/** Reads the mailboxes of all companies' connections: one process of all at a time, whether Temporal is there or not. */
export interface Mailboxes {
  /** For the health page; undefined while no company has had a mailbox. */
  state(): MailboxesState | undefined;
  /** Ends after the mails that are being received, in a few seconds at most. */
  stop(): Promise<void>;
}

const lookMs = 2_000;
const leaseMs = 8_000;
/** One that takes longer to end goes on by itself, and receives nothing any more. */
const closeWithinMs = 3_000;

export function createMailboxes(store: MailboxStore): Mailboxes {
  return new Keeper(store);
}

const keyOf = ({ tenantId, id }: ConnectionRow): string => `${tenantId}/${id}`;
const marksOf = ({ version, createdAt }: ConnectionRow): string => `${version} ${createdAt}`;

class Keeper implements Mailboxes {
  readonly #store: MailboxStore;
  readonly #lease = { name: 'imap', holder: randomUUID() };
  readonly #readings = new Map<string, { readonly marks: string; readonly reading: Reading }>();
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #leaseUntil = 0;
  #count = 0;
  #state: Omit<MailboxesState, 'count'> | undefined;

  constructor(store: MailboxStore) {
    this.#store = store;
    this.#ended = this.#run();
  }

  state(): MailboxesState | undefined {
    return this.#state === undefined ? undefined : { ...this.#state, count: this.#count };
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        this.#note('down');
        this.#store.onError(error);
      }
      await wait(lookMs, undefined, { signal }).catch(() => undefined);
    }
    await this.#release().catch(this.#store.onError);
  }

  async #look(): Promise<void> {
    const { db, registry } = this.#store;
    const tenants = new Set(registry.tenantIds);
    const rows = (await readConnectionsOfKind(db, 'imap')).filter(({ tenantId }) => tenants.has(tenantId));
    this.#count = rows.length;
    if (rows.length === 0) {
      if (this.#state !== undefined) this.#note('ready');
      return await this.#release();
    }
    if (!(await this.#holdsLease())) {
      this.#note('standby');
      return await this.#close([...this.#readings.keys()]);
    }
    const wanted = new Map(rows.map((row) => [keyOf(row), row]));
    const isStale = ([key, { marks }]: [string, { readonly marks: string }]): boolean => {
      const row = wanted.get(key);
      return row === undefined || marksOf(row) !== marks;
    };
    await this.#close([...this.#readings].filter(isStale).map(([key]) => key));
    for (const [key, row] of wanted)
      if (!this.#readings.has(key))
        this.#readings.set(key, { marks: marksOf(row), reading: await readMailbox(this.#store, row) });
    const isWell = [...this.#readings.values()].every(({ reading }) => reading.isHealthy());
    this.#note(isWell ? 'ready' : 'degraded');
  }

  async #close(keys: readonly string[]): Promise<void> {
    const closing = keys.map(async (key) => {
      const reading = this.#readings.get(key)?.reading;
      this.#readings.delete(key);
      await reading?.close();
    });
    if (closing.length > 0) await Promise.race([Promise.all(closing), wait(closeWithinMs, undefined, { ref: false })]);
  }

  async #release(): Promise<void> {
    await this.#close([...this.#readings.keys()]);
    if (this.#leaseUntil > 0) await releaseLease(this.#store.db, this.#lease);
    this.#leaseUntil = 0;
  }

  async #holdsLease(): Promise<boolean> {
    const now = this.#store.now();
    if (this.#leaseUntil - now.getTime() > leaseMs / 2) return true;
    const until = new Date(now.getTime() + leaseMs);
    const lease = { ...this.#lease, now: now.toISOString(), until: until.toISOString() };
    const isMine = await holdLease(this.#store.db, lease);
    this.#leaseUntil = isMine ? until.getTime() : 0;
    return isMine;
  }

  #note(state: MailboxesState['state']): void {
    if (this.#state?.state !== state) this.#state = { state, since: this.#store.now().toISOString() };
  }
}
