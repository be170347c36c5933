import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { addKey, openStore, type Store } from '../support/stores.ts';

let store: Store;
let app: App;
let api: Api;

beforeAll(async () => {
  store = await openStore('sqlite', {});
  app = await store.start({ args: ['--role', 'api'] });
  api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
});
afterAll(async () => {
  await app.stop();
  await store.clear();
});

it('the secret of outgoing webhooks is shown once, when it is made, and never again', async () => {
  expect((await api.get('/webhook-secret')).json.data).toMatchObject({ exists: false, previousUntil: null });
  const made = await api.post('/webhook-secret/rotate');
  const secret = String(made.json.data['secret']);
  expect(secret).toMatch(/^whsec_/);
  const state = await api.get('/webhook-secret');
  expect(state.json.data).toMatchObject({
    exists: true,
    previousUntil: null,
    createdBy: expect.stringMatching(/^key\//),
  });
  expect(state.text).not.toContain('whsec_');
  const again = await api.post('/webhook-secret/rotate');
  expect(again.json.data['secret']).not.toBe(secret);
  expect(again.json.data['previousUntil']).toEqual(expect.any(String));
  expect((await api.get('/audit')).text).toContain('webhook-secret.rotate');
  expect((await api.get('/audit')).text).not.toContain('whsec_');
});

it('the secret of outgoing webhooks is the business of those who configure', async () => {
  const seller = createApi(app.url, await addKey(store, { role: 'sales' }));
  expect((await seller.get('/webhook-secret')).status).toBe(403);
  expect((await seller.post('/webhook-secret/rotate')).status).toBe(403);
  expect((await createApi(app.url).post('/webhook-secret/rotate')).status).toBe(401);
});
