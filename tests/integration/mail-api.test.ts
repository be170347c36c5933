import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUser } from '../../commands/accounts/createUser.ts';
import { quarantineMail } from '../../commands/mail/quarantineMail.ts';
import { addMailJob } from '../../store/mail-jobs.ts';
import { createApi, signIn, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { buildMail, deliver, openPostOffice, type PostOffice } from '../support/smtp.ts';
import { addKey, openStore, type Store } from '../support/stores.ts';

const password = 'kaffee regen laterne 7';
const unknown = '01a00000-0000-7000-8000-000000000000';

let store: Store;
let office: PostOffice;
let app: App;
let manager: Api;
let sales: Api;
let viewer: Api;
let admin: Api;
let address: string;

beforeAll(async () => {
  store = await openStore('sqlite', {});
  for (const [name, role] of [
    ['vera', 'sales-manager'],
    ['paul', 'sales'],
    ['lisa', 'viewer'],
  ] as const)
    await createUser(store.asSystem(), { name, email: `${name}@leitwerk.local`, role, password });
  app = await store.start({ args: ['--role', 'api'] });
  await store.foundation.registry.refresh();
  office = await openPostOffice(store, { mostBytes: 3_000_000 });
  manager = await signIn(app.url, { email: 'vera@leitwerk.local', password });
  sales = await signIn(app.url, { email: 'paul@leitwerk.local', password });
  viewer = await signIn(app.url, { email: 'lisa@leitwerk.local', password });
  admin = createApi(app.url, await addKey(store, { role: 'superadmin' }));
  address = String((await manager.get('/me/mail-address')).json.data['address']);
});
afterAll(async () => {
  await office?.close();
  await app?.stop();
  await store?.clear();
});

/** Files a mail under vera's address and answers the message's id. */
const bring = async (id: string, to = 'Otto Neu <otto@neu.example>', headers?: readonly string[]): Promise<string> => {
  const mail = { id: `${id}@leitwerk.local`, from: 'vera@leitwerk.local', to, subject: id };
  const raw = buildMail({ ...mail, ...(headers === undefined ? {} : { headers }) });
  expect(await deliver(office.port, { raw, to: [address] })).toMatch(/^250/);
  await office.settled();
  return String((await office.messages()).at(-1)?.['id']);
};

describe('the address for filing', () => {
  it('is the same until it is renewed, and gone when it is taken back', async () => {
    const first = (await sales.get('/me/mail-address')).json.data['address'];
    expect((await sales.get('/me/mail-address')).json.data['address']).toBe(first);
    const renewed = await sales.put('/me/mail-address', {});
    expect(renewed.status).toBe(200);
    expect(renewed.json.data['address']).not.toBe(first);
    expect((await sales.delete('/me/mail-address')).status).toBe(204);
    expect((await sales.get('/me/mail-address')).json.data['address']).toBeNull();
  });

  it('is for people only', async () => {
    expect((await admin.get('/me/mail-address')).json.data['address']).toBeNull();
    expect((await admin.put('/me/mail-address', {})).status).toBe(403);
    expect((await createApi(app.url).get('/me/mail-address')).status).toBe(401);
  });
});

describe('sorting a mail', () => {
  it('goes from proposals to its place', async () => {
    const id = await bring('m1');
    const proposals = await manager.get(`/intake-messages/${id}/proposals`);
    expect(proposals.json.data['person']).toMatchObject({ email: 'otto@neu.example' });
    const made = await manager.post(`/intake-messages/${id}/create-person`, { fields: proposals.json.data['person'] });
    expect(made.status, made.text).toBe(200);
    expect(made.json.data).toMatchObject({ state: 'filed' });
    const second = await bring('m2', 'fremd@anders.example');
    const person = (await manager.get('/persons?filter=email%20=%20"otto@neu.example"')).json.data[0];
    const filed = await manager.post(`/intake-messages/${second}/file`, { entity: 'person', record: person?.['id'] });
    expect(filed.json.data).toMatchObject({ state: 'filed' });
    const entries = await manager.get(
      `/timeline-entries?filter=person%20=%20"${String(person?.['id'])}"%20and%20kind%20=%20mail`,
    );
    const entry = String(entries.json.data[0]?.['id']);
    expect((await manager.get(`/timeline-entries/${entry}/mail`)).json.data).toMatchObject({
      text: expect.stringContaining('Rückruf') as string,
    });
    expect((await manager.get(`/timeline-entries/${entry}/attachments/0`)).status).toBe(404);
  });

  it('keeps its place when one more of its recipients becomes a person', async () => {
    const known = await manager.post('/persons', { firstName: 'Bea', lastName: 'Kannt', email: 'bea@kannt.example' });
    const id = await bring('m5', 'Bea <bea@kannt.example>, Nils Nochnicht <nils@fremd.example>');
    const message = (await manager.get(`/intake-messages/${id}`)).json.data;
    expect(message).toMatchObject({ state: 'filed', mail: { links: { person: known.json.data['id'] } } });
    const { person } = (await manager.get(`/intake-messages/${id}/proposals`)).json.data;
    expect(person).toMatchObject({ firstName: 'Nils', lastName: 'Nochnicht', email: 'nils@fremd.example' });
    const made = await manager.post(`/intake-messages/${id}/create-person`, { fields: person });
    const nils = (await manager.get('/persons?filter=email%20=%20"nils@fremd.example"')).json.data[0]?.['id'];
    expect(made.json.data).toMatchObject({
      state: 'filed',
      mail: { links: { person: known.json.data['id'] }, further: [{ person: nils }], unknown: [] },
    });
    for (const one of [known.json.data['id'], nils]) {
      const filter = encodeURIComponent(`person = "${String(one)}" and kind = mail`);
      expect((await manager.get(`/timeline-entries?filter=${filter}`)).json.data).toHaveLength(1);
    }
    expect((await manager.get(`/intake-messages/${id}/proposals`)).json.data['person']).toBeNull();
  });

  it('refuses bodies, records and messages that are none', async () => {
    const id = await bring('m3', 'fremd@anders.example');
    expect((await manager.post(`/intake-messages/${id}/file`, {})).status).toBe(422);
    expect((await manager.post(`/intake-messages/${id}/file`, { entity: 'person', record: unknown })).status).toBe(404);
    expect((await manager.post(`/intake-messages/${id}/file`, { entity: 'nichts', record: unknown })).status).toBe(404);
    expect((await manager.post(`/intake-messages/${unknown}/dismiss`)).status).toBe(404);
    expect((await manager.get(`/intake-messages/${unknown}/proposals`)).status).toBe(404);
    expect((await manager.post(`/intake-messages/${id}/create-person`, { fields: { nichts: 1 } })).status).toBe(422);
    const lead = await manager.post(`/intake-messages/${id}/make-lead`);
    expect(lead.json.data).toMatchObject({ state: 'accepted' });
    expect((await manager.post(`/intake-messages/${id}/dismiss`)).status).toBe(409);
  });

  it('takes back that a mail is not relevant, for whoever may sort it, until it is sorted otherwise', async () => {
    const id = await bring('away', 'weg@anders.example');
    const before = (await manager.get(`/intake-messages/${id}`)).json.data;
    expect(before).toMatchObject({ state: 'triage', mail: { reason: 'unknownPerson' } });
    const dismiss = async (): Promise<unknown> => (await manager.post(`/intake-messages/${id}/dismiss`)).json['event'];
    const event = await dismiss();
    expect([403, 404]).toContain((await sales.post('/undo', { event })).status);
    expect((await manager.post('/undo', { event })).status).toBe(200);
    const { state, mail, errors } = (await manager.get(`/intake-messages/${id}`)).json.data;
    expect({ state, mail, errors }).toEqual({ state: 'triage', mail: before['mail'], errors: before['errors'] });
    const again = await dismiss();
    expect((await manager.post(`/intake-messages/${id}/make-lead`)).json.data).toMatchObject({ state: 'accepted' });
    expect((await manager.post('/undo', { event: again })).status).toBe(409);
    expect((await manager.post('/undo', { event })).status).toBe(409);
  });

  it('is for whoever has the right, and their own mails for those who filed them', async () => {
    const id = await bring('m4', 'fremd@anders.example');
    for (const act of ['dismiss', 'make-lead']) {
      expect((await viewer.post(`/intake-messages/${id}/${act}`)).status).toBe(403);
      expect([403, 404]).toContain((await sales.post(`/intake-messages/${id}/${act}`)).status);
    }
    expect((await sales.get(`/intake-messages/${id}`)).status).toBe(404);
    expect((await sales.get(`/intake-messages/${id}/mail`)).status).toBe(404);
    expect((await sales.get(`/intake-messages/${id}/raw`)).status).toBe(404);
    expect((await manager.post(`/intake-messages/${id}/dismiss`)).json.data).toMatchObject({ state: 'dismissed' });
    expect((await manager.post(`/intake-messages/${id}/replay`)).status).toBe(200);
  });
});

it('shows what today’s mapping makes of a mail, without what does not fit', async () => {
  const parsedOf = async (parts: Parameters<typeof buildMail>[0]): Promise<Record<string, unknown>> => {
    expect(await deliver(office.port, { raw: buildMail(parts), to: ['leads@leitwerk.local'] })).toMatch(/^250/);
    await office.settled();
    const id = String((await office.messages()).at(-1)?.['id']);
    const answer = await manager.get(`/intake-messages/${id}/parsed`);
    expect(answer.status).toBe(200);
    return answer.json.data;
  };
  const form = 'Name: Eva Form\nE-Mail: eva@form.example\nBudget: viel\nFarbe: rot\nNachricht: Hallo';
  expect(await parsedOf({ id: 'parsed1@form.example', text: form })).toMatchObject({
    values: { firstName: 'Eva', lastName: 'Form', email: 'eva@form.example', message: 'Hallo' },
    additional: { farbe: 'rot', budget: 'viel' },
    issues: [{ path: '/budget' }],
  });
  const type = 'MIME-Version: 1.0\nContent-Type: application/json; name="a.json"'.split('\n');
  const headers = [...type, 'Content-Disposition: attachment; filename="a.json"'];
  const text = JSON.stringify({ kontakt: { vorname: 'Jo', nachname: 'Json' }, nachricht: 'Hallo' });
  expect(await parsedOf({ id: 'parsed2@form.example', headers, text })).toMatchObject({
    values: { firstName: 'Jo', lastName: 'Json', message: 'Hallo' },
    issues: [],
  });
});

it('S48: says nowhere under which address a user files', async () => {
  const secret = address.split('@')[0] ?? '';
  const to = `Otto <otto@geheim.example>, <${address}>`;
  const headers = [`Cc: Vera <${address.replace('@', '+opp-1@')}>`, 'Content-Type: text/plain'];
  const text = `An: ${address}`;
  const mail = { id: 'geheim@leitwerk.local', from: 'vera@leitwerk.local', to, headers, text };
  expect(await deliver(office.port, { raw: buildMail(mail), to: [address, 'leads@leitwerk.local'] })).toMatch(/^250/);
  await office.settled();
  const id = String((await office.messages()).at(-1)?.['id']);
  const shown = (await manager.get(`/intake-messages/${id}`)).json.data;
  expect(shown['mail']).toMatchObject({
    recipients: [{ kind: 'user', name: 'vera' }, { kind: 'source' }],
    to: [{ address: 'otto@geheim.example' }, { address: 'vera@leitwerk.local', name: 'vera' }],
  });
  const lead = String(shown['lead']);
  const paths = [
    '/intake-messages',
    `/intake-messages/${id}/mail`,
    `/intake-messages/${id}/raw`,
    `/intake-messages/${id}/proposals`,
    `/leads/${lead}`,
    `/timeline-entries?filter=lead%20=%20"${lead}"`,
  ];
  for (const path of paths) {
    const answer = await manager.get(path);
    expect(answer.status, path).toBe(200);
    expect(answer.text.includes(secret), path).toBe(false);
  }
  expect((await manager.get(`/intake-messages/${id}/raw`)).text).toContain(`Cc: Vera <${'x'.repeat(26)}+opp-1@`);
});

it('S18: the raw mail and its files are only ever downloads', async () => {
  const headers = [
    'MIME-Version: 1.0',
    'Content-Type: text/html; name="x.html"',
    'Content-Disposition: attachment; filename="x.html"',
  ];
  const id = await bring('m5', 'fremd@anders.example', headers);
  for (const path of ['raw', 'attachments/0']) {
    const answer = await manager.get(`/intake-messages/${id}/${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  }
});

it('S17: shows the pictures of a mail in their places; what cannot be shown is a file', async () => {
  const part = (id: string, type: string, content: Buffer): string =>
    [
      `--b\nContent-Type: ${type}; name="${id}"\nContent-ID: <${id}>\nContent-Disposition: inline`,
      `Content-Transfer-Encoding: base64\n\n${content.toString('base64').replaceAll(/.{76}/g, '$&\n')}\n`,
    ].join('\n');
  const png = Buffer.from('89504e470d0a1a0a', 'hex');
  const html = ['plan', 'missing', 'logo', 'huge'].map((id) => `<img src="cid:${id}" alt="${id}">`).join('');
  const text = [
    `--b\nContent-Type: text/html; charset=utf-8\n\n${html}<img src="https://example.com/a.png">\n`,
    part('plan', 'image/png', png),
    part('logo', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')),
    part('huge', 'image/png', Buffer.alloc(1_000_001)),
    '--b--',
  ].join('');
  const headers = ['MIME-Version: 1.0', 'Content-Type: multipart/related; boundary=b'];
  const mail = { id: 'm6@leitwerk.local', from: 'vera@leitwerk.local', to: 'otto@bild.example', headers, text };
  expect(await deliver(office.port, { raw: buildMail(mail), to: [address] })).toMatch(/^250/);
  await office.settled();
  const stored = (await office.messages()).at(-1);
  const { data } = (await manager.get(`/intake-messages/${String(stored?.['id'])}/mail`)).json;
  expect(data['html']).toBe(
    [
      `<img alt="plan" src="data:image/png;base64,${png.toString('base64')}" />`,
      '<img alt="missing" /><img alt="logo" /><img alt="huge" />',
      '<img alt="" data-blocked-src="https://example.com/a.png" />',
    ].join(''),
  );
  expect(data['files']).toMatchObject([
    { name: 'plan', isInline: true },
    { name: 'logo', isInline: false },
    { name: 'huge', isInline: false },
  ]);
  // The row has their places only.
  expect(stored?.['mailBody']).not.toContain('base64');
});

it('a mail that is filed on a deal of somebody else is read by nobody who may not see the deal', async () => {
  const deal = await manager.post('/opportunities', { title: 'Geheim' });
  const number = String(deal.json.data['number']);
  const me = (await manager.get('/me')).json.data['user'] as { id: string };
  await manager.patch(`/opportunities/${String(deal.json.data['id'])}`, { owner: me.id });
  const id = await bring(`[${number}] geheim`, 'fremd@anders.example');
  expect((await manager.get(`/intake-messages/${id}/mail`)).json.data).toMatchObject({ subject: `[${number}] geheim` });
  expect((await sales.get(`/intake-messages/${id}/mail`)).status).toBe(404);
  const entries = await manager.get(
    `/timeline-entries?filter=opportunity%20=%20"${String(deal.json.data['id'])}"%20and%20kind%20=%20mail`,
  );
  expect((await sales.get(`/timeline-entries/${String(entries.json.data[0]?.['id'])}/mail`)).status).toBe(404);
});

it('what halted a mail is said in the language of who looks after it', async () => {
  const id = await bring('m6');
  const ctx = store.asSystem();
  const envelope = { recipients: [], mailFrom: 'a@kunde.example', helo: 'x', remoteAddress: '' };
  const job = { id, tenantId: 'main', at: new Date().toISOString(), envelope };
  await ctx.db.write(async (tx) => await addMailJob(tx, job));
  await quarantineMail(ctx, { job: { ...job, attempts: 3 }, reason: { de: 'Beiseitegelegt', en: 'Put aside' } });
  for (const [language, error] of Object.entries({ de: 'Beiseitegelegt', en: 'Put aside' })) {
    const { attention } = (await admin.get('/operations', { 'accept-language': language })).json.data;
    expect(attention).toContainEqual(expect.objectContaining({ recordId: id, code: 'quarantined', error }));
  }
});

it('a source for mail shows its mail address', async () => {
  const addresses = async (): Promise<unknown[]> =>
    (await admin.get('/sources')).json.data.flatMap(({ auth, url }) => (auth === 'mail' ? [url] : []));
  const messe = { key: 'messe-mail', label: { de: 'Messe', en: 'Fair' }, auth: 'mail' };
  expect((await admin.put('/config/sources/messe-mail', messe)).status).toBe(201);
  expect(await addresses()).toEqual(['leads@leitwerk.local', 'leads+messe-mail@leitwerk.local']);
  const company = (await admin.get('/config/company/main')).json.data['value'] as object;
  const mail = { source: 'messe-mail', domains: ['firma.example', 'zweite.example'] };
  expect((await admin.put('/config/company/main', { ...company, mail })).status).toBe(200);
  expect(await addresses()).toEqual(['leads+mail@firma.example', 'leads@firma.example']);
  expect((await admin.put('/config/company/main', company)).status).toBe(200);
});

it('a source for mail takes nothing over HTTP', async () => {
  const response = await fetch(`${app.url}/intake/mail`, {
    method: 'POST',
    body: '{"lastName":"X"}',
    headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
  });
  expect(response.status).toBe(401);
});
