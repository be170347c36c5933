import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, it, type TestContext } from 'vitest';
import type { App } from '../support/app.ts';
import { auditLedger, countRows } from '../support/ledger.ts';
import { findDescendants, isAlive, until } from '../support/processes.ts';
import { chooseSeed } from '../support/random.ts';
import { createSender, isAcknowledged, statusesOf, type Heard, type Item, type Sender } from '../support/sender.ts';
import { createStore, dialects, secretOf, type Dialect, type Store } from '../support/stores.ts';

const seed = chooseSeed();
const apiOnly = { args: ['--role', 'api'] } as const;

interface World {
  readonly store: Store;
  readonly sender: Sender;
}

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const createWorld = async (context: TestContext, dialect: Dialect): Promise<World> => {
  const store = await createStore(context, dialect);
  const sender = createSender({ source: 'kaltakquise', secret: await secretOf(store, 'kaltakquise'), seed });
  return { store, sender };
};

const unacknowledged = (items: readonly Item[]): Item[] => items.filter((item) => !isAcknowledged(item));

/** What the sender was told when the database could not take it. */
const isPutOff = (heard: Heard): boolean =>
  heard !== 'lost' && heard.status === 503 && Number(heard.headers['retry-after']) > 0;

describe.each(dialects)('intake on %s', (dialect) => {
  let world: World | undefined;
  let app: App | undefined;
  afterAll(async () => {
    await app?.kill();
    world?.sender.close();
    await world?.store.clear();
  });

  /** One store and one sender for all; the app goes on from test to test until one of them ends it. */
  const begin = async (context: TestContext): Promise<World & { running: App }> => {
    world ??= await createWorld(context, dialect);
    app ??= await world.store.start({ ...apiOnly, env: { FAILPOINT: 'none' } });
    return { ...world, running: app };
  };
  /** I1 to I7, and no lead that nobody has sent. */
  const audit = async ({ store, sender }: World): Promise<string[]> => [
    ...(await auditLedger(store, sender.items)),
    ...((await countRows(store, 'lead')) <= sender.items.length ? [] : ['there are more leads than were sent']),
  ];

  it.for(['S1', 'S4', 'S5', 'S10', 'commit'])(
    'R01, R02: loses and doubles nothing when kill -9 comes at %s',
    async (stage, context) => {
      const { store, sender, running } = await begin(context);
      await running.arm(`${stage}:kill:${1 + sender.random.below(30)}`);
      const items = sender.make(120);
      await sender.deliver(running.url, items, 4);
      await running.kill();
      expect(statusesOf(items)).toContain('lost');
      expect(await audit({ store, sender })).toEqual([]);

      app = undefined;
      const { running: again } = await begin(context);
      await sender.deliver(again.url, unacknowledged(items));
      expect(unacknowledged(items)).toEqual([]);
      // A sender that did not hear the answer sends again what was stored already.
      await sender.deliver(again.url, items.slice(0, 20));
      expect(await audit({ store, sender })).toEqual([]);
      expect(await countRows(store, 'lead')).toBe(sender.items.length);
    },
  );

  it.for(['write:ENOSPC', 'write:EIO', 'commit:ENOSPC', 'commit:EIO'])(
    'R11, R13: stores all or nothing when %s comes, whichever write it hits',
    async (fault, context) => {
      const { store, sender, running } = await begin(context);
      // The sender's key and the like are read once, before the count begins.
      await sender.deliver(running.url, sender.make(1));
      const most = fault.startsWith('commit') ? 1 : 30;
      let isThrough = false;
      let nth = 1;
      for (; nth <= most && !isThrough; nth += 1) {
        await running.arm(`${fault}:${nth}`);
        const items = sender.make(1);
        const before = await countRows(store, 'lead');
        await sender.deliver(running.url, items);
        isThrough = items.every(isAcknowledged);
        expect(isThrough || items[0]?.heard.every(isPutOff), JSON.stringify(items[0]?.heard)).toBe(true);
        expect(await countRows(store, 'lead')).toBe(before + (isThrough ? 1 : 0));
        await sender.deliver(running.url, unacknowledged(items));
      }
      expect(nth).toBeGreaterThan(fault.startsWith('commit') ? 1 : 4);
      expect(nth).toBeLessThan(30);
      await running.arm('none');
      expect(unacknowledged(sender.items)).toEqual([]);
      expect(await audit({ store, sender })).toEqual([]);
    },
  );

  it('R11: a group of posts shares the fault of its commit and is taken afterwards', async (context) => {
    const { store, sender, running } = await begin(context);
    const before = await countRows(store, 'lead');
    await running.arm('commit:ENOSPC:3');
    await sender.deliver(running.url, sender.make(200), 50);
    const refused = unacknowledged(sender.items);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((item) => item.heard.every(isPutOff))).toBe(true);
    expect(await audit({ store, sender })).toEqual([]);
    expect(await countRows(store, 'lead')).toBe(before + 200 - refused.length);
    await sender.deliver(running.url, refused);
    expect(await audit({ store, sender })).toEqual([]);
    expect(await countRows(store, 'lead')).toBe(before + 200);
  });

  it('R08: a hundred posts of one key at once make one lead, and all hear the same', async (context) => {
    const { store, sender, running } = await begin(context);
    const before = await countRows(store, 'lead');
    const [item] = sender.make(1);
    if (item === undefined) throw new Error('no item');
    await sender.deliver(running.url, Array<Item>(100).fill(item), 100);
    const statuses = statusesOf([item]);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(99);
    const leads = item.heard.map((heard) => (heard === 'lost' ? heard : heard.body['lead']));
    expect(new Set(leads).size).toBe(1);
    expect(await audit({ store, sender })).toEqual([]);
    expect(await countRows(store, 'lead')).toBe(before + 1);
  });

  it('R15: ten thousand posts at once hear 2xx, 429 or 503, and what was acknowledged is there', async (context) => {
    const { store, sender, running } = await begin(context);
    const before = await countRows(store, 'lead');
    const items = sender.make(10_000);
    // So many connections at once; Linux keeps 4,096 waiting for one port.
    await sender.deliver(running.url, items, 4_000);
    const others = statusesOf(items).filter((status) => status === 'lost' || ![200, 202, 429, 503].includes(status));
    expect(others).toEqual([]);
    const putOff = unacknowledged(items).flatMap((item) => item.heard);
    expect(putOff.every((heard) => heard !== 'lost' && Number(heard.headers['retry-after']) > 0)).toBe(true);
    expect(await countRows(store, 'lead')).toBe(before + 10_000 - putOff.length);
    await until('the rest is taken', async () => {
      await sender.deliver(running.url, unacknowledged(items), 500);
      return unacknowledged(items).length === 0;
    });
    expect(await audit({ store, sender })).toEqual([]);
  }, 600_000);

  it('R31: SIGTERM under load ends with 0 within 10 s, and every acknowledged post is there', async (context) => {
    const { store, sender, running } = await begin(context);
    const family = [running.pid, ...findDescendants(running.pid).map(({ pid }) => pid)];
    // More than any machine takes in within the 2 s that connections are given to end.
    const items = sender.make(40_000);
    const load = sender.deliver(running.url, items, 30);
    await until('the load has begun', () => items.some(isAcknowledged));
    const startedAt = Date.now();
    expect(await running.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    await load;
    expect(family.filter(isAlive)).toEqual([]);
    expect(unacknowledged(items).length).toBeGreaterThan(0);
    expect(await audit({ store, sender })).toEqual([]);
  });
});

