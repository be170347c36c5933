import { cp, mkdtemp, open, readFile, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { auditLedger, countRows } from '../support/ledger.ts';
import { chooseSeed, createRandom } from '../support/random.ts';
import { createSender, isAcknowledged } from '../support/sender.ts';
import { createStore, openStore, secretOf, type Store } from '../support/stores.ts';

const seed = chooseSeed();
const posts = 300;
const tears = 16;
const apiOnly = { args: ['--role', 'api'] } as const;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const databaseIn = (folder: string): string => join(folder, 'leitwerk.sqlite');

/** Everything is in the main file, and the log begins anew. */
const emptyLog = (folder: string): void => {
  const connection = new Sqlite(databaseIn(folder));
  connection.pragma('wal_checkpoint(TRUNCATE)');
  connection.close();
};

type Tear = (log: string, offset: number, bytes: Buffer) => Promise<void>;

const overwrite: Tear = async (log, offset, bytes) => {
  const file = await open(log, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
};

/** What a disk leaves of a write that power has cut: less of it, or a sector of something else. */
const tear: Readonly<Record<string, Tear>> = { cut: async (log, offset) => await truncate(log, offset), overwrite };

/** A copy of a store that was killed, torn; opened as the app does. */
const openTorn = async (folder: string, damage: (log: string) => Promise<void>): Promise<Store> => {
  const copy = await mkdtemp(join(tmpdir(), 'leitwerk-torn-'));
  await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  await damage(`${databaseIn(copy)}-wal`);
  const store = await openStore('sqlite', { folder: copy });
  cleanups.push(store.clear);
  return store;
};

/** Leads in the order in which they were committed. */
const leadsOf = async ({ foundation: { db } }: Store): Promise<readonly string[]> => {
  const rows = await db.all<{ recordId: string }>(
    "SELECT `recordId` FROM `event` WHERE `act` = 'lead.create' AND `recordId` IN (SELECT `id` FROM `lead`) ORDER BY `seq`",
  );
  return rows.map(({ recordId }) => recordId);
};

it(`R04: a torn log leaves whole posts, the first ones without a gap, and takes the others again; SEED=${seed}`, async (context) => {
  const store = await createStore(context, 'sqlite');
  cleanups.push(store.clear);
  const secret = await secretOf(store, 'kaltakquise');
  const sender = createSender({ source: 'kaltakquise', secret, seed });
  cleanups.push(async () => await Promise.resolve(sender.close()));
  const app = await store.start(apiOnly);
  emptyLog(store.folder);
  await sender.deliver(app.url, sender.make(posts), 10);
  await app.kill();
  expect(sender.items.every(isAcknowledged)).toBe(true);

  const random = createRandom(seed);
  const { size } = await stat(`${databaseIn(store.folder)}-wal`);
  expect(size).toBeGreaterThan(posts * 1_000);
  const all = await leadsOf(store);
  expect(all).toHaveLength(posts);
  const offsets = Array.from({ length: tears }, () => random.below(size)).toSorted((a, b) => a - b);
  let before = 0;
  let torn: Store | undefined;
  for (const [index, offset] of offsets.entries()) {
    const kind = index % 2 === 0 ? 'cut' : 'overwrite';
    const sector = Buffer.from(Array.from({ length: 512 }, () => random.below(256)));
    torn = await openTorn(store.folder, async (log) => await tear[kind]?.(log, offset, sector));
    const what = `${kind} at ${offset} of ${size}`;
    expect(await auditLedger(torn, []), what).toEqual([]);
    const left = await leadsOf(torn);
    expect(left, what).toEqual(all.slice(0, left.length));
    expect(left.length, what).toBeGreaterThanOrEqual(before);
    before = left.length;
  }

  // Whoever sent what is gone sends it again, and what is there is known.
  if (torn === undefined) throw new Error('nothing was torn');
  const again = createSender({ source: 'kaltakquise', secret, seed });
  cleanups.push(async () => await Promise.resolve(again.close()));
  const mended = await torn.start(apiOnly);
  cleanups.push(mended.kill);
  await again.deliver(mended.url, again.make(posts), 10);
  expect(again.items.every(isAcknowledged)).toBe(true);
  expect(await auditLedger(torn, again.items)).toEqual([]);
  expect(await countRows(torn, 'lead')).toBe(posts);

  // What was half-written behind the last commit costs nothing.
  const whole = await openTorn(store.folder, async (log) => {
    const frame = (await readFile(log)).subarray(-2_048);
    await overwrite(log, size, frame);
  });
  expect(await auditLedger(whole, sender.items)).toEqual([]);
}, 180_000);
