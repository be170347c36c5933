import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../store/database.ts';
import { EventFeed } from '../../store/event-feed.ts';
import { insertEvent } from '../../store/events.ts';
import { readOutgoing } from '../../store/outbox.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, type Store } from '../support/stores.ts';

interface HeldWrite {
  /** The event's number, given before its commit. */
  readonly seq: number;
  readonly commit: () => Promise<void>;
  readonly rollBack: () => Promise<void>;
}

/** A transaction that has written an event and waits with the end. */
const holdWrite = async (db: Database, recordId: string): Promise<HeldWrite> => {
  const written = Promise.withResolvers<number>();
  const end = Promise.withResolvers<void>();
  const done = db.write(async (tx) => {
    const event = { tenantId: 'main', at: new Date().toISOString(), actor: 'system', act: 'lead.update' };
    const wakes = { process: `lead/${recordId}`, lane: 'background' as const };
    written.resolve(await insertEvent(tx, { ...event, entity: 'lead', recordId, version: 2, wakes }));
    await end.promise;
  });
  const settled = done.catch(() => undefined);
  return {
    seq: await written.promise,
    commit: async () => {
      end.resolve();
      await done;
    },
    rollBack: async () => {
      end.reject(new Error('rolled back'));
      await settled;
    },
  };
};

describe('events that commit in another order than that of their numbers', () => {
  let store: Store;
  let db: Database;

  beforeEach(async (context) => {
    store = await createStore(context, 'mariadb');
    ({ db } = store.foundation);
  });
  afterEach(async () => await store.clear());

  it('are all read, and what is missing is what a client may not skip', async () => {
    const feed = await EventFeed.begin(db, 0);
    const first = await holdWrite(db, 'first');
    const second = await holdWrite(db, 'second');
    await second.commit();

    const before = await feed.read(db, 0);
    expect(before.next.map((row) => row.seq)).toEqual([second.seq]);
    expect(feed.settled).toBe(first.seq - 1);
    expect([feed.hasRead(first.seq), feed.hasRead(second.seq)]).toEqual([false, true]);

    await first.commit();
    const after = await feed.read(db, 300);
    expect(after.late.map((row) => row.recordId)).toEqual(['first']);
    expect(after.next).toEqual([]);
    expect(feed.settled).toBe(second.seq);
    expect(await feed.read(db, 600)).toEqual({ late: [], next: [] });
  });

  it('are read also when they had their number before the reader began', async () => {
    const first = await holdWrite(db, 'first');
    await (await holdWrite(db, 'second')).commit();
    const feed = await EventFeed.begin(db, 0);
    await first.commit();

    expect((await feed.read(db, 300)).late.map((row) => row.seq)).toEqual([first.seq]);
  });

  it('are waited for no longer than a transaction can last', async () => {
    const feed = await EventFeed.begin(db, 0);
    const first = await holdWrite(db, 'first');
    const second = await holdWrite(db, 'second');
    await first.rollBack();
    await second.commit();

    await feed.read(db, 0);
    expect(feed.settled).toBe(first.seq - 1);
    await feed.read(db, 61_000);
    expect(feed.settled).toBe(second.seq);
  });

  it('wake their processes all the same: the outbox asks for what waits, not for what is new', async () => {
    const first = await holdWrite(db, 'first');
    const second = await holdWrite(db, 'second');
    await second.commit();
    expect((await readOutgoing(db, 'background', 10)).map((event) => event.seq)).toEqual([second.seq]);
    await first.commit();
    expect((await readOutgoing(db, 'background', 10)).map((event) => event.seq)).toEqual([first.seq, second.seq]);
  });

  it('reach an open browser, and one that comes again after them', async () => {
    const app = await store.start({ args: ['--role', 'api'] });
    const key = await addKey(store, { role: 'superadmin' });
    const listen = async (lastEventId?: string): Promise<{ heard: () => string; leave: () => void }> => {
      const controller = new AbortController();
      const stream = await fetch(`${app.url}/api/v1/events`, {
        headers: { authorization: `Bearer ${key}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
        signal: controller.signal,
      });
      let heard = '';
      void (async () => {
        for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk as Uint8Array).toString();
      })().catch(() => undefined);
      await until('the start of the stream', () => heard.includes('id: '));
      return { heard: () => heard, leave: () => controller.abort() };
    };
    const browser = await listen();
    const first = await holdWrite(db, 'first');
    const second = await holdWrite(db, 'second');
    await second.commit();
    await until('the newer event', () => browser.heard().includes('"id":"second"'));
    const lastId = [...browser.heard().matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
    await first.commit();
    await until('the older event', () => browser.heard().includes('"id":"first"'));
    expect(browser.heard().match(/"id":"(?:first|second)"/g)).toHaveLength(2);
    browser.leave();

    const again = await listen(lastId);
    await until('what was missed', () => again.heard().includes('"id":"first"'));
    again.leave();
    await app.stop();
  });
});