describe('R05: another process holds the SQLite file', () => {
  /** Runs in a process of its own: takes the write lock, says so, and keeps it until it is ended. */
  const holder = `
    import Sqlite from 'better-sqlite3';
    const db = new Sqlite(process.argv[1]);
    db.pragma('busy_timeout = 10000');
    db.exec('BEGIN IMMEDIATE');
    process.stdout.write('held');
    setInterval(() => undefined, 1000);
  `;

  it('puts posts off with 503 and Retry-After, takes them afterwards, and answers reads meanwhile', async (context) => {
    const { store, sender } = await createWorld(context, 'sqlite');
    open.push(store.clear, async () => await Promise.resolve(sender.close()));
    const app = await store.start(apiOnly);
    open.push(app.kill);
    await sender.deliver(app.url, sender.make(5));
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, `${store.folder}/leitwerk.sqlite`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    open.push(async () => await Promise.resolve(child.kill('SIGKILL')));
    await once(child.stdout, 'data');
    await sender.deliver(app.url, sender.make(30), 30);
    const refused = unacknowledged(sender.items);
    expect(refused).toHaveLength(30);
    expect(refused.every((item) => item.heard.every(isPutOff))).toBe(true);
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await sender.deliver(app.url, refused);
    expect(unacknowledged(sender.items)).toEqual([]);
    expect(await auditLedger(store, sender.items)).toEqual([]);
  });
});
