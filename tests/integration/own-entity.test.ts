import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createUser } from '../../commands/accounts/createUser.ts';
import { createApi, type Api, type ApiAnswer } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { until } from '../support/processes.ts';
import { need } from '../support/provided.ts';
import { addKey, dialects, openStore, type Store } from '../support/stores.ts';

type Found = Readonly<Record<string, unknown>>;

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });

/** What an admin invents: contracts that are checked and signed. No field of it is one that the product knows, but for the owner. */
const schema = {
  $id: 'service-contract',
  type: 'object',
  'x-entity': {
    plural: 'service-contracts',
    label: text('Vertrag'),
    pluralLabel: text('Verträge'),
    titleField: 'name',
    pipeline: true,
  },
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 100, 'x-label': text('Name') },
    signedOn: { type: 'string', format: 'date', 'x-label': text('Unterschrieben am') },
    owner: { 'x-reference': 'user', 'x-label': text('Verantwortlich') },
    lead: { 'x-reference': 'lead', 'x-label': text('Inbox-Eintrag') },
    customer: { 'x-reference': 'organization', 'x-label': text('Kunde') },
  },
};

const pipeline = {
  key: 'vertraege',
  entity: 'service-contract',
  label: text('Verträge'),
  stages: [
    {
      key: 'neu',
      label: text('Neu'),
      enter: [{ assign: { role: 'sales', pick: 'least-loaded' } }],
      plan: [
        { key: 'pruefen', type: 'aufgabe', title: text('Prüfen'), mandatory: true },
        { key: 'anrufen', type: 'anruf', title: text('Anrufen'), after: ['pruefen'], offset: { workingDays: 1 } },
      ],
      timers: [{ key: 'frist', label: text('Frist'), after: { days: 30 }, do: [{ timeline: text('Frist vorbei') }] }],
      on: [{ event: 'planDone', do: [{ goTo: 'geprueft' }] }],
    },
    {
      key: 'geprueft',
      label: text('Geprüft'),
      timers: [
        { key: 'gleich', label: text('Gleich'), after: { minutes: 0.01 }, do: [{ timeline: text('Abgewartet') }] },
      ],
    },
    { key: 'unterschrieben', label: text('Unterschrieben'), requires: { fields: ['signedOn'] }, end: true },
  ],
};

