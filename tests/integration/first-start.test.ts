import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataPaths, openFoundation } from '../../bin/foundation.ts';
import { readSettings } from '../../bin/settings.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';
import { createStore, dialects, secretOf, type Store } from '../support/stores.ts';

test.for(dialects)('several processes may begin on an empty database at once (%s)', async (dialect, context) => {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-first-'));
  const url = dialect === 'mariadb' ? await createMariadbDatabase(need(context, 'mariadbUrl')) : undefined;
  const settings = readSettings([], { LEITWERK_DATA: folder, DATABASE_URL: url });

  const begun = await Promise.allSettled(Array.from({ length: 6 }, async () => await openFoundation(settings)));

  expect(begun.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
  const foundations = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(await foundations[0]?.db.all('SELECT `id` FROM `tenant`')).toEqual([{ id: 'main' }]);
  const sizes = foundations.map(({ registry }) => registry.snapshot('main').config('roles').size);
  expect(new Set(sizes)).toEqual(new Set([5]));
  await Promise.all(foundations.map(async (foundation) => await foundation.close()));
  await rm(folder, { recursive: true });
});

/** `ready`, or why a process does not start on the store. */
async function begin({ folder, databaseUrl }: Pick<Store, 'folder' | 'databaseUrl'>, key?: Buffer): Promise<string> {
  const settings = readSettings([], {
    LEITWERK_DATA: folder,
    DATABASE_URL: databaseUrl,
    SECRET_KEY: key?.toString('base64'),
  });
  try {
    await (await openFoundation(settings)).close();
    return 'ready';
  } catch (error) {
    return error instanceof LeitwerkError ? `${error.code}: ${error.text.en}` : String(error);
  }
}

const otherKey = Buffer.alloc(32, 9);
const refusesKey = /^Misconfigured: The secrets of this database are sealed with another key: set SECRET_KEY /;

test.for(dialects)('a process with another sealing key does not start (%s)', async (dialect, context) => {
  const store = await createStore(context, dialect);

  expect(await begin(store, otherKey)).toMatch(refusesKey);
  expect(await begin(store, await readFile(dataPaths(store.folder).secretKey))).toBe('ready');
  expect(await begin(store)).toBe('ready');
  await store.clear();
});

test.for(dialects)('nor does it on a database with secrets from before that was checked (%s)', async (dialect, ctx) => {
  const store = await createStore(ctx, dialect);
  const { db } = store.foundation;
  await db.write((tx) => tx.run('DELETE FROM `secret`'));
  await secretOf(store, 'lead-agentur');

  expect(await begin(store, otherKey)).toMatch(refusesKey);
  expect(await begin(store)).toBe('ready');
  // The key that is lost for good.
  await db.write((tx) => tx.run('DELETE FROM `secret`'));
  expect(await begin(store, otherKey)).toBe('ready');
  expect(await begin(store)).toMatch(refusesKey);
  await store.clear();
});

test.for(dialects)('of two hosts that begin with keys of their own only one starts (%s)', async (dialect, context) => {
  const store = await createStore(context, dialect);
  await store.foundation.db.write((tx) => tx.run('DELETE FROM `secret`'));

  const starts = await Promise.all([begin(store), begin(store, otherKey)]);

  expect(starts.toSorted()).toEqual([expect.stringMatching(refusesKey), 'ready']);
  await store.clear();
});

const lacksRights =
  'Unavailable: The user in DATABASE_URL lacks rights in the database: GRANT ALL ON <database>.* TO <user> ';
const rights = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES';

test.for([
  ['no tables', 'SELECT'],
  ['all tables', 'SELECT'],
  ['all tables', 'SELECT, INSERT'],
  ['no tables', rights],
  ['all tables', rights],
] as const)('with %s and the right to %s a process starts, or says what to grant', async (given, context) => {
  const [tables, granted] = given;
  const store = await createStore(context, 'mariadb');
  const { folder, databaseUrl = '' } = store;
  const empty = await createMariadbDatabase(need(context, 'mariadbUrl'));
  const url = new URL(tables === 'no tables' ? empty : databaseUrl);
  const name = url.pathname.slice(1);
  const user = `'u${name}'@'%'`;
  await store.foundation.db.ddl(() => [`CREATE USER ${user}`, `GRANT ${granted} ON ${name}.* TO ${user}`]);
  url.username = `u${name}`;

  const said = await begin({ folder, databaseUrl: url.href });

  expect(said).toBe(granted === rights ? 'ready' : `${lacksRights}(${rights}).`);
  await store.clear();
});
