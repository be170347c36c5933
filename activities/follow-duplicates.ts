import { followForDuplicates, readDuplicatesSeq } from '../commands/duplicates/follow.ts';
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

/**
 * Brings keys and pairs of likely doubles up to date with some of what has been written.
 * @param sinceMs how long ago it has last done so
 * @returns whether it has
 */
export async function followDuplicates(store: WorkerStore, holder: string, sinceMs: number): Promise<boolean> {
  const newest = await readNewest(store.db);
  if (newest === undefined || newest.seq <= (await readDuplicatesSeq(store.db))) return false;
  const now = store.now();
  if (sinceMs < busyPauseMs && now.getTime() - Date.parse(newest.at) < calmMs) return false;
  const hasFollowed = await underLease(store, { name: 'duplicates', holder, ms: leaseMs }, async () => {
    const tenants = new Map(
      store.registry.tenantIds.map((tenantId) => {
        const ctx = processContext(store, { tenantId, entity: 'duplicates', recordId: 'follow' });
        return [tenantId, { ...ctx, actor: systemActor(tenantId, languageOf(ctx.snapshot)) }] as const;
      }),
    );
    const settled = store.db.dialect === 'mysql' ? now.getTime() - settleMs : now.getTime();
    const following = { tenants, limit: atOnce, until: new Date(settled).toISOString() };
    await followForDuplicates(store.db, following);
    return true;
  });
  return hasFollowed ?? false;
}
