import { expect, test } from 'vitest';
import { holdLease, releaseLease } from '../../store/outbox.ts';
import { createStore, dialects } from '../support/stores.ts';

const [now, later, muchLater] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:10.000Z', '2026-01-01T00:00:20.000Z'];

test.for(dialects)('of many who take a lease at once exactly one holds it (%s)', async (dialect, context) => {
  const store = await createStore(context, dialect);
  const { db } = store.foundation;
  const holders = Array.from({ length: 10 }, (_, index) => `holder ${index}`);

  for (let round = 0; round < 10; round += 1) {
    const held = await Promise.all(
      holders.map(async (holder) => await holdLease(db, { name: 'duty', holder, now, until: later })),
    );
    expect(held.filter(Boolean)).toHaveLength(1);
    await releaseLease(db, { name: 'duty', holder: holders[held.indexOf(true)] ?? '' });
  }
  await store.clear();
});

test.for(dialects)(
  'a lease is kept by its holder, and is free for others when it ends (%s)',
  async (dialect, context) => {
    const store = await createStore(context, dialect);
    const { db } = store.foundation;
    const hold = async (holder: string, at: string, until: string): Promise<boolean> =>
      await holdLease(db, { name: 'duty', holder, now: at, until });

    expect(await hold('a', now, later)).toBe(true);
    expect(await hold('b', now, later)).toBe(false);
    expect(await hold('a', now, later)).toBe(true);
    expect(await hold('b', later, muchLater)).toBe(true);
    expect(await hold('a', later, muchLater)).toBe(false);
    await store.clear();
  },
);
