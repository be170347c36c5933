import { afterEach, expect, test } from 'vitest';
import type { PartHealth } from '../../server/services.ts';
import { deletePartReports, forgetPartReports, readPartReports, writePartReports } from '../../store/part-reports.ts';
import { spawnApp, type App } from '../support/app.ts';
import { createMariadbDatabase, isMariadbInstalled, startMariadb } from '../support/mariadb.ts';
import { isAlive, until } from '../support/processes.ts';
import { addKey, createStore, dialects, openStore, type Store } from '../support/stores.ts';
import { startTemporal } from '../support/temporal.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

type Parts = Readonly<Record<string, PartHealth | undefined>>;

async function readHealth(api: App): Promise<{ readonly code: number; readonly parts: Parts }> {
  const answer = await fetch(`${api.url}/health/ready`);
  const { parts } = (await answer.json()) as { readonly parts: Parts };
  return { code: answer.status, parts };
}

/** Of an app that is ready all the time, whatever stands still beside it. */
async function partsOf(api: App): Promise<Parts> {
  const { code, parts } = await readHealth(api);
  expect(code).toBe(200);
  return parts;
}

const ofWorker = ['worker', 'relay', 'temporal', 'filing'] as const;

async function untilStates(api: App, wanted: Readonly<Record<string, string>>): Promise<Parts> {
  const isWanted = (parts: Parts): boolean =>
    Object.entries(wanted).every(([name, state]) => parts[name]?.state === state);
  return await until(
    JSON.stringify(wanted),
    async () => {
      const parts = await partsOf(api);
      return isWanted(parts) ? parts : undefined;
    },
    30_000,
  );
}

const all = (state: string): Readonly<Record<string, string>> =>
  Object.fromEntries(ofWorker.map((name) => [name, state]));

async function startRole(store: Store, role: 'api' | 'smtp'): Promise<App> {
  const app = await store.start({ args: ['--role', role] });
  open.push(app.kill);
  return app;
}

/** Answers what ends it. */
async function startWorker(
  { folder, databaseUrl = '' }: Store,
  temporalAddress: string,
): Promise<(signal: NodeJS.Signals) => Promise<number | undefined>> {
  const worker = await spawnApp({ folder, databaseUrl, temporalAddress, args: ['--role', 'worker'] });
  let hasEnded = false;
  void worker.exited.then(() => (hasEnded = true));
  const end = async (signal: NodeJS.Signals): Promise<number | undefined> => {
    if (!hasEnded) process.kill(worker.pid, signal);
    return await worker.exited;
  };
  open.push(async () => await end('SIGKILL'));
  await until('the worker', () => worker.lines.includes('worker ready'));
  return end;
}

const holdersOf = async ({ foundation }: Store): Promise<readonly string[]> => {
  const rows = await foundation.db.all<{ holder: string }>('SELECT DISTINCT `holder` FROM `part_report`');
  return rows.map(({ holder }) => holder);
};

test('an app beside one that does everything shows what that one has', async (context) => {
  const store = await createStore(context, 'mariadb');
  open.push(store.clear);
  const whole = await store.start();
  open.push(whole.kill);
  const api = await startRole(store, 'api');

  await untilStates(api, { ...all('ready'), smtp: 'ready' });
  expect(await whole.stop()).toBe(0);
  await untilStates(api, { worker: 'down', relay: 'down' });
});

test('an app shows the parts of a worker and of a mail intake that run apart, and when they die or end', async (context) => {
  const store = await createStore(context, 'mariadb');
  open.push(store.clear);
  const temporal = await startTemporal();
  open.push(temporal.stop);
  const api = await startRole(store, 'api');
  const before = await partsOf(api);
  expect(before['worker']).toMatchObject({ state: 'down', text: 'No worker process has reported yet.' });
  expect(before['relay']?.state).toBe('down');
  expect(before).not.toHaveProperty('smtp');

  const smtp = await startRole(store, 'smtp');
  const endFirst = await startWorker(store, temporal.address);
  const { relay, worker } = await untilStates(api, { ...all('ready'), smtp: 'ready' });
  expect(worker).not.toHaveProperty('text');
  expect(relay).toMatchObject({ unit: 'events', ratePerSecond: 0, expectedEndAt: null, isStandby: false });
  expect(await smtp.stop()).toBe(0);
  await until('no mail intake', async () => !('smtp' in (await partsOf(api))));

  const server = await until('its process', () => temporal.pid());
  process.kill(server, 'SIGSTOP');
  await untilStates(api, { temporal: 'down', worker: 'ready' });
  process.kill(server, 'SIGCONT');
  await untilStates(api, { temporal: 'ready' });

  await endFirst('SIGKILL');
  const dead = await holdersOf(store);
  const silent = await untilStates(api, all('down'));
  expect(silent['worker']?.text).toMatch(/^Nothing was heard since /);

  const endSecond = await startWorker(store, temporal.address);
  await untilStates(api, all('ready'));
  expect(await holdersOf(store)).toHaveLength(2);
  expect(await endSecond('SIGTERM')).toBe(0);
  expect(await holdersOf(store)).toEqual(dead);
  const gone = await untilStates(api, { worker: 'down', relay: 'down' });
  expect(gone['worker']?.text).toBe('No worker process reports any more.');
});

