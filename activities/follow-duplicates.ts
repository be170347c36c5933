import { followForDuplicates, readDuplicatesSeq, type Following } from '../commands/duplicates/follow.ts';
import { readNewest } from '../store/events.ts';
import { systemActor } from '../core/actor.ts';
import { languageOf, processContext, type WorkerStore } from './context.ts';
import { underLease } from './lease.ts';

const leaseMs = 30_000;
/** Few enough that a message which comes meanwhile does not notice. */
const atOnce = 50;
/** On MySQL numbers are given before they are committed. */
const settleMs = 2_000;

/** Somebody is writing when the newest event is younger. */
const calmMs = 500;
/** How long to leave those alone who write: every look takes the one writer's place for a moment. */
const busyPauseMs = 1_000;
/** How long a look goes on while somebody writes, and while nobody does. */
const busyLookMs = 50;
const calmLookMs = 1_000;

const isWritten = (store: WorkerStore, newest: { readonly at: string } | undefined): boolean =>
  newest !== undefined && store.now().getTime() - Date.parse(newest.at) < calmMs;

const tenantsOf = (store: WorkerStore): Following['tenants'] =>
  new Map(
    store.registry.tenantIds.map((tenantId) => {
      const ctx = processContext(store, { tenantId, entity: 'duplicates', recordId: 'follow' });
      return [tenantId, { ...ctx, actor: systemActor(tenantId, languageOf(ctx.snapshot)) }] as const;
    }),
  );

/** Brings keys and pairs of likely doubles up to date with what has been written. */
export class DuplicateFollower {
  readonly #store: WorkerStore;
  readonly #holder: string;
  readonly #met = new Set<number>();
  #lookedAt = 0;

  constructor(store: WorkerStore, holder: string) {
    this.#store = store;
    this.#holder = holder;
  }

  /** Looks at some of it: at what single arrivals have left first, at what imports and processes have left then. */
  async look(): Promise<void> {
    const { db } = this.#store;
    const newest = await readNewest(db);
    if (newest === undefined) return;
    const places = [await readDuplicatesSeq(db, 'arrivals'), await readDuplicatesSeq(db, 'processes')];
    if (places.every((place) => place >= newest.seq)) return;
    const isBusy = isWritten(this.#store, newest);
    if (isBusy && performance.now() - this.#lookedAt < busyPauseMs) return;
    const lease = { name: 'duplicates', holder: this.#holder, ms: leaseMs };
    await underLease(this.#store, lease, async () => await this.#follow(isBusy));
    this.#lookedAt = performance.now();
  }

  async #follow(isBusy: boolean): Promise<void> {
    const { db, now } = this.#store;
    const tenants = tenantsOf(this.#store);
    const endsAt = performance.now() + (isBusy ? busyLookMs : calmLookMs);
    const follow = async (line: Following['line']): Promise<boolean> => {
      const until = db.dialect === 'mysql' ? new Date(now().getTime() - settleMs).toISOString() : undefined;
      return await followForDuplicates(db, { tenants, line, limit: atOnce, until, met: this.#met });
    };
    while ((await follow('arrivals')) || (await follow('processes'))) {
      if (performance.now() > endsAt) return;
      // Whoever begins to write meanwhile is left alone.
      if (!isBusy && isWritten(this.#store, await readNewest(db))) return;
    }
  }
}
