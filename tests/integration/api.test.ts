import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createKey } from '../../commands/accounts/createKey.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { v7 as uuidv7 } from 'uuid';
import { findRecord, insertRecords } from '../../store/records.ts';
import { parkProcess } from '../../commands/process/parkProcess.ts';
import type { ExternalEffect } from '../../core/pipeline/state.ts';
import { addEffect, effectId } from '../../store/effects.ts';
import { insertNotice } from '../../store/notices.ts';
import { createApi, signIn, type Api, type ApiAnswer } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { until } from '../support/processes.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';
import { addKey, dialects, openStore, type Store } from '../support/stores.ts';

const ids = (answer: ApiAnswer): unknown[] => answer.json.data.map((record) => record['id']);

const buildLead = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  title: 'Anfrage',
  firstName: 'Anna',
  lastName: 'Berg',
  email: 'anna@muster-bau.example',
  phone: '030 901820',
  company: 'Muster Bau GmbH',
  street: 'Weg 1',
  postalCode: '10115',
  city: 'Berlin',
  budget: 1500,
  priority: 'normal',
  ...changes,
});

describe.each(dialects)('the API on %s', (dialect) => {
  const serverUrl = dialect === 'mariadb' ? inject('mariadbUrl') : undefined;
  const isMissing = dialect === 'mariadb' && serverUrl === undefined;
  let store: Store;
  let app: App;
  let api: Api;
  let seller = '';
  /** The seller in their browser. */
  let sales: Api;

  beforeEach((context) => {
    if (isMissing) need(context, 'mariadbUrl');
  });
  beforeAll(async () => {
    if (isMissing) return;
    store = await openStore(dialect, {
      databaseUrl: serverUrl === undefined ? undefined : await createMariadbDatabase(serverUrl),
    });
    const user = {
      name: 'Sina Verkauf',
      email: 'sina@example.org',
      role: 'sales',
      team: 'nord',
      password: 'kaffee regen laterne 7',
    };
    seller = (await createUser(store.asSystem(), user)).user.id;
    app = await store.start({ args: ['--role', 'api'] });
    api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    sales = await signIn(app.url, user);
  });
  afterAll(async () => {
    if (isMissing) return;
    await app.stop();
    await store.clear();
  });

  const create = async (changes?: Readonly<Record<string, unknown>>): Promise<{ id: string; event: number }> => {
    const answer = await api.post('/leads', buildLead(changes));
    expect(answer.status).toBe(201);
    return { id: String(answer.json.data['id']), event: answer.json.event };
  };

  const read = async (id: string): Promise<Readonly<Record<string, unknown>>> =>
    (await api.get(`/leads/${id}`)).json.data;

  describe('records', () => {
    it('creates a lead at the first stage of its pipeline and answers what it stored', async () => {
      const answer = await api.post('/leads', buildLead({ budget: 1234.5, tags: ['messe'] }));
      expect(answer.status).toBe(201);
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.json.data).toMatchObject({
        budget: 1234.5,
        tags: ['messe'],
        stage: 'neu',
        pipeline: 'inbox',
        pipelineRevision: 1,
        state: 'open',
        version: 1,
      });
      expect(answer.json.data).not.toHaveProperty('tenantId');
      expect((await api.get(answer.headers.get('location')?.replace('/api/v1', '') ?? '')).json.data).toEqual(
        answer.json.data,
      );
    });

    it('names every faulty field at once', async () => {
      const answer = await api.post(
        '/leads',
        buildLead({
          email: 'x',
          budget: 'viel',
          priority: 'sofort',
          qualifiedAt: '2026-01-01T00:00:00Z',
          foo: 1,
          owner: 'nobody',
        }),
      );
      expect(answer.status).toBe(422);
      expect(answer.json.errors.map((one) => one.path).toSorted()).toEqual([
        '/budget',
        '/email',
        '/foo',
        '/owner',
        '/priority',
        '/qualifiedAt',
      ]);
    });

    it('takes a required text that is blank for a missing one, and makes up a title for a lead that has a name', async () => {
      const missing = [{ path: '/title', code: 'required' }];
      for (const body of [{}, { title: ' ', lastName: '\t' }]) {
        const answer = await api.post('/leads', body);
        expect([answer.status, answer.json.errors]).toMatchObject([422, missing]);
      }
      expect((await api.post('/leads', { title: ' ', company: 'Bau AG' })).json.data).toMatchObject({
        title: 'Bau AG',
      });
      const { id } = await create();
      for (const title of ['   ', '', null])
        expect((await api.patch(`/leads/${id}`, { title })).json).toMatchObject({ status: 422, errors: missing });
      expect((await api.post('/organizations', { name: ' ' })).json.errors[0]).toMatchObject({ path: '/name' });
      expect((await api.patch(`/leads/${id}`, { city: ' ' })).status).toBe(200);
    });

    it('applies a merge patch: absent stays, null clears', async () => {
      const { id } = await create();
      const answer = await api.patch(
        `/leads/${id}`,
        { phone: null, city: 'Kiel' },
        { 'content-type': 'application/merge-patch+json' },
      );
      expect(answer.status).toBe(200);
      expect(answer.json.data).toMatchObject({
        phone: null,
        city: 'Kiel',
        email: 'anna@muster-bau.example',
        version: 2,
      });
    });

    it('refuses to change what the system sets (B20)', async () => {
      const { id } = await create();
      for (const patch of [
        { createdAt: '2020-01-01T00:00:00Z' },
        { qualifiedAt: '2020-01-01T00:00:00Z' },
        { state: 'converted' },
        { stage: 'erledigt' },
        { version: 9 },
        { id: 'x' },
      ]) {
        const answer = await api.patch(`/leads/${id}`, patch);
        expect([answer.status, answer.json.errors[0]?.code]).toEqual([422, 'readOnly']);
      }
      expect(await read(id)).toMatchObject({ version: 1, state: 'open' });
    });

    it('answers 409 with the current record when somebody was faster', async () => {
      const { id } = await create();
      await api.patch(`/leads/${id}`, { city: 'Bonn' });
      const late = await api.patch(`/leads/${id}`, { city: 'Köln' }, { 'if-match': '"1"' });
      expect(late.status).toBe(409);
      expect(late.json['current']).toMatchObject({ city: 'Bonn', version: 2 });
      expect((await api.patch(`/leads/${id}`, { city: 'Köln' }, { 'if-match': '"2"' })).status).toBe(200);
    });

    it('keeps instants in UTC, money in cents and texts well formed, and answers what it keeps', async () => {
      for (const [path, input, kept] of [
        ['/activities', { dueAt: '2027-02-28T10:00:00+02:00' }, { dueAt: '2027-02-28T08:00:00.000Z' }],
        ['/activities', { dueAt: '2027-02-28 10:00:00.123456Z' }, { dueAt: '2027-02-28T10:00:00.123Z' }],
        ['/leads', { budget: 0.1 + 0.2 }, { budget: 0.3 }],
        ['/leads', { city: 'A\ud800' }, { city: 'A\ufffd' }],
      ] as const) {
        const made = await api.post(path, { title: 'Form', ...input });
        expect([input, made.status]).toEqual([input, 201]);
        const id = String(made.json.data['id']);
        expect(made.json.data).toMatchObject(kept);
        expect((await api.get(`${path}/${id}`)).json.data).toMatchObject(kept);
        expect((await api.patch(`${path}/${id}`, input)).json.event).toBe(0);
      }
      for (const dueAt of ['2027-02-29T10:00:00Z', '29.02.2027', '2027-02-28', '2027-02-28T24:00:00Z'])
        expect([dueAt, (await api.post('/activities', { title: 'Form', dueAt })).json.errors]).toEqual([
          dueAt,
          [{ path: '/dueAt', code: 'format', message: expect.any(String) as string }],
        ]);
    });

    it('answers 422 for an amount with more than two decimals', async () => {
      const { id } = await create();
      for (const budget of [0.001, 1.005, 1234.567, -9.999]) {
        const message = 'Höchstens 2 Nachkommastellen.';
        for (const answer of [
          await api.post('/leads', { title: 'Genau', budget }, { 'accept-language': 'de' }),
          await api.patch(`/leads/${id}`, { budget }, { 'accept-language': 'de' }),
        ])
          expect([answer.status, answer.json.errors]).toEqual([422, [{ path: '/budget', code: 'decimals', message }]]);
      }
      expect(await read(id)).toMatchObject({ version: 1 });
    });

    it('answers 304 to who has the version already', async () => {
      const { id } = await create();
      for (const known of ['"1"', 'W/"1"', '"7", "1"', '*'])
        expect([known, (await api.get(`/leads/${id}`, { 'if-none-match': known })).status]).toEqual([known, 304]);
      expect((await api.get(`/leads/${id}`, { 'if-none-match': '"7"' })).status).toBe(200);
    });

    it('deletes out of sight, and undoes that', async () => {
      const { id } = await create();
      const gone = await api.delete(`/leads/${id}`);
      expect((await api.get(`/leads/${id}`)).status).toBe(404);
      expect((await api.post('/undo', { event: gone.json.event })).status).toBe(200);
      expect(await read(id)).toMatchObject({ id, title: 'Anfrage' });
    });

    it('gives the same answer to a repeated request with one idempotency key, and 409 to another request', async () => {
      const key = { 'idempotency-key': crypto.randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () => await api.post('/leads', buildLead({ title: 'Einmal' }), key)),
      );
      expect(new Set(answers.map((answer) => `${answer.status} ${String(answer.json.data['id'])}`)).size).toBe(1);
      expect((await api.post('/leads', buildLead({ title: 'Anders' }), key)).json).toMatchObject({
        status: 409,
        title: 'Das widerspricht etwas, das schon da ist.',
        detail: 'Dieser Idempotency-Key wurde schon mit einem anderen Inhalt benutzt.',
      });
    });

    it('answers 404 for what does not exist and 415, 400 for bodies it cannot read', async () => {
      expect((await api.get('/leads/nope')).status).toBe(404);
      expect((await api.get('/nothings')).status).toBe(404);
      expect((await api.post('/leads', 'a=b', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await api.post('/leads', '{"title":', { 'content-type': 'application/json' })).status).toBe(400);
      const number = await api.post('/leads', '{"title":"Z","phone":12345678901234567890}', {
        'content-type': 'application/json',
      });
      expect(number.status).toBe(422);
      expect((await createApi(app.url).get('/leads')).status).toBe(401);
      expect((await createApi(app.url, 'lw_wrong').get('/leads')).status).toBe(401);
    });
  });

  describe('lists', () => {
    it('filters, sorts and pages without losing or repeating a record', async () => {
      const campaign = crypto.randomUUID();
      for (let index = 0; index < 25; index += 1)
        await create({ campaign, budget: (index % 5) * 1000, title: `L${String(index).padStart(2, '0')}` });
      const seen: unknown[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const query = new URLSearchParams({
          filter: `campaign = "${campaign}" and budget >= 1000`,
          sort: '-budget,title',
          limit: '7',
          total: 'exact',
          fields: 'title,budget',
          ...(cursor === '' ? {} : { cursor }),
        });
        const page = await api.get(`/leads?${query.toString()}`);
        expect(page.json.page).toMatchObject({ total: 20, totalExact: true });
        seen.push(...page.json.data.map((lead) => [lead['budget'], lead['title']]));
        cursor = page.json.page.next;
      }
      expect(seen).toHaveLength(20);
      expect(seen).toEqual(
        seen.toSorted((one, other) => {
          const [[budgetA, titleA], [budgetB, titleB]] = [one as [number, string], other as [number, string]];
          return budgetB - budgetA || titleA.localeCompare(titleB);
        }),
      );
    });

    it('sorts empty values to one end in both directions', async () => {
      const campaign = crypto.randomUUID();
      for (const budget of [null, 5, null, 7]) await create({ campaign, budget });
      const budgets = async (sort: string): Promise<unknown[]> => {
        const all: unknown[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const page: ApiAnswer = await api.get(
            `/leads?${new URLSearchParams({ filter: `campaign = "${campaign}"`, sort, limit: '1', ...(cursor === '' ? {} : { cursor }) }).toString()}`,
          );
          all.push(...page.json.data.map((lead) => lead['budget']));
          cursor = page.json.page.next;
        }
        return all;
      };
      expect(await budgets('budget')).toEqual([null, null, 5, 7]);
      expect(await budgets('-budget')).toEqual([7, 5, null, null]);
    });

    it('says where a filter is wrong and what was expected', async () => {
      const answer = await api.get(`/leads?filter=${encodeURIComponent('stage = "neu" und budget > 1')}`);
      expect(answer.status).toBe(400);
      expect(answer.json.code).toBe('InvalidFilter');
      expect(answer.json['position']).toBe(15);
      for (const query of [
        'limit=0',
        'limit=201',
        'sort=nope',
        'fields=nope',
        'total=some',
        'cursor=AAAA',
        'sort=additional',
      ]) {
        expect([query, (await api.get(`/leads?${query}`)).status]).toEqual([query, 400]);
      }
    });

    it('searches words whatever their case, umlauts included, and treats wildcards as text', async () => {
      const word = `Grünspecht${Date.now()}`;
      const { id } = await create({ company: word });
      expect(ids(await api.get(`/leads?q=${encodeURIComponent(word.toUpperCase())}`))).toEqual([id]);
      expect(ids(await api.get(`/leads?q=${encodeURIComponent(`${word.slice(0, 4)}%`)}`))).toEqual([]);
    });

    it('shows the names behind references', async () => {
      const { id } = await create({ owner: seller });
      const answer = await api.get(`/leads?filter=${encodeURIComponent(`id = "${id}"`)}&expand=owner`);
      expect(answer.json['_labels']).toEqual({ [seller]: 'Sina Verkauf' });
    });

    it('names the records of notices, but for those that are gone', async () => {
      const kept = await create({ title: 'Da' });
      const gone = await create({ title: 'Weg' });
      await api.delete(`/leads/${gone.id}`);
      const { key, row } = await createKey(store.asSystem(), { name: 'notices', role: 'sales-manager' });
      await store.foundation.db.write(async (tx) => {
        for (const [index, recordId] of [kept.id, gone.id].entries()) {
          const at = new Date(index).toISOString();
          const text = { de: 'Hinweis', en: 'Notice' };
          const to = { tenantId: 'main', userId: row.id, entity: 'lead' };
          await insertNotice(tx, { ...to, id: `${row.id}-${index}`, at, recordId, text });
        }
      });
      const answer = await createApi(app.url, key).get('/notices');

      expect(answer.json.data.map((notice) => notice['title'])).toEqual([null, 'Da']);
      expect(answer.json['unread']).toBe(2);
    });

    it('exports a table that a spreadsheet opens without running anything', async () => {
      const campaign = crypto.randomUUID();
      await create({ campaign, title: '=HYPERLINK("http://evil")' });
      const answer = await api.get(
        `/leads.csv?${new URLSearchParams({ filter: `campaign = "${campaign}"`, fields: 'title,budget' }).toString()}`,
      );
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-disposition')).toContain('leads.csv');
      expect(answer.text).toContain(`"'=HYPERLINK(""http://evil"")"`);
    });

    it('exports every record, not only the first page of them', async () => {
      const campaign = crypto.randomUUID();
      const made = Array.from({ length: 210 }, async (_, index) => await create({ campaign, title: `Nr. ${index}` }));
      await Promise.all(made);
      const query = new URLSearchParams({ filter: `campaign = "${campaign}"`, fields: 'title' });
      const lines = (await api.get(`/leads.csv?${query.toString()}`)).text.trim().split('\n');

      expect(lines).toHaveLength(211);
      expect(new Set(lines).size).toBe(211);
      expect((await api.get('/leads.csv?filter=nonsense')).status).toBe(400);
    });

    it('counts several filters at once', async () => {
      const campaign = crypto.randomUUID();
      await create({ campaign });
      const answer = await api.post('/leads/count', {
        filters: [`campaign = "${campaign}"`, `campaign = "${campaign}" and stage = "erledigt"`],
      });
      expect(answer.json.data).toEqual([1, 0]);
    });
  });

  it('leaves a lead with whoever adds it by hand and would lose it, and no other', async () => {
    const add = async (by: Api, more: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
      (await by.post('/leads', buildLead(more))).json.data;
    expect(await add(sales)).toMatchObject({ owner: seller, team: 'nord' });
    expect(await add(sales, { owner: null, team: 'nord' })).toMatchObject({ owner: seller, team: 'nord' });
    expect(await add(api)).toMatchObject({ owner: null, team: null });
    const key = await addKey(store, { role: 'sales' });
    expect(await add(createApi(app.url, key))).toMatchObject({ owner: null });
    const chief = { name: 'Lea', email: 'lea@example.org', role: 'sales-manager', password: 'kaffee regen laterne 7' };
    await createUser(store.asSystem(), chief);
    expect(await add(await signIn(app.url, chief))).toMatchObject({ owner: null });
  });

  describe('acts on leads', () => {
    it('assigns to a user, who brings their team, and refuses one who does not exist', async () => {
      const { id } = await create();
      expect((await api.post(`/leads/${id}/assign`, { owner: seller })).json.data).toMatchObject({
        owner: seller,
        team: 'nord',
      });
      expect((await api.post(`/leads/${id}/assign`, { owner: 'ghost' })).json.errors[0]?.path).toBe('/owner');
      expect((await api.post(`/leads/${id}/assign`, {})).status).toBe(422);
    });

    it('is accepted in one act: owner and next stage, and one undo takes both back', async () => {
      const { id } = await create();
      const accepted = await sales.post(`/leads/${id}/accept`, {}, { 'if-match': '"1"' });
      expect([accepted.status, accepted.headers.get('etag')]).toEqual([200, '"2"']);
      expect(accepted.json.data).toMatchObject({ owner: seller, team: 'nord', stage: 'kontaktversuch', version: 2 });
      const entries = await api.get(`/timeline-entries?filter=${encodeURIComponent(`lead = "${id}"`)}&sort=at`);
      expect(entries.json.data.map((entry) => entry['kind'])).toEqual(['created', 'assigned', 'moved']);
      expect((await sales.post('/undo', { event: accepted.json.event })).status).toBe(200);
      expect(await read(id)).toMatchObject({ owner: null, team: null, stage: 'neu', version: 3 });
    });

    it('takes over from somebody else, and at the last stage changes the owner only', async () => {
      const { id } = await create({ team: 'nord' });
      await api.post(`/leads/${id}/move`, { stage: 'erledigt' });
      expect((await sales.post(`/leads/${id}/accept`, {})).json.data).toMatchObject({
        owner: seller,
        stage: 'erledigt',
      });
      // Nothing left to change: nothing is written.
      expect((await sales.post(`/leads/${id}/accept`, {})).json.event).toBe(0);
    });

    it('accepts nothing that is closed, was changed since, lacks what the stage needs, or by a key', async () => {
      const [closed, bare] = [await create(), await create({ email: null, phone: null })];
      expect((await sales.post(`/leads/${bare.id}/accept`, {})).json.errors[0]).toMatchObject({ path: '/email' });
      expect(await read(bare.id)).toMatchObject({ owner: null, stage: 'neu', version: 1 });
      expect((await sales.post(`/leads/${bare.id}/accept`, { stage: 'neu' })).status).toBe(422);
      expect((await sales.post(`/leads/${closed.id}/accept`, {}, { 'if-match': '"9"' })).json.code).toBe('Conflict');
      expect((await api.post(`/leads/${closed.id}/accept`, {})).json.code).toBe('Conflict');
      await api.post(`/leads/${closed.id}/archive`, {});
      expect((await sales.post(`/leads/${closed.id}/accept`, {})).json.code).toBe('Locked');
      expect((await sales.post('/leads/ghost/accept', {})).status).toBe(404);
      const viewer = createApi(app.url, await addKey(store, { role: 'viewer' }));
      expect((await viewer.post(`/leads/${bare.id}/accept`, {})).status).toBe(403);
      expect((await createApi(app.url).post(`/leads/${bare.id}/accept`, {})).status).toBe(401);
    });

    it('moves through the stages, refuses one that does not exist, and undoes', async () => {
      const { id } = await create({ owner: seller });
      const moved = await api.post(`/leads/${id}/move`, { stage: 'kontaktversuch' });
      expect(moved.json.data).toMatchObject({ stage: 'kontaktversuch' });
      expect((await api.post(`/leads/${id}/move`, { stage: 'nirgends' })).json.errors[0]).toMatchObject({
        path: '/stage',
      });
      expect((await api.post('/undo', { event: moved.json.event })).status).toBe(200);
      expect(await read(id)).toMatchObject({ stage: 'neu' });
    });

    it('undoes nothing that somebody has changed since', async () => {
      const { id } = await create();
      const first = await api.patch(`/leads/${id}`, { city: 'Bonn' });
      await api.patch(`/leads/${id}`, { street: 'Allee 2' });
      expect((await api.post('/undo', { event: first.json.event })).status).toBe(409);
    });

    it('archives with a reason, brings back, snoozes', async () => {
      const { id } = await create();
      expect((await api.post(`/leads/${id}/archive`, { reason: 'spam' })).json.data).toMatchObject({
        state: 'archived',
        archiveReason: 'spam',
      });
      expect((await api.post(`/leads/${id}/archive`, {})).status).toBe(409);
      expect((await api.post(`/leads/${id}/unarchive`, {})).json.data).toMatchObject({
        state: 'open',
        archiveReason: null,
      });
      expect((await api.post(`/leads/${id}/snooze`, { until: '2030-01-01T08:00:00.000Z' })).json.data).toMatchObject({
        snoozedUntil: '2030-01-01T08:00:00.000Z',
      });
    });

    it('makes company and person in either order and links them with lead and each other (B25–B27)', async () => {
      for (const order of [
        ['organization', 'person'],
        ['person', 'organization'],
      ] as const) {
        const unique = crypto.randomUUID().slice(0, 8);
        const { id } = await create({
          company: `Firma ${unique}`,
          lastName: `Name${unique}`,
          email: `a@${unique}.example`,
          phone: null,
        });
        for (const kind of order) expect((await api.post(`/leads/${id}/create-${kind}`, {})).status).toBe(200);
        const lead = await read(id);
        const organization = (await api.get(`/organizations/${String(lead['organization'])}`)).json.data;
        const person = (await api.get(`/persons/${String(lead['person'])}`)).json.data;
        expect(organization).toMatchObject({
          name: `Firma ${unique}`,
          street: 'Weg 1',
          postalCode: '10115',
          city: 'Berlin',
        });
        expect(person).toMatchObject({
          firstName: 'Anna',
          lastName: `Name${unique}`,
          email: `a@${unique}.example`,
          name: `Anna Name${unique}`,
          organization: organization['id'],
        });
      }
    });

    it('takes a new contact back as a whole, and several acts of one person backwards', async () => {
      const unique = crypto.randomUUID().slice(0, 8);
      const { id } = await create({
        team: 'nord',
        company: `Firma ${unique}`,
        lastName: `Name${unique}`,
        email: `a@${unique}.example`,
        phone: null,
      });
      const person = await sales.post(`/leads/${id}/create-person`, {});
      const company = await sales.post(`/leads/${id}/create-organization`, {});
      const [personId, companyId] = [person, company].map(({ json }, index) =>
        String(json.data[index === 0 ? 'person' : 'organization']),
      );
      const undone = await sales.post('/undo', { event: company.json.event });
      expect(undone.status).toBe(200);
      expect(await read(id)).toMatchObject({ organization: null, person: personId });
      expect((await api.get(`/organizations/${companyId}`)).status).toBe(404);
      expect((await api.get(`/persons/${personId}`)).json.data).toMatchObject({ organization: null });
      // Done again, and taken back again.
      expect((await sales.post('/undo', { event: undone.json.event })).status).toBe(200);
      expect(await read(id)).toMatchObject({ organization: companyId });
      expect((await api.get(`/persons/${personId}`)).json.data).toMatchObject({ organization: companyId });
      expect((await sales.post('/undo', { event: company.json.event })).status).toBe(200);
      expect((await sales.post('/undo', { event: person.json.event })).status).toBe(200);
      expect(await read(id)).toMatchObject({ organization: null, person: null });
      expect((await api.get(`/organizations/${companyId}`)).status).toBe(404);
      expect((await api.get(`/persons/${personId}`)).status).toBe(404);
    });

    it('leaves a new contact that somebody has touched or linked since, and says so', async () => {
      const unique = crypto.randomUUID().slice(0, 8);
      const fields = { company: `Firma ${unique}`, email: `a@${unique}.example`, phone: null };
      const { id } = await create(fields);
      const made = await api.post(`/leads/${id}/create-organization`, {});
      const organization = String(made.json.data['organization']);
      const other = await create({ email: `b@${unique}.example`, phone: null });
      const linked = await api.post(`/leads/${other.id}/link`, { organization });
      expect((await api.post('/undo', { event: made.json.event })).json).toMatchObject({
        code: 'Conflict',
        detail: expect.stringContaining('hängt inzwischen mehr'),
      });
      expect(await read(id)).toMatchObject({ organization });
      await api.post('/undo', { event: linked.json.event });
      const edited = await api.patch(`/organizations/${organization}`, { city: 'Ulm' });
      expect((await api.post('/undo', { event: made.json.event })).json).toMatchObject({
        code: 'Conflict',
        detail: expect.stringContaining('zuerst das zurücknehmen'),
      });
      await api.post('/undo', { event: edited.json.event });
      expect((await api.post('/undo', { event: made.json.event })).status).toBe(200);
      expect((await api.get(`/organizations/${organization}`)).status).toBe(404);
    });

    it('says that a lead has a contact already, and that a conversion is final', async () => {
      const { id } = await create({ company: null, email: `k@${crypto.randomUUID()}.example`, phone: null });
      expect((await api.post(`/leads/${id}/create-person`, {})).status).toBe(200);
      expect((await api.post(`/leads/${id}/create-person`, {})).json).toMatchObject({
        code: 'Locked',
        title: 'Das geht in diesem Zustand nicht.',
        detail: 'Der Eintrag hat schon eine Person.',
      });
      const { event } = (await api.post(`/leads/${id}/convert`, {})).json;
      expect((await api.post('/undo', { event })).json).toMatchObject({
        code: 'Locked',
        title: 'Das geht in diesem Zustand nicht.',
        detail: 'Eine Umwandlung lässt sich nicht zurücknehmen.',
      });
      expect((await api.post(`/leads/${id}/archive`, {})).json['detail']).toBe('Der Datensatz ist abgeschlossen.');
    });

    it('makes a saved view of whoever asks for one', async () => {
      const view = { name: 'Meine', entity: 'lead', filter: '', sort: '', columns: ['title'] };
      const made = await sales.post('/saved-views', view);
      expect([made.status, made.json.data?.['owner']]).toEqual([201, seller]);
      expect((await sales.post('/saved-views', { ...view, owner: null })).status).toBe(403);
      expect((await api.post('/saved-views', view)).json.data['owner']).toBeNull();
    });

    it('warns of doubles before anything is made, and makes one only when told so (B24)', async () => {
      const unique = crypto.randomUUID().slice(0, 8);
      const known = await api.post('/organizations', { name: `Zoll ${unique} GmbH & Co. KG`, city: 'Ulm' });
      const { id } = await create({ company: `zoll ${unique}`, email: 'x@gmx.de', phone: null });
      const refused = await api.post(`/leads/${id}/create-organization`, {});
      expect(refused.status).toBe(409);
      expect(refused.json['matches']).toEqual([
        expect.objectContaining({ id: known.json.data['id'], reasons: [expect.objectContaining({ kind: 'company' })] }),
      ]);
      expect(await read(id)).toMatchObject({ organization: null, version: 1 });
      expect((await api.get(`/leads/${id}/matches`)).json.data['organizations']).toHaveLength(1);
      expect((await api.post(`/leads/${id}/link`, { organization: known.json.data['id'] })).json.data).toMatchObject({
        organization: known.json.data['id'],
      });
    });

    it('converts: title, budget, contact and source go along, both sides are linked, and that is final (B16, B17, B20, B28)', async () => {
      const { id } = await create({ source: 'kaltakquise', budget: 9000, owner: seller });
      const answer = await api.post(`/leads/${id}/convert`, { title: 'Großauftrag', kind: 'deal' });
      expect(answer.status).toBe(200);
      const opportunity = answer.json['opportunity'] as Record<string, unknown>;
      expect(opportunity).toMatchObject({
        title: 'Großauftrag',
        budget: 9000,
        source: 'kaltakquise',
        owner: seller,
        kind: 'deal',
        lead: id,
      });
      expect(opportunity['number']).toMatch(/^OPP-\d+$/);
      expect(answer.json.data).toMatchObject({
        state: 'converted',
        opportunity: opportunity['id'],
        qualifiedAt: expect.any(String),
      });
      expect((await api.post(`/leads/${id}/convert`, {})).status).toBe(409);
      expect((await api.post('/undo', { event: answer.json.event })).status).toBe(409);
    });

    it('converts with company and person in the same act: known ones are linked, the others made, likely doubles refused', async () => {
      const unique = crypto.randomUUID().slice(0, 8);
      const known = await api.post('/persons', { lastName: `Name${unique}`, email: `a@${unique}.example` });
      const fields = {
        company: `Firma ${unique}`,
        lastName: `Name${unique}`,
        email: `a@${unique}.example`,
        phone: null,
      };
      const { id } = await create(fields);
      const answer = await api.post(`/leads/${id}/convert`, { createContacts: true });
      expect(answer.status).toBe(200);
      const { organization, person } = answer.json.data;
      expect(person).toBe(known.json.data['id']);
      expect(answer.json['opportunity']).toMatchObject({ organization, person });
      expect((await api.get(`/organizations/${String(organization)}`)).json.data).toMatchObject({
        name: `Firma ${unique}`,
      });
      expect((await api.get(`/persons/${String(person)}`)).json.data).toMatchObject({ organization });
      // The same name somewhere else: perhaps another company.
      const other = { ...fields, lastName: null, email: `x@other-${unique}.example`, street: 'Allee 9', city: 'Ulm' };
      const like = await create({ ...other, postalCode: '89073' });
      const refused = await api.post(`/leads/${like.id}/convert`, { createContacts: true });
      expect([refused.status, refused.json['matches']]).toMatchObject([409, [{ id: organization, certain: false }]]);
      expect(await read(like.id)).toMatchObject({ state: 'open', organization: null, version: 1 });
      const forced = await api.post(`/leads/${like.id}/convert`, { createContacts: true, force: true });
      expect(forced.json.data['organization']).not.toBe(organization);
    });

    it('gives the opportunity the contacts that a converted lead is linked with later, and takes them back', async () => {
      const unique = crypto.randomUUID().slice(0, 8);
      const { id } = await create({
        company: `Firma ${unique}`,
        lastName: `Name${unique}`,
        email: `a@${unique}.example`,
        phone: null,
      });
      const { opportunity } = (await api.post(`/leads/${id}/convert`, {})).json as unknown as {
        opportunity: { id: string; organization: string | null };
      };
      expect(opportunity.organization).toBeNull();
      const later = async (): Promise<unknown> => (await api.get(`/opportunities/${opportunity.id}`)).json.data;
      const first = await api.post(`/leads/${id}/create-organization`, {});
      expect(await later()).toMatchObject({ organization: first.json.data['organization'] });
      expect((await api.post('/undo', { event: first.json.event })).status).toBe(200);
      expect(await later()).toMatchObject({ organization: null });
      const made = await api.post(`/leads/${id}/create-organization`, {});
      expect(await later()).toMatchObject({ organization: made.json.data['organization'], person: null });
      const person = await api.post('/persons', { lastName: `Zweite${unique}` });
      await api.post(`/leads/${id}/link`, { person: person.json.data['id'] });
      expect(await later()).toMatchObject({ person: person.json.data['id'] });
      const third = await api.post('/persons', { lastName: `Dritte${unique}` });
      const relinked = await api.post(`/leads/${id}/link`, { person: third.json.data['id'] });
      expect(await later()).toMatchObject({ person: person.json.data['id'] });
      expect((await api.post('/undo', { event: relinked.json.event })).status).toBe(200);
    });

    it('keeps a timeline of who did what, with notes', async () => {
      const { id } = await create();
      await api.post(`/leads/${id}/assign`, { owner: seller });
      expect((await api.post(`/leads/${id}/note`, { text: 'Ruft zurück', noteType: 'telefonnotiz' })).status).toBe(201);
      expect((await api.post(`/leads/${id}/note`, { text: '  ' })).status).toBe(422);
      const entries = await api.get(`/timeline-entries?filter=${encodeURIComponent(`lead = "${id}"`)}&sort=at`);
      expect(entries.json.data.map((entry) => entry['kind'])).toEqual(['created', 'assigned', 'note']);
    });

    it('works a thousand of a filter at once, says how many are left and goes on with them', async () => {
      const foundation = store.foundation;
      const model = foundation.registry.snapshot('main').models.get('lead');
      const example = await create({ city: 'Massen', title: 'Masse' });
      await foundation.db.write(async (tx) => {
        const record = model === undefined ? undefined : await findRecord(tx, model, { tenantId: 'main', ...example });
        if (model === undefined || record === undefined) throw new Error('no lead');
        const many = Array.from({ length: 1_009 }, () => ({ ...record, id: uuidv7() }));
        await insertRecords(tx, model, many);
      });
      const body = { filter: 'city = Massen', patch: { budget: 7 } };
      const count = async (): Promise<unknown> =>
        (await api.post('/leads/count', { filters: ['city = Massen and budget = 7'] })).json.data;
      const dry = await api.post('/leads/bulk?dryRun=1', body);
      expect(dry.json.data).toMatchObject({ changed: 1_000, left: 10, failed: [], events: [] });
      expect(await count()).toEqual([0]);
      const first = await api.post('/leads/bulk', body);
      expect(first.json.data).toMatchObject({ changed: 1_000, unchanged: 0, left: 10, failed: [] });
      const rest = await api.post('/leads/bulk', { ...body, cursor: (first.json.data as { next?: string }).next });
      expect(rest.json.data).toMatchObject({ changed: 10, unchanged: 0, left: 0, next: null, failed: [] });
      expect(await count()).toEqual([1_010]);
    });

    it('says what a bulk act would do and does not do it', async () => {
      const [one, closed] = [await create(), await create()];
      await api.post(`/leads/${closed.id}/archive`, {});
      const body = { ids: [one.id, closed.id], act: 'archive', input: { reason: 'spam' } };
      const answer = await api.post('/leads/bulk?dryRun=1', body);
      expect(answer.json.data).toMatchObject({ changed: 1, failed: [{ id: closed.id, error: { code: 'Locked' } }] });
      expect(await read(one.id)).toMatchObject({ state: 'open', version: 1 });
      expect((await api.post('/leads/bulk?dryRun=yes', body)).status).toBe(400);
      expect((await api.post('/leads/bulk', { ...body, cursor: 'x' })).json.errors[0]?.path).toBe('/cursor');
    });

    it('does the same act to many, each judged on its own', async () => {
      const [one, other] = [await create(), await create()];
      await api.post(`/leads/${other.id}/archive`, {});
      const answer = await api.post('/leads/bulk', {
        ids: [one.id, other.id, 'ghost'],
        act: 'archive',
        input: { reason: 'spam' },
      });
      expect(answer.json.data).toMatchObject({
        changed: 1,
        failed: [
          { id: other.id, error: { code: 'Locked' } },
          { id: 'ghost', error: { code: 'NotFound' } },
        ],
      });
      expect((await api.post('/leads/bulk', { ids: [one.id], patch: { city: 'Rom' } })).json.data).toMatchObject({
        changed: 1,
      });
    });
  });

  it('says in the reader’s language what a parked process waits for, by the names of its pipeline', async () => {
    const { id } = await create();
    const ctx = store.asSystem();
    const key = { tenantId: ctx.actor.tenantId, entity: 'lead', recordId: id };
    const effect = { kind: 'callWebhook', key: `lead/${id}/neu/1/enter/0`, url: 'https://a.example', event: 'lead.x' };
    const at = ctx.now().toISOString();
    await ctx.db.write((tx) => addEffect(tx, { ...key, stage: 'neu', at, effect: effect as ExternalEffect }));
    await parkProcess(ctx, key, {
      code: 'RemoteRejected',
      message: { de: 'Die Gegenstelle hat abgelehnt.', en: 'The remote system refused.' },
      effect: effectId(effect.key),
      attempts: 3,
    });
    const german = {
      message: 'Die Gegenstelle hat abgelehnt.',
      step: 'Webhook: lead.x (Neu)',
    };
    const english = { message: 'The remote system refused.', step: 'Webhook: lead.x (New)' };
    for (const [language, said] of Object.entries({ de: german, en: english })) {
      const accept = { 'accept-language': language };
      const process = (await api.get(`/leads/${id}/process`, accept)).json.data;
      expect(process).toMatchObject({ state: 'parked', error: { ...said, code: 'RemoteRejected', attempts: 3 } });
      const { attention } = (await api.get('/operations', accept)).json.data;
      expect(attention).toContainEqual(
        expect.objectContaining({ recordId: id, error: said.message, step: said.step, attempts: 3 }),
      );
    }
  });

  describe('activities', () => {
    it('are done, opened again, called off and moved', async () => {
      const { id: lead } = await create();
      const made = await api.post('/activities', {
        title: 'Anruf',
        type: 'anruf',
        lead,
        dueAt: '2030-01-07T09:00:00.000Z',
      });
      const path = `/activities/${String(made.json.data['id'])}`;
      expect((await api.post(`${path}/complete`, { result: 'erreicht' })).json.data).toMatchObject({
        state: 'done',
        result: 'erreicht',
        doneAt: expect.any(String),
      });
      expect((await api.post(`${path}/complete`, {})).status).toBe(409);
      expect((await api.post(`${path}/reopen`, {})).json.data).toMatchObject({ state: 'open', doneAt: null });
      expect((await api.post(`${path}/move`, { dueAt: '2030-01-08T09:00:00.000Z' })).json.data).toMatchObject({
        dueAt: '2030-01-08T09:00:00.000Z',
      });
      expect((await api.post(`${path}/move`, { dueAt: 'morgen' })).json.errors[0]?.path).toBe('/dueAt');
      expect((await api.post(`${path}/cancel`, {})).json.data).toMatchObject({ state: 'cancelled' });
    });
  });

  describe('schemas and settings while it runs', () => {
    it('takes a new field into column, validation, filter, form, export and description, in every process', async () => {
      const second = await store.start({ args: ['--role', 'api'] });
      try {
        const before = await api.get('/schemas/lead');
        const { schema } = before.json.data as unknown as { schema: { properties: Record<string, unknown> } };
        schema.properties['roofArea'] = {
          type: 'integer',
          minimum: 0,
          'x-label': { de: 'Dachfläche', en: 'Roof area' },
        };
        const published = await api.put('/schemas/lead', { schema }, { 'if-match': before.headers.get('etag') ?? '' });
        expect(published.status).toBe(200);
        const { id } = await create({ roofArea: 80 });
        expect((await api.post('/leads', buildLead({ roofArea: -1 }))).json.errors[0]?.path).toBe('/roofArea');
        expect(ids(await api.get('/leads?filter=roofArea%20%3D%2080'))).toEqual([id]);
        expect((await api.get('/leads.csv?fields=roofArea')).text).toContain('80');
        const other = createApi(second.url, await addKey(store, { role: 'superadmin' }));
        await until(
          'the other process knows the field',
          async () => (await other.get('/leads?filter=roofArea%20%3D%2080')).status === 200,
        );
        expect((await other.get(`/leads/${id}`)).json.data).toMatchObject({ roofArea: 80 });
        expect(
          (await api.put('/schemas/lead', { schema }, { 'if-match': before.headers.get('etag') ?? '' })).status,
        ).toBe(409);
      } finally {
        await second.stop();
      }
    });

    it('holds schemas and settings to the same rule: If-Match is kept to, and nobody has to send it', async () => {
      for (const path of ['/schemas/saved-view', '/config/tags/messe']) {
        const { json, headers } = await api.get(path);
        const value = json.data['schema'] ?? json.data['value'];
        const put = async (sent: Readonly<Record<string, string>>): Promise<unknown[]> => {
          const answer = await api.put(path, value, sent);
          return [path, answer.status, answer.json.code];
        };
        expect(await put({ 'if-match': '"99"' })).toEqual([path, 409, 'Conflict']);
        expect(await put({ 'if-none-match': '*' })).toEqual([path, 409, 'Conflict']);
        expect(await put({ 'if-match': headers.get('etag') ?? '' })).toEqual([path, 200, undefined]);
        expect(await put({})).toEqual([path, 200, undefined]);
      }
    });

    it('takes a whole new entity with references, unique values and money', async () => {
      const label = (text: string): object => ({ de: text, en: text });
      const schema = {
        $id: 'machine',
        type: 'object',
        'x-entity': {
          plural: 'machines',
          label: label('Maschine'),
          pluralLabel: label('Maschinen'),
          titleField: 'serial',
        },
        required: ['serial'],
        properties: {
          serial: {
            type: 'string',
            maxLength: 40,
            'x-unique': true,
            'x-searchable': true,
            'x-label': label('Seriennummer'),
          },
          price: { type: 'number', 'x-money': true, 'x-label': label('Preis') },
          owner: { 'x-reference': 'user', 'x-label': label('Betreuer') },
          customer: { 'x-reference': 'organization', 'x-label': label('Kunde') },
        },
      };
      expect((await api.put('/schemas/machine', { schema })).status).toBe(201);
      const made = await api.post('/machines', { serial: 'M-1', price: 12.34, owner: seller });
      expect(made.json.data).toMatchObject({ serial: 'M-1', price: 12.34, version: 1 });
      const double = await api.post('/machines', { serial: 'M-1' });
      expect([double.status, double.json.errors[0]?.path]).toEqual([409, '/serial']);
      expect(
        (await api.post('/machines', { customer: 'ghost' })).json.errors.map((one) => one.path).toSorted(),
      ).toEqual(['/customer', '/serial']);
      expect((await api.get('/machines?filter=price%20%3E%2012&q=m-1&total=exact')).json.page.total).toBe(1);
      const description = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as {
        paths: Record<string, unknown>;
      };
      expect(Object.keys(description.paths)).toContain('/api/v1/machines/{id}');
    });

    it('publishes settings as YAML with their comments, refuses wrong ones by line, and restores', async () => {
      const yaml = { 'content-type': 'application/yaml', accept: 'application/yaml' };
      const text = (await api.get('/config/priorities/hoch', yaml)).text;
      const changed = `${text.trimEnd()}\n# Absprache vom Montag\n`;
      expect((await api.put('/config/priorities/hoch?dryRun=1', changed, yaml)).status).toBe(200);
      expect((await api.put('/config/priorities/hoch', changed, yaml)).json.data).toMatchObject({ revision: 2 });
      expect((await api.get('/config/priorities/hoch', yaml)).text).toBe(changed);
      const wrong = await api.put(
        '/config/priorities/hoch',
        changed.replace('key: hoch', 'key: hoch\ncolour: red'),
        yaml,
      );
      expect(wrong.status).toBe(422);
      expect(wrong.json.errors[0]).toMatchObject({
        line: expect.any(Number),
        column: expect.any(Number),
        message: expect.stringContaining('colour'),
      });
      expect((await api.post('/config/priorities/hoch/revisions/1/restore')).json.data).toMatchObject({ revision: 3 });
      expect((await api.get('/config/priorities/hoch', yaml)).text).toBe(text);
    });

    it('shows an earlier revision of a pipeline to everybody, as the one in force, of other settings to admins', async () => {
      const viewer = createApi(app.url, await addKey(store, { role: 'viewer' }));
      expect((await viewer.get('/config/pipelines/inbox/revisions/1')).json.data).toMatchObject({
        revision: 1,
        value: { stages: expect.any(Array) },
      });
      expect((await viewer.get('/config/pipelines/inbox/revisions')).status).toBe(403);
      expect((await viewer.get('/config/pipelines/inbox/revisions/999')).status).toBe(404);
      expect((await viewer.get('/config/priorities/hoch/revisions/1')).status).toBe(403);
      expect((await api.get('/config/priorities/hoch/revisions/1')).status).toBe(200);
    });

    it('archives no pipeline that has open records or is the only one of its entity', async () => {
      const { id } = await create();
      const inbox = (await api.get('/config/pipelines/inbox')).json.data['value'] as object;
      const only = await api.delete('/config/pipelines/inbox');
      expect([only.status, only.json['references']]).toEqual([
        409,
        [expect.objectContaining({ kind: 'schemas', key: 'lead' })],
      ]);
      expect((await api.put('/config/pipelines/zweite', { ...inbox, key: 'zweite' })).status).toBe(201);
      const full = await api.delete('/config/pipelines/inbox');
      expect([full.status, full.json['references']]).toEqual([
        409,
        [expect.objectContaining({ kind: 'records', key: 'leads' })],
      ]);
      expect((await api.delete('/config/pipelines/zweite')).status).toBe(204);
      expect(await read(id)).toMatchObject({ pipeline: 'inbox', stage: 'neu' });
    });

    it('writes who did what, before and after, into the audit log', async () => {
      const { id } = await create();
      await api.patch(`/leads/${id}`, { city: 'Jena' });
      const { data } = (await api.get(`/audit?entity=lead&record=${id}`)).json;
      expect(data.map((row) => row['act'])).toEqual(['lead.update', 'lead.create']);
      expect(data[0]).toMatchObject({
        changes: { city: ['Berlin', 'Jena'] },
        version: 2,
        actor: expect.stringMatching(/^key\//),
        actorName: 'test',
      });
    });

    it('says in the audit log what a record was made with, whatever became of it', async () => {
      const { id } = await create({ city: 'Berlin', message: 'Bitte um Rückruf' });
      await api.patch(`/leads/${id}`, { city: 'Jena', jobTitle: 'Chefin' });
      await api.patch(`/leads/${id}`, { city: 'Köln', message: null, budget: 9 });
      await api.delete(`/leads/${id}`);
      const creationOf = async (reader: Api): Promise<Readonly<Record<string, unknown>>> => {
        const answer = await reader.get(`/audit?entity=lead&record=${id}`);
        return answer.json.data.at(-1)?.['changes'] as Readonly<Record<string, unknown>>;
      };
      const changes = await creationOf(api);
      expect(changes).toMatchObject({
        city: [null, 'Berlin'],
        message: [null, 'Bitte um Rückruf'],
        budget: [null, 1500],
        lastName: [null, 'Berg'],
        stage: [null, 'neu'],
      });
      for (const name of ['jobTitle', 'id', 'version', 'createdAt', 'updatedBy', 'deletedAt', 'tenantId'])
        expect(changes).not.toHaveProperty(name);

      const role = {
        key: 'revision',
        label: { de: 'Revision', en: 'Auditors' },
        can: [{ do: ['read'], on: 'lead', fields: { hide: ['budget', 'message'] } }],
        may: ['audit'],
      };
      expect((await api.put('/config/roles/revision', role)).status).toBe(201);
      await store.foundation.registry.refresh();
      const seen = await creationOf(createApi(app.url, await addKey(store, { role: 'revision' })));
      expect([seen['city'], 'budget' in seen, 'message' in seen]).toEqual([[null, 'Berlin'], false, false]);

      const { db } = store.foundation;
      await db.write((tx) => tx.run('DELETE FROM `event` WHERE `recordId` = ? AND `version` = 2', [id]));
      // A change that is not among the events: nobody knows any more what it was before.
      expect(await creationOf(api)).toBeNull();
    });
  });

  describe('what is asked wrongly', () => {
    it.each([
      ['DELETE', '/leads', 'GET, POST, HEAD'],
      ['PUT', '/leads/x', 'GET, PATCH, DELETE, HEAD'],
      ['POST', '/intake-messages', 'GET, HEAD'],
      ['POST', '/audit', 'GET, HEAD'],
      ['DELETE', '/config/pipelines', 'GET, HEAD'],
      ['GET', '/imports/x/pause', 'POST'],
      ['DELETE', '/imports', 'POST, GET, HEAD'],
    ])('answers %s %s with the methods that there are', async (method, path, allowed) => {
      const headers = { authorization: `Bearer ${await addKey(store, { role: 'superadmin' })}` };
      const response = await fetch(`${app.url}/api/v1${path}`, { method, headers });
      expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
        status: 405,
        allow: allowed,
      });
      expect(await response.json()).toMatchObject({ code: 'MethodNotAllowed', status: 405 });
    });

    it('says that there is no such entity, whatever the method', async () => {
      for (const method of ['GET', 'DELETE', 'PUT', 'POST']) {
        const headers = { authorization: `Bearer ${await addKey(store, { role: 'superadmin' })}` };
        expect((await fetch(`${app.url}/api/v1/nothing`, { method, headers })).status).toBe(404);
      }
    });

    it('names every fault in the language of the reader', async () => {
      const german = { 'accept-language': 'de' };
      const filter = await api.get(`/leads?filter=${encodeURIComponent('stage = ')}`, german);
      expect(filter.json.errors[0]?.message).toBe('Filter, Stelle 9: Der Filter endet zu früh. Erwartet: ein Wert.');
      const english = await api.get('/leads?filter=stage', { 'accept-language': 'en' });
      expect(english.json.errors[0]?.message).toMatch(/^Filter, position 6: The filter ends too early/);
      const cursor = await api.get('/leads?cursor=x', german);
      expect(cursor.json.errors[0]).toEqual({
        path: 'cursor',
        code: 'cursor',
        message: 'Der Seitenzeiger (cursor) passt nicht zu dieser Abfrage.',
      });
      const body = await api.post('/leads', '[]', german);
      expect(body.json.errors[0]?.message).toBe('Erwartet wird ein JSON-Objekt.');
    });

    it.each(['1e2', '0x10', '201', '0', '', ' 5'])('refuses the limit "%s"', async (limit) => {
      for (const path of ['/leads', '/audit']) {
        const answer = await api.get(`${path}?limit=${encodeURIComponent(limit)}`);
        expect([path, answer.status, answer.json.errors[0]?.path]).toEqual([path, 400, 'limit']);
      }
    });

    it('refuses a cursor of the audit log that is no number', async () => {
      expect((await api.get('/audit?cursor=abc')).json.errors[0]?.path).toBe('cursor');
      expect((await api.get('/audit?cursor=5&limit=10')).json.data.length).toBeLessThanOrEqual(4);
    });

    it('says that it takes nothing compressed', async () => {
      const answer = await api.post('/leads', '{}', { 'content-encoding': 'gzip' });
      expect([answer.status, answer.json.code]).toEqual([415, 'UnsupportedMediaType']);
    });

    it('names a parameter that there is not, and those that there are', async () => {
      const { id } = await create();
      const search = await api.get('/leads?fieldz=title&q=x');
      expect([search.status, search.json.errors]).toEqual([
        400,
        [expect.objectContaining({ path: 'fieldz', message: expect.stringContaining('fields') as unknown })],
      ]);
      expect((await api.get(`/audit?recordId=${id}`)).json.errors[0]?.message).toContain('record');
      // What is not tried out is not done either.
      expect((await api.post(`/leads/${id}/archive?dryRun=1`, {})).status).toBe(400);
      expect((await api.delete(`/leads/${id}?dryRun=1`)).status).toBe(400);
      expect((await read(id))['state']).toBe('open');
    });

    it('publishes nothing when dryRun is misspelt', async () => {
      const before = await api.get('/config/priorities/hoch');
      const value = { ...(before.json.data['value'] as object), position: 77 };
      const answer = await api.put('/config/priorities/hoch?dryRun=yes', value);
      expect([answer.status, answer.json.errors[0]?.path]).toEqual([400, 'dryRun']);
      expect((await api.get('/config/priorities/hoch')).json.data['value']).toEqual(before.json.data['value']);
    });

    it('changes nothing in bulk that is not said clearly', async () => {
      const { id } = await create();
      const patch = { city: 'Trier' };
      for (const [body, path] of [
        [{}, '/ids'],
        [{ patch }, '/ids'],
        [{ ids: [id], filter: 'stage = neu', patch }, '/ids'],
        [{ ids: [id] }, '/patch'],
        [{ ids: [id], patch, act: 'assign', input: { owner: seller } }, '/patch'],
        [{ ids: [id], act: 'nonsense' }, '/act'],
      ] as const) {
        const answer = await api.post('/leads/bulk', body);
        expect([body, answer.status, answer.json.errors[0]?.path]).toEqual([body, 422, path]);
      }
      expect((await read(id))['city']).toBe('Berlin');
    });
  });

  describe('live events', () => {
    it('tell open browsers what others change, and what they missed', async () => {
      const key = await addKey(store, { role: 'superadmin' });
      const first = await create();
      const controller = new AbortController();
      const stream = await fetch(`${app.url}/api/v1/events`, {
        headers: { authorization: `Bearer ${key}`, 'last-event-id': String(first.event - 1) },
        signal: controller.signal,
      });
      let heard = '';
      const reading = (async () => {
        for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk as Uint8Array).toString();
      })().catch(() => undefined);
      await until('the missed event', () => heard.includes(first.id));
      await api.patch(`/leads/${first.id}`, { city: 'Trier' });
      await until('the change', () => heard.includes('"act":"lead.update"') && heard.includes('"version":2'));
      const { value } = (await api.get('/config/tags/messe')).json.data;
      await api.put('/config/tags/messe', { ...(value as object), color: '#123456' });
      await until('the setting', () => heard.includes('"entity":"tags","id":"messe","act":"config.publish"'));
      controller.abort();
      await reading;
    });
  });
});