describe.each(dialects)('an entity with a pipeline that an admin publishes, on %s', (dialect) => {
  const serverUrl = dialect === 'mariadb' ? inject('mariadbUrl') : undefined;
  const isMissing = dialect === 'mariadb' && serverUrl === undefined;
  let store: Store;
  let app: App;
  let api: Api;

  beforeEach((context) => {
    if (isMissing) need(context, 'mariadbUrl');
  });
  beforeAll(async () => {
    if (isMissing) return;
    const databaseUrl = serverUrl === undefined ? undefined : await createMariadbDatabase(serverUrl);
    store = await openStore(dialect, { databaseUrl });
    for (const name of ['Anna', 'Bert'])
      await createUser(store.asSystem(), {
        name,
        email: `${name}@example.org`,
        role: 'sales',
        password: 'kaffee regen laterne 7',
      });
    app = await store.start();
    api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    expect((await api.put('/schemas/service-contract', { schema })).status).toBe(201);
    expect((await api.put('/config/pipelines/vertraege', pipeline)).status).toBe(201);
  });
  afterAll(async () => {
    if (isMissing) return;
    await app.stop();
    await store.clear();
  });

  const filtered = async (plural: string, filter: string, sort: string): Promise<readonly Found[]> =>
    (await api.get(`/${plural}?filter=${encodeURIComponent(filter)}&sort=${sort}`)).json.data;
  const planOf = async (id: string): Promise<readonly Found[]> =>
    await filtered('activities', `serviceContract = "${id}"`, 'dueAt');
  const timelineOf = async (id: string): Promise<readonly Found[]> =>
    await filtered('timeline-entries', `serviceContract = "${id}"`, 'at');
  const create = async (more: Found = {}): Promise<string> =>
    String((await api.post('/service-contracts', { name: 'Wartung', ...more })).json.data['id']);
  const process = async (id: string): Promise<Found> => (await api.get(`/service-contracts/${id}/process`)).json.data;
  const inStage = async (id: string, stage: string): Promise<void> =>
    void (await until(`stage ${stage}`, async () => {
      const { state, stage: now, nextActionAt } = await process(id);
      return state !== 'starting' && now === stage && nextActionAt !== undefined;
    }));
  const planned = async (id: string): Promise<readonly Found[]> =>
    await until('a plan', async () => {
      const plan = await planOf(id);
      return plan.length === 2 ? plan : undefined;
    });
  const act = async (path: string, body: unknown = {}): Promise<ApiAnswer> => await api.post(path, body);

  it('has links from activities and timeline in columns, filters, forms and the description', async () => {
    const published = (await api.get('/schemas')).json.data.find((one) => one['entity'] === 'activity');
    const { properties } = (published?.['schema'] ?? { properties: {} }) as { properties: Record<string, Found> };
    expect(properties['serviceContract']).toMatchObject({ 'x-reference': 'service-contract', 'x-section': 'links' });
    const id = await create();
    const made = await api.post('/activities', { title: 'Von Hand', serviceContract: id });
    expect(made.json.data).toMatchObject({ serviceContract: id });
    expect((await api.post('/activities', { title: 'x', serviceContract: 'nichts' })).json.errors[0]?.path).toBe(
      '/serviceContract',
    );
    expect((await api.post('/activities', { title: 'x', serviceContract: 1 })).status).toBe(422);
  });

  it('is found by its title in the search of everything, by those who may read it', async () => {
    const id = await create({ name: 'Wärmepumpe Weststraße' });
    await api.delete(`/service-contracts/${await create({ name: 'Wärmepumpe gelöscht' })}`);
    expect((await api.get('/search?q=wärmepumpe')).json.data).toEqual([
      { entity: 'service-contract', plural: 'service-contracts', id, title: 'Wärmepumpe Weststraße', subtitle: '' },
    ]);
    const role = {
      key: 'fremd',
      label: text('Fremd'),
      can: [
        { do: ['read'], on: 'lead' },
        { do: ['read'], on: 'service-contract', where: 'owner = me' },
      ],
    };
    expect((await api.put('/config/roles/fremd', role)).status).toBe(201);
    await store.foundation.registry.refresh();
    const other = createApi(app.url, await addKey(store, { role: 'fremd' }));
    expect((await other.get('/search?q=Wärmepumpe')).json.data).toEqual([]);
    const blind = { ...role, can: [{ do: ['read'], on: 'service-contract', fields: { hide: ['name'] } }] };
    expect((await api.put('/config/roles/fremd', blind)).status).toBe(200);
    expect((await other.get('/search?q=Wärmepumpe')).json.data).toEqual([]);
  });

  it('gets stage, owner, plan and deadline from its process, and a timeline that tells of it', async () => {
    const lead = String((await api.post('/leads', { title: 'Anfrage', email: 'a@example.org' })).json.data['id']);
    const customer = String((await api.post('/organizations', { name: 'Muster' })).json.data['id']);
    const id = await create({ lead, customer });
    const plan = await planned(id);
    expect(plan.map(({ title, state }) => [title, state])).toEqual([
      ['Prüfen', 'open'],
      ['Anrufen', 'open'],
    ]);
    // The lead has a process of its own, which must not take these for its plan.
    expect(plan.map((activity) => activity['lead'])).toEqual([null, null]);
    expect(await process(id)).toMatchObject({ state: 'running', stage: 'neu', revision: 1, migratable: false });
    expect((await api.get(`/service-contracts/${id}`)).json.data['owner']).toEqual(plan[0]?.['owner']);
    expect((await timelineOf(id)).map((entry) => entry['kind'])).toEqual(
      expect.arrayContaining(['created', 'assigned']),
    );
    expect((await act(`/service-contracts/${id}/note`, { text: 'Bitte bald' })).status).toBe(201);
    expect((await timelineOf(id)).map((entry) => entry['text'])).toContain('Bitte bald');
  });

  it('goes on when its plan is done, waits for its timer, and is moved under the rules of its stages', async () => {
    const id = await create();
    const [check] = await planned(id);
    await act(`/activities/${String(check?.['id'])}/complete`);
    await inStage(id, 'geprueft');
    await until('the timer', async () => (await timelineOf(id)).some((entry) => entry['text'] === 'Abgewartet'));
    expect((await planOf(id)).map((activity) => activity['state'])).toEqual(['done', 'cancelled']);
    const refused = await act(`/service-contracts/${id}/move`, { stage: 'unterschrieben' });
    expect([refused.status, refused.json.errors[0]?.path]).toEqual([422, '/signedOn']);
    await api.patch(`/service-contracts/${id}`, { signedOn: '2026-11-23' });
    expect((await act(`/service-contracts/${id}/move`, { stage: 'unterschrieben' })).status).toBe(200);
    await until('the end', async () => (await process(id))['state'] === 'done');
  });

  it('moves a step with its followers, and the whole plan to a new start', async () => {
    const id = await create();
    const [check, call] = await planned(id);
    const later = { dueAt: '2030-01-07T09:00:00.000Z', shiftFollowers: true };
    await act(`/activities/${String(check?.['id'])}/move`, later);
    expect((await planOf(id)).map((activity) => activity['dueAt'])).toEqual([
      '2030-01-07T09:00:00.000Z',
      '2030-01-08T09:00:00.000Z',
    ]);
    const path = `/service-contracts/${id}/process/replan`;
    const preview = await act(`${path}?dryRun=1`, { start: '2030-02-01T09:00:00.000Z' });
    expect(preview.json.data['activities']).toContainEqual(
      expect.objectContaining({ id: call?.['id'], to: '2030-02-04T09:00:00.000Z' }),
    );
    expect((await act(path, { start: '2030-02-01T09:00:00.000Z' })).status).toBe(200);
    expect((await planOf(id)).map((activity) => activity['dueAt'])).toEqual([
      '2030-02-01T09:00:00.000Z',
      '2030-02-04T09:00:00.000Z',
    ]);
  });

  it('is migrated to a newer revision', async () => {
    const id = await create();
    await planned(id);
    const [first, ...rest] = pipeline.stages;
    const renamed = { ...pipeline, stages: [{ ...first, key: 'eingang' }, ...rest] };
    const { revision } = (await api.put('/config/pipelines/vertraege', renamed)).json.data;
    expect(await process(id)).toMatchObject({ revision: 1, latestRevision: revision, migratable: true });
    const path = `/service-contracts/${id}/process/migrate`;
    for (const wrong of [99, 0, -1]) {
      const { status, json } = await act(path, { revision: wrong });
      expect([status, json.errors]).toEqual([422, [expect.objectContaining({ path: '/revision', code: 'choice' })]]);
    }
    const { status, json } = await act(path, { revision, stageMap: { neu: 'eingang', x: 'eingang' } });
    expect([status, json.errors]).toEqual([422, [expect.objectContaining({ path: '/stageMap/x', code: 'unknown' })]]);
    const migrated = await act(path, { revision, stageMap: { neu: 'eingang', eingang: 'eingang' } });
    expect(migrated.status).toBe(200);
    await inStage(id, 'eingang');
  });
});