test('how fast a relay that runs apart works is shown with the queue', async (context) => {
  const store = await createStore(context, 'mariadb');
  open.push(store.clear);
  const temporal = await startTemporal();
  open.push(temporal.stop);
  const api = await startRole(store, 'api');
  const authorization = `Bearer ${await addKey(store, { role: 'superadmin' })}`;
  const headers = { authorization, 'content-type': 'application/json' };
  await startWorker(store, temporal.address);
  await untilStates(api, { relay: 'ready' });

  const made = await fetch(`${api.url}/api/v1/leads`, { method: 'POST', headers, body: '{"title":"Eins"}' });
  expect(made.status).toBe(201);

  const parts = await until('a rate', async () => {
    const answer = await fetch(`${api.url}/api/v1/operations`, { headers });
    const { data } = (await answer.json()) as { readonly data: { readonly parts: Parts } };
    return Number(data.parts['queue']?.['ratePerSecond']) > 0 ? data.parts : undefined;
  });
  expect(parts['queue']?.['ratePerSecond']).toBe(parts['relay']?.['ratePerSecond']);
});

test('while the database is away the health page answers at once, and reports go on when it is back', async (context) => {
  if (!isMariadbInstalled()) context.skip('MariaDB is not installed (apt-get install mariadb-server)');
  const first = await startMariadb();
  open.push(first.stop);
  const store = await openStore('mariadb', { databaseUrl: await createMariadbDatabase(first.url) });
  open.push(store.clear);
  const api = await startRole(store, 'api');
  const smtp = await startRole(store, 'smtp');
  await untilStates(api, { smtp: 'ready' });

  process.kill(first.pid, 'SIGKILL');
  await until('MariaDB is gone', () => !isAlive(first.pid));
  const askedAt = performance.now();
  const { code, parts } = await readHealth(api);
  expect(performance.now() - askedAt).toBeLessThan(1000);
  expect(code).toBe(503);
  expect(parts['smtp']?.unit).toBe('mails');
  await until('its report is old', async () => (await readHealth(api)).parts['smtp']?.state === 'down', 30_000);

  const again = await startMariadb(first);
  open.push(again.stop);
  await until('the app', async () => (await readHealth(api)).code === 200);
  await untilStates(api, { smtp: 'ready' });
  expect(smtp.lines().filter((line) => line.includes('part_report'))).toEqual([]);
});

test.for(dialects)(
  'what a process said last counts, its own is taken back, what is old is forgotten: %s',
  async (dialect, context) => {
    const store = await createStore(context, dialect);
    open.push(store.clear);
    const { db } = store.foundation;
    const say = async (holder: string, at: string, parts: Readonly<Record<string, object>>): Promise<void> =>
      await db.write(async (tx) => await writePartReports(tx, { holder, at, parts: new Map(Object.entries(parts)) }));
    const known = async (): Promise<readonly unknown[]> =>
      (await readPartReports(db)).map(({ name, at, part }) => [name, at, part]).toSorted();
    const [first, second, third] = ['2026-11-29T12:00:00.000Z', '2026-11-29T12:00:05.000Z', '2026-11-29T12:00:06.000Z'];

    await say('one', first, { worker: { number: 1 }, relay: { text: 'Ä' } });
    await say('one', second, { worker: { number: 2 } });
    await say('two', third, { worker: { number: 3 } });
    expect(await known()).toEqual([
      ['relay', first, { text: 'Ä' }],
      ['worker', second, { number: 2 }],
      ['worker', third, { number: 3 }],
    ]);
    await db.write(async (tx) => await forgetPartReports(tx, second));
    await db.write(async (tx) => await deletePartReports(tx, 'two'));
    expect(await known()).toEqual([['worker', second, { number: 2 }]]);
  },
);
