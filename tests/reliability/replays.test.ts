import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { insertRecords } from '../../store/records.ts';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, type ImportData } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { isAlive, until } from '../support/processes.ts';
import { addKey, createStore, dialects, type Store } from '../support/stores.ts';

describe.each(dialects)('working many messages again on %s', (dialect) => {
  const count = dialect === 'sqlite' ? 1_500 : 300;
  let store: Store;
  let api: Api;
  let built: Promise<Store> | undefined;
  let app: App | undefined;

  beforeEach(async ({ skip }) => {
    built ??= createStore({ skip }, dialect);
    store = await built;
    app ??= await store.start();
    await app.temporalReady();
    api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
  });
  afterAll(async () => {
    await app?.kill();
    await (await built)?.clear();
  });

  /** Messages that were rejected under a mapping which has been mended since. */
  const reject = async (name: string): Promise<void> => {
    const ctx = store.asSystem();
    const model = ctx.snapshot.models.get('intake-message');
    if (model === undefined) throw new Error('no model');
    const at = new Date().toISOString();
    const stamp = { tenantId: 'main', version: 1, createdAt: at, createdBy: 'test', updatedAt: at, updatedBy: 'test' };
    const rows = Array.from({ length: count }, (_, index) => ({
      ...stamp,
      id: ctx.newId(),
      source: 'kaltakquise',
      receivedAt: at,
      state: 'rejected',
      channel: 'webhook',
      contentType: 'application/json',
      contentHash: 'x',
      body: JSON.stringify({ lastName: `${name} ${index}`, email: `${name}${index}@example.org` }),
      attempts: 1,
    }));
    await ctx.db.write(async (tx) => await insertRecords(tx, model, rows));
  };
  const begin = async (): Promise<string> => {
    const answer = await api.post('/intake-messages/replay', { filter: 'source = "kaltakquise"' });
    return (answer.json.data as unknown as ImportData).id;
  };
  const readOf = async (id: string): Promise<number> => Number((await api.get(`/imports/${id}`)).json.data['read']);

  it('R27: the worker killed in the middle: another goes on, and every message makes one lead', async () => {
    await reject('eins');
    const id = await begin();
    await until('some are worked', async () => (await readOf(id)) > 0);
    const worker = (await app?.workerPid()) ?? 0;
    process.kill(worker, 'SIGKILL');
    await until('the worker is gone', () => !isAlive(worker));
    expect(await settled(api, id)).toMatchObject({ state: 'done', read: count, created: count, rejected: 0 });
    const leads = await store.foundation.db.all<{ lastName: string }>(
      "SELECT `lastName` FROM `lead` WHERE `lastName` LIKE 'eins %'",
    );
    expect(new Set(leads.map(({ lastName }) => lastName)).size).toBe(count);
    expect(leads).toHaveLength(count);
    expect(await countRows(store, 'intake_message', '`lead` IS NULL')).toBe(0);
  });

  it('stops when somebody cancels it, and what is left can be worked later', async () => {
    await reject('zwei');
    const id = await begin();
    await until('some are worked', async () => (await readOf(id)) > 0);
    expect((await api.post(`/imports/${id}/cancel`)).status).toBe(200);
    const read = Number((await settled(api, id))['read']);
    expect(read).toBeLessThan(count);
    expect(await countRows(store, 'lead', "`lastName` LIKE 'zwei %'")).toBe(read);
    expect(await settled(api, await begin())).toMatchObject({
      state: 'done',
      size: count - read,
      created: count - read,
    });
    expect(await countRows(store, 'lead', "`lastName` LIKE 'zwei %'")).toBe(count);
  });
});
