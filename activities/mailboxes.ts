import { setTimeout as wait } from 'node:timers/promises';
import { readConnectionsOfKind, type ConnectionRow } from '../store/connections.ts';
import { Duty, type DutyState } from './lease.ts';
import { readMailbox, type MailboxStore, type Reading } from './mailbox-reading.ts';

export interface MailboxesState extends Pick<DutyState, 'since'> {
  /** `degraded`: some mailbox cannot be read. */
  readonly state: DutyState['state'] | 'degraded';
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
  readonly #duty: Duty;
  readonly #readings = new Map<string, { readonly marks: string; readonly reading: Reading }>();
  #rows: readonly ConnectionRow[] = [];
  #hasHad = false;
  /** Undefined while every mailbox can be read. */
  #degradedSince: string | undefined;

  constructor(store: MailboxStore) {
    this.#store = store;
    this.#duty = new Duty({
      ...store,
      name: 'imap',
      leaseMs,
      idleMs: lookMs,
      isNeeded: async () => await this.#find(),
      round: async () => await this.#round(),
      onLost: async () => await this.#close([...this.#readings.keys()]),
    });
  }

  state(): MailboxesState | undefined {
    if (!this.#hasHad) return undefined;
    const duty = this.#duty.state();
    const since = duty.state === 'ready' ? this.#degradedSince : undefined;
    return { ...(since === undefined ? duty : { state: 'degraded', since }), count: this.#rows.length };
  }

  async stop(): Promise<void> {
    await this.#duty.stop();
  }

  /** Whether there is any mailbox to read. */
  async #find(): Promise<boolean> {
    const { db, registry } = this.#store;
    const tenants = new Set(registry.tenantIds);
    this.#rows = (await readConnectionsOfKind(db, 'imap')).filter(({ tenantId }) => tenants.has(tenantId));
    this.#hasHad ||= this.#rows.length > 0;
    return this.#rows.length > 0;
  }

  async #round(): Promise<boolean> {
    const wanted = new Map(this.#rows.map((row) => [keyOf(row), row]));
    const isStale = ([key, { marks }]: [string, { readonly marks: string }]): boolean => {
      const row = wanted.get(key);
      return row === undefined || marksOf(row) !== marks;
    };
    await this.#close([...this.#readings].filter(isStale).map(([key]) => key));
    for (const [key, row] of wanted)
      if (!this.#readings.has(key))
        this.#readings.set(key, { marks: marksOf(row), reading: await readMailbox(this.#store, row) });
    const isWell = [...this.#readings.values()].every(({ reading }) => reading.isHealthy());
    this.#degradedSince = isWell ? undefined : (this.#degradedSince ?? this.#store.now().toISOString());
    return false;
  }

  async #close(keys: readonly string[]): Promise<void> {
    const closing = keys.map(async (key) => {
      const reading = this.#readings.get(key)?.reading;
      this.#readings.delete(key);
      await reading?.close();
    });
    if (closing.length > 0) await Promise.race([Promise.all(closing), wait(closeWithinMs, undefined, { ref: false })]);
  }
}
