import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { watchAllSources } from '../../activities/watch-sources.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { watchSources } from '../../commands/watchSources.ts';
import type { OutgoingMail } from '../../connectors/mail-out/index.ts';
import { insertRecords } from '../../store/records.ts';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, type ImportData } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';

interface World {
  readonly store: Store;
  readonly app: App;
  readonly api: Api;
  readonly secret: string;
}

const mapping = (from: string): string =>
  `key: lead-agentur\nlabel: { de: Agentur, en: Agency }\nrows:\n  - { from: ${from}, to: email }\n  - { from: name, to: lastName }\n`;

describe.each(dialects)('the intake page on %s', (dialect) => {
  let world: World;
  let built: Promise<World> | undefined;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const key = await addKey(store, { role: 'superadmin' });
    const secret = await secretOf(store, 'lead-agentur');
    const app = await store.start();
    await app.temporalReady();
    const api = createApi(app.url, key);
    const { text } = await api.get('/config/sources/lead-agentur', { accept: 'application/yaml' });
    const yaml = { 'content-type': 'application/yaml' };
    const answer = await api.put('/config/sources/lead-agentur', `${text}\nmapping: lead-agentur\n`, yaml);
    if (answer.status >= 300) throw new Error(answer.text);
    return { store, app, api, secret };
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    world = await built;
  });
  afterAll(async () => {
    const made = await built;
    await made?.app.stop();
    await made?.store.clear();
  });

  const post = async (body: unknown): Promise<number> => {
    const response = await fetch(`${world.app.url}/intake/lead-agentur`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.status;
  };
  const publish = async (from: string): Promise<void> => {
    const answer = await world.api.put('/config/mappings/lead-agentur', mapping(from), {
      'content-type': 'application/yaml',
    });
    if (answer.status >= 300) throw new Error(answer.text);
  };

  it('works all rejected messages of a source again after the mapping was mended, once each', async () => {
    await publish('name');
    for (let index = 0; index < 60; index += 1)
      expect(await post({ name: `Meyer ${index}`, mail: `m${index}@example.org`, externalId: `A-${index % 55}` })).toBe(
        422,
      );
    const filter = 'source = "lead-agentur" and state in (rejected, unreadable)';
    const choice = { filter, source: 'lead-agentur' };
    expect((await world.api.post('/intake-messages/replay?dryRun=1', choice)).json.data).toEqual({ count: 60 });
    await publish('mail');
    const answer = await world.api.post('/intake-messages/replay', choice);
    expect(answer.status).toBe(202);
    const { id } = answer.json.data as unknown as ImportData;
    expect(answer.headers.get('location')).toBe(`/api/v1/imports/${id}`);
    expect(await settled(world.api, id)).toMatchObject({
      state: 'done',
      size: 60,
      read: 60,
      created: 55,
      duplicates: 5,
      rejected: 0,
    });
    expect(await countRows(world.store, 'lead', "`source` = 'lead-agentur'")).toBe(55);
    const again = await world.api.post('/intake-messages/replay', choice);
    expect(await settled(world.api, (again.json.data as unknown as ImportData).id)).toMatchObject({
      read: 0,
      created: 0,
    });
    expect((await world.api.post(`/imports/${id}/undo`)).status).toBe(409);
  });

  it('works chosen ones, and shows what today’s mapping makes of one and how earlier attempts came out', async () => {
    await publish('mail');
    expect(await post({ name: 'Kurz', mail: 'keine Adresse' })).toBe(422);
    const list = await world.api.get('/intake-messages?filter=state%20%3D%20rejected&limit=1&q=Kurz&sort=-receivedAt');
    const id = String(list.json.data[0]?.['id']);
    const answer = await world.api.post('/intake-messages/replay', { ids: [id] });
    const job = await settled(world.api, (answer.json.data as unknown as ImportData).id);
    expect(job).toMatchObject({ state: 'done', read: 1, rejected: 1 });
    const { data } = (await world.api.get(`/intake-messages/${id}/parsed`)).json;
    expect(data).toMatchObject({
      fields: { name: 'Kurz', mail: 'keine Adresse' },
      values: { lastName: 'Kurz', priority: 'normal' },
    });
    expect(data['issues']).toMatchObject([{ path: '/email' }]);
    const failed = { state: 'rejected', errors: [{ path: '/email' }] };
    expect(data['attempts']).toMatchObject([failed]);
    expect((await world.api.get(`/intake-messages/${id}`)).json.data).toMatchObject({ attempts: 2 });
    expect((await world.api.post(`/intake-messages/${id}/replay`)).json.data).toMatchObject({ state: 'rejected' });
    await publish('elsewhere');
    expect((await world.api.post(`/intake-messages/${id}/replay`)).json.data).toMatchObject({ state: 'accepted' });
    const attempts = (await world.api.get(`/intake-messages/${id}/parsed`)).json.data['attempts'];
    expect(attempts).toMatchObject([
      { state: 'accepted', errors: null, actorName: 'test' },
      { ...failed, actorName: 'test' },
      failed,
    ]);
  });

  it('keeps a message whose value only one lead may have, and makes a lead of it once it is free', async () => {
    const { json } = await world.api.get('/schemas/lead');
    const schema = json.data['schema'] as { properties: Record<string, unknown> };
    const vat = { type: 'string', maxLength: 40, 'x-unique': true, 'x-label': { de: 'USt-Id', en: 'VAT id' } };
    const unique = { ...schema, properties: { ...schema.properties, vat } };
    expect((await world.api.put('/schemas/lead', unique)).status).toBeLessThan(300);
    await publish('mail');
    const send = async (email: string) => {
      const response = await fetch(`${world.app.url}/intake/lead-agentur`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ mail: email, vat: 'DE123456789' }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const first = await send('erste@example.org');
    const second = await send('zweite@example.org');

    expect([first.status, second.status]).toEqual([202, 422]);
    expect(second.body).toMatchObject({ errors: [{ path: '/vat', code: 'unique' }] });
    const replay = `/intake-messages/${String(second.body['id'])}/replay`;
    expect((await world.api.post(replay, {})).json.data).toMatchObject({ state: 'rejected', attempts: 2 });
    expect((await world.api.patch(`/leads/${String(first.body['lead'])}`, { vat: null })).status).toBe(200);
    expect((await world.api.post(replay, {})).json.data).toMatchObject({ state: 'accepted' });
  });

  it('refuses a source with a preset that there is not, with the line', async () => {
    const { text } = await world.api.get('/config/sources/lead-agentur', { accept: 'application/yaml' });
    const yaml = { 'content-type': 'application/yaml' };
    const answer = await world.api.put('/config/sources/lead-agentur', `${text}\npreset: facebok\n`, yaml);
    expect([answer.status, answer.json.errors[0]?.path]).toEqual([422, '/preset']);
    expect(answer.json.errors[0]).toMatchObject({ line: `${text}\n`.split('\n').length });
  });

  it('says of a source that is switched off that it is, when somebody wants to fetch it', async () => {
    const { text } = await world.api.get('/config/sources/facebook', { accept: 'application/yaml' });
    const yaml = { 'content-type': 'application/yaml' };
    expect((await world.api.put('/config/sources/facebook', `${text}\nisActive: false\n`, yaml)).status).toBe(200);
    const off = await world.api.post('/sources/facebook/fetch');
    expect([off.status, off.text]).toEqual([409, expect.stringContaining('ist abgeschaltet')]);
    await world.api.put('/config/sources/facebook', text, yaml);
    expect((await world.api.post('/sources/nothing/fetch')).status).toBe(404);
  });

  it('works mails and notices again that came to a halt, and leaves the others alone', async () => {
    const { store, api } = world;
    await store.foundation.registry.refresh();
    const ctx = store.asSystem();
    const model = ctx.snapshot.models.get('intake-message');
    if (model === undefined) throw new Error('no model');
    const at = new Date().toISOString();
    const stamp = { tenantId: 'main', version: 1, createdAt: at, createdBy: 'test', updatedAt: at, updatedBy: 'test' };
    const common = { ...stamp, source: 'mail', receivedAt: at, contentHash: 'x' };
    const recipients = [{ kind: 'source', address: 'leads+mail@leitwerk.local', source: 'mail' }];
    const mail = (state: string, reason: string | null) => ({
      ...common,
      id: ctx.newId(),
      channel: 'mail',
      state,
      remoteAddress: '127.0.0.1',
      mail: { recipients, mailFrom: 'a@kunde.example', helo: 'x', reason },
      mailRaw: `From: ${state}@kunde.example\nSubject: Anfrage\nMessage-ID: <${ctx.newId()}@kunde.example>\n\nBitte um Angebot.\n`,
    });
    const halted = [mail('quarantined', null), mail('triage', 'rejected')];
    const notice = { ...common, id: ctx.newId(), channel: 'notice', state: 'parked', body: '{}' };
    const others = [mail('triage', 'list'), mail('filed', null)];
    await store.foundation.db.write(async (tx) => await insertRecords(tx, model, [...halted, notice, ...others]));
    const choice = { filter: 'source = "mail"' };
    expect((await api.post('/intake-messages/replay?dryRun=1', choice)).json.data).toEqual({ count: 3 });
    const chosen = { ids: [String(others[1]?.id)] };
    expect((await api.post('/intake-messages/replay?dryRun=1', chosen)).json.data).toEqual({ count: 0 });
    const answer = await api.post('/intake-messages/replay', choice);
    expect(await settled(api, (answer.json.data as unknown as ImportData).id)).toMatchObject({ read: 3, updated: 3 });
    await until('two leads', async () => {
      const count = await countRows(store, 'lead', "`source` = 'mail'");
      return count === 2 ? count : undefined;
    });
    expect((await api.get(`/intake-messages/${notice.id}`)).json.data).toMatchObject({ attempts: 2 });
    expect((await api.get(`/intake-messages/${String(others[0]?.id)}`)).json.data).toMatchObject({ state: 'triage' });
  });

  it('says what is wrong with a request for replays, and refuses whoever may not', async () => {
    expect((await world.api.post('/intake-messages/replay', {})).status).toBe(422);
    expect((await world.api.post('/intake-messages/replay', { ids: [], filter: '' })).status).toBe(422);
    expect((await world.api.post('/intake-messages/replay', { filter: 'nonsense ==' })).status).toBe(400);
    const none = await world.api.post('/intake-messages/replay', { ids: [] });
    expect([none.status, none.json.errors]).toMatchObject([422, [{ path: '/ids', code: 'empty' }]]);
    for (const query of ['', '?dryRun=1']) {
      const unknown = await world.api.post(`/intake-messages/replay${query}`, { ids: ['nothing'] });
      expect([unknown.status, unknown.json.errors]).toMatchObject([422, [{ path: '/ids/0', code: 'unknown' }]]);
    }
    const viewer = createApi(world.app.url, await addKey(world.store, { role: 'viewer' }));
    expect((await viewer.post('/intake-messages/replay', { ids: [] })).status).toBe(403);
    expect((await createApi(world.app.url).post('/intake-messages/replay', { ids: [] })).status).toBe(401);
    expect((await world.api.get('/intake-messages/nothing/parsed')).status).toBe(404);
  });

  it('tells those who may change sources once when one falls silent, in the app and by mail, and ends it when it delivers', async () => {
    const { store } = world;
    const { db, registry } = store.foundation;
    await registry.refresh();
    const user = {
      email: 'chef@example.org',
      name: 'Chef',
      role: 'organization-manager',
      password: 'sehr-langes-Geheimnis-7',
    };
    await createUser(store.asSystem(), user);
    await createUser(store.asSystem(), { ...user, email: 'sales@example.org', role: 'sales' });
    await registry.refresh();
    const ctx = store.asSystem();
    const model = ctx.snapshot.models.get('intake-message');
    if (model === undefined) throw new Error('no model');
    const now = new Date();
    const message = (hoursAgo: number) => {
      const at = new Date(now.getTime() - hoursAgo * 3_600_000).toISOString();
      const common = {
        tenantId: 'main',
        version: 1,
        createdAt: at,
        createdBy: 'test',
        updatedAt: at,
        updatedBy: 'test',
      };
      return { ...common, id: ctx.newId(), source: 'facebook', receivedAt: at, state: 'accepted', contentHash: 'x' };
    };
    const usual = Array.from({ length: 600 }, (_, index) => message(72 + index));
    await db.write(
      async (tx) => await insertRecords(tx, model, [...usual, ...usual.map((one) => ({ ...one, id: ctx.newId() }))]),
    );
    const mails: OutgoingMail[] = [];
    const outside = {
      db,
      registry,
      now: () => now,
      newId: ctx.newId,
      publicUrl: 'http://x',
      mailFrom: undefined,
      mailer: { send: async (mail: OutgoingMail) => void mails.push(mail), close: () => undefined },
    };
    await watchAllSources(outside, 'one');
    await watchAllSources(outside, 'two');
    expect(mails.map(({ to }) => to)).toEqual(['chef@example.org']);
    expect(mails[0]?.subject).toBe('Von „Facebook“ kommt nichts mehr');
    expect(mails[0]?.text).toMatch(/Sonst wären seither etwa \d+ Nachrichten gekommen/);
    expect(mails[0]?.text).toContain('http://x/received?filter=source%20%3D%20%22facebook%22');
    expect(await countRows(store, 'notice', "`entity` = 'source'")).toBe(1);
    const sourceOf = async (): Promise<Readonly<Record<string, unknown>> | undefined> =>
      (await world.api.get('/sources')).json.data.find(({ key }) => key === 'facebook');
    expect(await sourceOf()).toMatchObject({ alerts: [{ kind: 'silence' }], lastAt: null });
    /** What is written, in English, to somebody who still has to be told. */
    const mailOf = async (): Promise<OutgoingMail | undefined> => {
      await registry.refresh();
      await db.write(
        async (tx) =>
          await tx.run("UPDATE `source_alert` SET `mails` = ? WHERE `source` = 'facebook'", [
            JSON.stringify([{ address: 'chef@example.org', language: 'en' }]),
          ]),
      );
      await watchAllSources(outside, 'one');
      return mails.at(-1);
    };
    const template = '/config/templates/quelle-verstummt';
    const own = `key: quelle-verstummt
label: { de: Still, en: Silent }
subject: { de: Still, en: '{{source.key}} is silent' }
body: { de: Still, en: 'Missing: {{alert.expected}} {{alert.usualPercent}} in {{company.city}}' }
`;
    expect((await world.api.put(template, own, { 'content-type': 'application/yaml' })).status).toBeLessThan(300);
    expect(await mailOf()).toMatchObject({
      subject: 'facebook is silent',
      text: expect.stringMatching(/^Missing: \d+ {2}in Berlin\n$/),
    });
    expect((await world.api.delete(template)).status).toBe(204);
    expect(await mailOf()).toMatchObject({
      subject: 'Check the source “Facebook”',
      text: expect.stringMatching(/^Nothing comes from "Facebook" any more: .*\n\nhttp:\/\/x\/received/),
    });
    const parts = async () => (await world.api.get('/operations')).json.data['parts'];
    expect(await parts()).toMatchObject({ sources: { state: 'degraded', number: 1 } });
    await db.write(async (tx) => await insertRecords(tx, model, [message(0)]));
    expect(await watchSources({ ...ctx, now: () => now })).toEqual([]);
    expect(await sourceOf()).toMatchObject({ alerts: [], count24h: 1 });
    expect(await parts()).toMatchObject({ sources: { state: 'ready', number: 0 } });
  });
});
