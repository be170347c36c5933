import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, upload, type ImportData } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { isAlive, until } from '../support/processes.ts';
import { addKey, createStore, dialects, type Store } from '../support/stores.ts';

const head = 'Nachname;E-Mail;Budget\n';

/** Every hundredth row is poison, one way or the other. */
const rowOf = (index: number): string => {
  if (index % 200 === 7) return `Müller ${index};"keine Adresse ${index};1\n`;
  return index % 100 === 7 ? `Müller ${index};keine Adresse;1\n` : `Müller ${index};m${index}@example.org;"1.234,50"\n`;
};
const isPoison = (index: number): boolean => index % 100 === 7;

describe.each(dialects)('imports on %s', (dialect) => {
  const count = dialect === 'sqlite' ? 30_000 : 6_000;
  let store: Store;
  let key = '';
  let built: Promise<Store> | undefined;
  let app: App | undefined;

  beforeEach(async ({ skip }) => {
    built ??= createStore({ skip }, dialect);
    store = await built;
    if (key === '') key = await addKey(store, { role: 'superadmin' });
  });
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });
  afterAll(async () => {
    await (await built)?.clear();
  });

  const begin = async (from: number): Promise<string> => {
    const lines = Array.from({ length: count }, (_, index) => rowOf(from + index));
    const to = { url: app?.url ?? '', key };
    const answer = await upload(to, { content: head + lines.join('') }, { processes: 'none' });
    return (answer.json.data as unknown as ImportData).id;
  };
  const readOf = async (id: string): Promise<number> => {
    const row = await store.foundation.db.get<{ read: number }>('SELECT `read` FROM `import` WHERE `id` = ?', [id]);
    return Number(row?.read ?? 0);
  };
  /** Every row once: as a record or as rejected, with its line. */
  const audit = async (id: string, from: number): Promise<void> => {
    const { db } = store.foundation;
    const leads = await db.all<{ lastName: string }>('SELECT `lastName` FROM `lead` WHERE `createdBy` = ?', [
      `process/import/${id}`,
    ]);
    const rejected = await db.all<{ line: number }>(
      "SELECT `line` FROM `import_row` WHERE `importId` = ? AND `outcome` = 'rejected' ORDER BY `line`",
      [id],
    );
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    expect(leads.map(({ lastName }) => lastName).toSorted()).toEqual(
      numbers
        .filter((index) => !isPoison(index))
        .map((index) => `Müller ${index}`)
        .toSorted(),
    );
    expect(rejected.map(({ line }) => Number(line))).toEqual(numbers.filter(isPoison).map((index) => index - from + 2));
    expect(await countRows(store, 'import_row', `\`importId\` = '${id}'`)).toBe(count);
    // Nothing is half-written: each record has one event of its beginning.
    const begun = `\`actor\` = 'process/import/${id}' AND \`act\` = 'lead.create'`;
    expect(await countRows(store, 'event', begun)).toBe(leads.length);
    if (dialect === 'sqlite') expect(await db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  };

  it('R26, R27: the worker killed in the middle, twice: every row once, the poison named by its line', async () => {
    app = await store.start();
    await app.temporalReady();
    const id = await begin(0);
    let reached = 0;
    for (let round = 0; round < 2; round += 1) {
      const pid = await app.workerPid();
      const before = reached;
      reached = await until(
        'rows are coming in',
        async () => {
          const now = await readOf(id);
          return now > before ? now : undefined;
        },
        60_000,
      );
      process.kill(pid, 'SIGKILL');
      await until('the worker is gone', () => !isAlive(pid));
    }
    expect(await readOf(id)).toBeLessThan(count);
    const poison = count / 100;
    expect(await settled(createApi(app.url, key), id)).toMatchObject({
      state: 'done',
      read: count,
      created: count - poison,
      rejected: poison,
    });
    await audit(id, 0);
  });

  it('R27: killed within a transaction nothing of it is left, and what follows goes on there', async () => {
    app = await store.start({ env: { FAILPOINT: 'S10:kill:5' } });
    await app.temporalReady();
    const id = await begin(100_000);
    await app.line(/worker process ended/, 60_000);
    await app.kill();
    app = await store.start();
    await app.temporalReady();
    expect(await settled(createApi(app.url, key), id)).toMatchObject({ state: 'done', read: count });
    await audit(id, 100_000);
  });

  it('R06: with Temporal away it waits, and comes in when it is back', async () => {
    app = await store.start({ temporalAddress: '127.0.0.1:9' });
    const id = await begin(200_000);
    expect(await settled(createApi(app.url, key), id, ['queued'])).toMatchObject({ state: 'queued', read: 0 });
    await app.kill();
    app = await store.start();
    await app.temporalReady();
    expect(await settled(createApi(app.url, key), id)).toMatchObject({ state: 'done', read: count });
  });
});
