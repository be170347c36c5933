import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { fetchNow } from '../support/feeds.ts';
import { answers, deliver, delivery, openMeta, type Meta } from '../support/meta.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';

const signedHeaders = (secret: string, body: string): Record<string, string> => {
  const now = new Date();
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', now, body),
  };
};

interface World {
  readonly store: Store;
  readonly app: App;
  readonly api: Api;
  readonly meta: Meta;
}

type Row = Readonly<Record<string, unknown>>;

describe.each(dialects)('Facebook lead ads on %s', (dialect) => {
  let world: World;
  let built: Promise<World> | undefined;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const meta = await openMeta();
    const app = await store.start({
      env: { CONNECTOR_URLS: `facebook=${meta.url}`, ALLOW_PRIVATE_ADDRESSES: '1' },
    });
    const api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    await app.temporalReady();
    const { credentials, pageId } = meta;
    const made = await api.post('/connections', {
      kind: 'facebook',
      id: 'facebook',
      name: 'Muster-Seite',
      settings: { pageId },
      credentials,
    });
    if (made.status !== 201) throw new Error(made.text);
    return { store, app, api, meta };
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    world = await built;
    world.meta.mend();
  });
  afterAll(async () => {
    const made = await built;
    await made?.app.stop();
    await made?.meta.close();
    await made?.store.clear();
  });

  const send = async (body: string): Promise<string> => {
    const answer = await deliver(world.app.url, body, { secret: world.meta.credentials.appSecret });
    expect([answer.status, answer.json['status']]).toEqual([200, 'accepted']);
    return String(answer.json['id']);
  };
  const messageIn = async (id: string, state: string): Promise<Row> =>
    await until(`message ${state}`, async () => {
      const { data } = (await world.api.get(`/intake-messages/${id}`)).json;
      return data['state'] === state ? data : undefined;
    });
  const leadsOf = async (...ids: string[]): Promise<Row[]> =>
    await world.store.foundation.db.all(
      `SELECT * FROM \`lead\` WHERE \`source\` = 'facebook' AND \`externalId\` IN (${ids.map(() => '?').join(', ')}) ORDER BY \`externalId\``,
      ids,
    );

  it('gives Meta its challenge back for the agreed word, and for no other', async () => {
    const ask = async (token: string): Promise<{ status: number; text: string; type: string }> => {
      const query = new URLSearchParams({
        'hub.mode': 'subscribe',
        'hub.verify_token': token,
        'hub.challenge': '1158201444',
      });
      const response = await fetch(`${world.app.url}/intake/facebook?${query.toString()}`);
      return { status: response.status, text: await response.text(), type: response.headers.get('content-type') ?? '' };
    };
    expect(await ask(world.meta.credentials.verifyToken)).toEqual({
      status: 200,
      text: '1158201444',
      type: 'text/plain; charset=utf-8',
    });
    expect((await ask('falsch')).status).toBe(401);
    expect((await fetch(`${world.app.url}/intake/lead-agentur?hub.mode=subscribe`)).status).toBe(404);
  });

  it('acknowledges what is stored, then fetches every lead of every entry', async () => {
    for (const id of ['101', '102', '103']) world.meta.addLead({ id, campaign_name: 'Herbst' });
    const id = await send(delivery(['101', '102'], ['103']));
    await messageIn(id, 'accepted');
    const leads = await leadsOf('101', '102', '103');
    expect(leads.map((lead) => [lead['lastName'], lead['email'], lead['campaign']])).toEqual([
      ['L101', 'l101@example.org', 'Herbst'],
      ['L102', 'l102@example.org', 'Herbst'],
      ['L103', 'l103@example.org', 'Herbst'],
    ]);
    const told = (await world.api.get(`/intake-messages/${id}/parsed`)).json.data;
    expect(told).toMatchObject({ values: null, issues: [] });
    expect(told['tells']).toMatchObject(
      leads.map((lead) => ({
        id: lead['externalId'],
        isFetched: true,
        lead: lead['id'],
        leadName: lead['title'],
        facts: { leadgen_id: lead['externalId'] },
      })),
    );
    const again = await deliver(world.app.url, delivery(['101', '102'], ['103']), {
      secret: world.meta.credentials.appSecret,
    });
    expect([again.status, again.json['status'], again.json['id']]).toEqual([200, 'duplicate', id]);
    await messageIn(await send(delivery(['103'])), 'accepted');
    expect(await leadsOf('101', '102', '103')).toHaveLength(3);
  });

  it('fetches leads whose ids come as numbers that are longer than a double holds', async () => {
    const ids = ['12345678901234567890', '12345678901234567899'];
    for (const id of ids) world.meta.addLead({ id });
    await messageIn(await send(delivery(ids).replaceAll(/"leadgen_id":"(\d+)"/g, '"leadgen_id":$1')), 'accepted');
    expect((await leadsOf(...ids)).map((lead) => lead['externalId'])).toEqual(ids);
  });

  it('shows the answers that no row of the mapping names on the lead', async () => {
    const field_data = [...answers('L150'), { name: 'wie_viele_mitarbeiter?', values: ['10–50'] }];
    world.meta.addLead({ id: '150', field_data });
    await messageIn(await send(delivery(['150'])), 'accepted');
    expect(JSON.parse(String((await leadsOf('150'))[0]?.['additional']))).toMatchObject({
      field_data: { 'wie_viele_mitarbeiter?': '10–50' },
    });
  });

  it('keeps a delivery of other things, and fetches nothing', async () => {
    const calls = world.meta.calls.length;
    const other = JSON.stringify({ object: 'page', entry: [{ id: '1', changes: [{ field: 'feed', value: {} }] }] });
    await messageIn(await send(other), 'accepted');
    const misshapen = JSON.stringify({ object: 'page', entry: [null, 5, { changes: [null, 'x'] }] });
    await messageIn(await send(misshapen), 'accepted');
    expect(world.meta.calls).toHaveLength(calls);
  });

  it('S36: takes nothing whose signature does not fit the bytes', async () => {
    const body = delivery(['999']);
    const before = await world.store.foundation.db.all('SELECT `id` FROM `intake_message`');
    const { appSecret } = world.meta.credentials;
    const wrong = [
      await deliver(world.app.url, body, { secret: 'geraten' }),
      await deliver(world.app.url, body, { secret: appSecret, signature: 'sha256=' }),
      await deliver(world.app.url, body, { secret: appSecret, signature: `sha256=${'0'.repeat(64)}` }),
      await deliver(world.app.url, body, { secret: appSecret, source: 'lead-agentur' }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(await world.store.foundation.db.all('SELECT `id` FROM `intake_message`')).toHaveLength(before.length);
  });

  it('still takes whole leads signed by Standard Webhooks', async () => {
    const secret = await secretOf(world.store, 'facebook');
    const body = JSON.stringify({ leadgen_id: '555', email: 'standard@example.org', last_name: 'Standard' });
    const response = await until('the secret is known', async () => {
      const answer = await fetch(`${world.app.url}/intake/facebook`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signedHeaders(secret, body) },
        body,
      });
      return answer.status === 401 ? undefined : answer;
    });
    expect(response.status).toBe(202);
    expect(await leadsOf('555')).toHaveLength(1);
  });

  it('goes on by itself after a limit and a disturbance', async () => {
    world.meta.addLead({ id: '201' });
    world.meta.fail({ status: 400, code: 613, headers: { 'retry-after': '1' } }, 1);
    await messageIn(await send(delivery(['201'])), 'accepted');
    world.meta.addLead({ id: '202' });
    world.meta.fail({ status: 500, code: 2 }, 1);
    await messageIn(await send(delivery(['202'])), 'accepted');
    expect(await leadsOf('201', '202')).toHaveLength(2);
  });

  it('says while it waits what it waits for', async () => {
    world.meta.addLead({ id: '203' });
    world.meta.fail({ status: 400, code: 4, headers: { 'retry-after': '2' } }, 1);
    const id = await send(delivery(['203']));
    const waiting = await until('a reason', async () => {
      const { data } = (await world.api.get(`/intake-messages/${id}`)).json;
      return data['errors'] === null ? undefined : data;
    });
    expect(waiting['state']).toBe('waiting');
    expect(JSON.stringify(waiting['errors'])).toContain('Es geht von selbst weiter');
    expect((await messageIn(id, 'accepted'))['errors']).toBeNull();
  });

  it('parks what a person must mend first with what to do, and goes on at the push of a button', async () => {
    world.meta.addLead({ id: '301' });
    world.meta.acceptToken('neues-token');
    const id = await send(delivery(['301']));
    const parked = await messageIn(id, 'parked');
    expect(JSON.stringify(parked['errors'])).toContain('neues Seiten-Token eintragen');
    const failing = (await world.api.get('/connections/facebook')).json.data;
    expect(failing['state']).toBe('failing');
    const attention = async (): Promise<unknown> => (await world.api.get('/operations')).json.data['attention'];
    const retry = `/intake-messages/${id}/replay`;
    expect(await attention()).toEqual([expect.objectContaining({ recordId: id, code: 'parked', retry, skip: null })]);
    const credentials = { ...world.meta.credentials, accessToken: 'neues-token' };
    expect((await world.api.post('/connections/facebook/rotate', { credentials })).status).toBe(200);
    expect((await world.api.post(retry)).status).toBe(200);
    await messageIn(id, 'accepted');
    expect(await attention()).toEqual([]);
    expect(await leadsOf('301')).toHaveLength(1);
    expect((await world.api.get('/connections/facebook')).json.data['state']).toBe('ok');
    expect((await world.api.post(`/intake-messages/${id}/replay`)).status).toBe(409);
  });

  it('one lead that is gone keeps no other from coming in', async () => {
    world.meta.addLead({ id: '401' });
    const id = await send(delivery(['400', '401']));
    const parked = await messageIn(id, 'parked');
    expect(parked['errors']).toMatchObject([{ path: '/entry/0/changes/0', code: 'RemoteRejected' }]);
    expect(await leadsOf('400', '401')).toHaveLength(1);
    world.meta.addLead({ id: '400' });
    await world.api.post(`/intake-messages/${id}/replay`);
    await messageIn(id, 'accepted');
    expect(await leadsOf('400', '401')).toHaveLength(2);
  });

  it('keeps a lead that cannot be mapped, and replays it like any other message', async () => {
    world.meta.addLead({ id: '501', field_data: [{ name: 'email', values: ['keine Adresse'] }] });
    await messageIn(await send(delivery(['501'])), 'accepted');
    const list = await world.api.get('/intake-messages?filter=state = "rejected"');
    const rejected = list.json.data.find((message) => String(message['body']).includes('501'));
    expect(JSON.stringify(rejected?.['errors'])).toContain('E-Mail');
  });

  it('asks for what deliveries missed, page by page and form by form, and takes nothing twice', async () => {
    for (let index = 0; index < 5; index += 1) world.meta.addLead({ id: `60${index}` });
    world.meta.addLead({ id: '610', form_id: '78' });
    const fetched = async () => await fetchNow(world.api, 'facebook');
    expect(await fetched()).toMatchObject({ state: 'ok', fault: null });
    expect(await leadsOf('600', '601', '602', '603', '604', '610')).toHaveLength(6);
    expect(await fetched()).toMatchObject({ state: 'ok', figures: { taken: 0 } });
    const parked = await send(delivery(['606'], ['607']));
    await messageIn(parked, 'parked');
    const told = (await world.api.get(`/intake-messages/${parked}/parsed`)).json.data;
    expect(told['tells']).toMatchObject([{ id: '606', isFetched: false, lead: null }, { id: '607' }]);
    world.meta.addLead({ id: '606' });
    await fetched();
    expect((await world.api.get(`/intake-messages/${parked}`)).json.data['state']).toBe('parked');
    world.meta.addLead({ id: '607' });
    await fetched();
    const [first] = await leadsOf('606', '607');
    expect(await messageIn(parked, 'accepted')).toMatchObject({ lead: first?.['id'], errors: null });
    world.meta.fail({ status: 400, code: 190 });
    expect(await fetched()).toMatchObject({ state: 'stopped', fault: { code: 'RemoteRejected' } });
    world.meta.mend();
    world.meta.addLead({ id: '605' });
    expect(await fetched()).toMatchObject({ state: 'ok', fault: null });
    expect(await leadsOf('605')).toHaveLength(1);
    expect(await leadsOf('600', '601', '602', '603', '604', '610')).toHaveLength(6);
  });
});
