import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { addKey, dialects, openStore, secretOf, type Store } from '../support/stores.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly errors?: readonly { readonly path: string; readonly code: string }[];
  };
}

type Sent = Readonly<Record<string, string>>;

const lead = (more: object = {}): object => ({
  lastName: 'Meyer',
  email: 'meyer@example.org',
  message: 'Bitte um Rückruf',
  ...more,
});

const mariadbUrl = inject('mariadbUrl');
const installed = dialects.filter((dialect) => dialect === 'sqlite' || mariadbUrl !== undefined);

describe.each(installed)('the ways in on %s', (dialect) => {
  let store: Store;
  let app: App;
  let api: Api;
  let agencyKey: string;
  let facebookSecret: string;

  const post = async (
    source: string,
    body: string | FormData | URLSearchParams | Uint8Array<ArrayBuffer>,
    headers: Sent = {},
  ): Promise<Answer> => {
    const isJson = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${app.url}/intake/${source}`, {
      method: 'POST',
      body,
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  };
  const asAgency = async (body: object, headers: Sent = {}): Promise<Answer> =>
    await post('lead-agentur', JSON.stringify(body), { authorization: `Bearer ${agencyKey}`, ...headers });
  const asForm = async (body: object, headers: Sent = {}): Promise<Answer> =>
    await post('webformular', JSON.stringify(body), headers);
  /** As Meta or any sender with a Standard Webhooks library signs it. */
  const signed = (text: string, more: { id?: string; at?: Date; secret?: string } = {}): Sent => {
    const { id = randomUUID(), at = new Date(), secret = facebookSecret } = more;
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, text),
    };
  };
  const leadCount = async (filter: string): Promise<number> => {
    const { json } = await api.get(`/leads?total=exact&limit=1&filter=${encodeURIComponent(filter)}`);
    return json.page.total ?? -1;
  };
  const messageOf = async (id: unknown): Promise<Readonly<Record<string, unknown>>> =>
    (await api.get(`/intake-messages/${String(id)}`)).json.data;
  const put = async (path: string, value: object): Promise<void> => {
    const { status, text } = await api.put(`/config/${path}`, value);
    if (status > 201) throw new Error(`${path}: ${status} ${text}`);
  };

  beforeAll(async () => {
    store = await openStore(dialect, {
      databaseUrl:
        dialect === 'sqlite' || mariadbUrl === undefined ? undefined : await createMariadbDatabase(mariadbUrl),
    });
    app = await store.start({ args: ['--role', 'api'], env: { FAILPOINT: 'none' } });
    api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    agencyKey = await secretOf(store, 'lead-agentur');
    facebookSecret = await secretOf(store, 'facebook');
    const source = { auth: 'public', label: { de: 'Probe', en: 'Trial' } };
    await put('sources/gedrosselt', { ...source, key: 'gedrosselt', rateLimit: { perMinute: 3 } });
    await put('sources/nur-hier', { ...source, key: 'nur-hier', allowedOrigins: ['https://www.example.de'] });
  });
  afterAll(async () => {
    await app.stop();
    await store.clear();
  });

  describe.each(['public', 'api-key', 'hmac'])('a source with %s', (auth) => {
    const send = async (body: object): Promise<Answer> => {
      if (auth === 'public') return await asForm(body);
      const text = JSON.stringify(body);
      return auth === 'api-key' ? await asAgency(body) : await post('facebook', text, signed(text));
    };

    it('accepts a lead and answers with it', async () => {
      const answer = await send(lead({ company: `Muster ${auth}` }));
      expect(answer.status).toBe(202);
      expect(answer.body).toEqual({ id: expect.any(String), status: 'accepted', lead: expect.any(String) });
      const stored = (await api.get(`/leads/${String(answer.body['lead'])}`)).json.data;
      expect(stored).toMatchObject({
        company: `Muster ${auth}`,
        email: 'meyer@example.org',
        state: 'open',
        intakeMessage: answer.body['id'],
      });
    });

    it('answers the same for the same externalId and counts the repeat', async () => {
      const externalId = randomUUID();
      const first = await send(lead({ externalId }));
      const second = await send(lead({ externalId }));
      expect([first.status, second.status]).toEqual([202, 200]);
      expect(second.body).toEqual({ ...first.body, status: 'duplicate' });
      expect(await messageOf(first.body['id'])).toMatchObject({ state: 'accepted', duplicates: 1 });
    });

    it('keeps all digits of numbers that are longer than a double holds', async () => {
      const sendText = async (text: string): Promise<Answer> => {
        if (auth === 'public') return await post('webformular', text);
        const headers = auth === 'api-key' ? { authorization: `Bearer ${agencyKey}` } : signed(text);
        return await post(auth === 'api-key' ? 'lead-agentur' : 'facebook', text, headers);
      };
      const ids = ['12345678901234567890', '12345678901234567891', '12345678901234567899'];
      for (const id of ids) {
        const text = `{"lastName":"Ziffer","externalId":${id},"email":"z${id}@example.org","message":49301234567890123456}`;
        const answer = await sendText(text);
        expect(answer.status).toBe(202);
        const stored = (await api.get(`/leads/${String(answer.body['lead'])}`)).json.data;
        expect(stored).toMatchObject({ externalId: id, message: '49301234567890123456' });
      }
    });

    it('names every wrong field at once and keeps the message', async () => {
      const answer = await send({ email: 'kein-at', phone: 'abc', budget: 'viel', lastName: 'x'.repeat(101) });
      expect(answer.status).toBe(422);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ code: 'InvalidInput', requestId: answer.headers.get('x-request-id') });
      expect(answer.body.errors?.map(({ path }) => path).toSorted()).toEqual([
        '/budget',
        '/email',
        '/lastName',
        '/phone',
      ]);
      const kept = await messageOf(answer.body['id']);
      expect(kept).toMatchObject({ state: 'rejected', lead: null });
      expect(kept['body']).toContain('kein-at');
    });

    it('rounds an amount with more than two decimals and keeps what was said', async () => {
      const answer = await send({ last_name: 'Genau', budget: '1.234,567' });
      const { data } = (await api.get(`/leads/${String(answer.body['lead'])}`)).json;
      expect(data).toMatchObject({ budget: 1234.57, additional: { budget: '1.234,567' } });
    });

    it('takes names in snake_case and keeps what no field takes', async () => {
      const answer = await send({ last_name: 'Öztürk', job_title: 'Einkauf', lieblingsfarbe: 'blau' });
      const { data } = (await api.get(`/leads/${String(answer.body['lead'])}`)).json;
      expect(data).toMatchObject({ lastName: 'Öztürk', jobTitle: 'Einkauf', additional: { lieblingsfarbe: 'blau' } });
    });
  });

  describe('who may send', () => {
    it.each([
      ['nothing', {}],
      ['another key', { authorization: 'Bearer lws_wrong' }],
      ['another scheme', { authorization: 'Basic abc' }],
    ])('refuses %s at a source with a key, and stores nothing', async (_what, headers) => {
      const before = await leadCount('source = "lead-agentur"');
      expect((await post('lead-agentur', JSON.stringify(lead()), headers as Sent)).status).toBe(401);
      expect(await leadCount('source = "lead-agentur"')).toBe(before);
    });

    it('refuses everything at a source whose secret was never made', async () => {
      expect((await post('kaltakquise', JSON.stringify(lead()), { authorization: 'Bearer ' })).status).toBe(401);
    });

    it('S35: forged, stale and future signatures have no effect', async () => {
      const text = JSON.stringify(lead({ externalId: 'forged' }));
      const forged = { ...signed(text), 'webhook-signature': 'v1,aGFsbG8=' };
      const otherBody = signed(JSON.stringify(lead({ externalId: 'other' })));
      const foreign = signed(text, { secret: `whsec_${Buffer.from('x'.repeat(24)).toString('base64')}` });
      const stale = signed(text, { at: new Date(Date.now() - 6 * 60_000) });
      const early = signed(text, { at: new Date(Date.now() + 6 * 60_000) });
      const redated = { ...stale, 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
      const { 'webhook-id': _id, ...nameless } = signed(text);
      for (const headers of [forged, otherBody, foreign, stale, early, redated, nameless]) {
        const answer = await post('facebook', text, headers);
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Webhook-Signature']);
      }
      expect(await leadCount('externalId = "forged"')).toBe(0);
    });

    it('S35: a signed message that is sent again makes nothing new', async () => {
      const text = JSON.stringify(lead({ company: 'Einmal GmbH' }));
      const headers = signed(text);
      const [first, second] = [await post('facebook', text, headers), await post('facebook', text, headers)];
      expect([first.status, second.status]).toEqual([202, 200]);
      expect(second.body['lead']).toBe(first.body['lead']);
      expect(await leadCount('company = "Einmal GmbH"')).toBe(1);
    });

    it.each([
      ['without an externalId', () => ({})],
      ['with an externalId', () => ({ externalId: randomUUID() })],
    ])('a webhook-id %s makes one lead, and is refused with another body', async (_what, own) => {
      const company = `Nummer ${randomUUID()}`;
      const [text, other] = [lead({ company, ...own() }), lead({ company, city: 'Köln', ...own() })].map((body) =>
        JSON.stringify(body),
      );
      const id = randomUUID();
      const send = async (body = ''): Promise<Answer> => await post('facebook', body, signed(body, { id }));
      const [first, again, changed, last] = [await send(text), await send(text), await send(other), await send(text)];
      expect([first, again, changed, last].map(({ status }) => status)).toEqual([202, 200, 409, 200]);
      expect(again.body).toEqual({ ...first.body, status: 'duplicate' });
      expect(changed.body).toMatchObject({
        code: 'Conflict',
        detail: 'Diese webhook-id kam schon mit einem anderen Inhalt.',
      });
      expect(await leadCount(`company = "${company}"`)).toBe(1);
      expect(await messageOf(first.body['id'])).toMatchObject({ duplicates: 2 });
    });

    it('a webhook-id counts whether an externalId comes with it or not', async () => {
      const company = `Nummer ${randomUUID()}`;
      for (const bodies of [
        [lead({ company }), lead({ company, externalId: randomUUID() })],
        [lead({ company, externalId: randomUUID() }), lead({ company })],
      ]) {
        const id = randomUUID();
        const answers = [];
        for (const text of bodies.map((body) => JSON.stringify(body)))
          answers.push(await post('facebook', text, signed(text, { id })));
        expect(answers.map(({ status }) => status)).toEqual([202, 409]);
      }
    });

    it('takes a corrected body under the same webhook-id after a 422', async () => {
      const id = randomUUID();
      const send = async (email: string): Promise<Answer> => {
        const text = JSON.stringify(lead({ email, externalId: id }));
        return await post('facebook', text, signed(text, { id }));
      };
      expect([(await send('falsch')).status, (await send('richtig@example.org')).status]).toEqual([422, 202]);
    });

    it('a rotated secret is void at once', async () => {
      const former = facebookSecret;
      facebookSecret = ((await api.post('/sources/facebook/rotate')).json.data as unknown as { secret: string }).secret;
      const text = JSON.stringify(lead());
      expect((await post('facebook', text, signed(text, { secret: former }))).status).toBe(401);
      expect((await post('facebook', text, signed(text))).status).toBe(202);
    });

    it('a secret that another process made holds at once', async () => {
      const text = JSON.stringify(lead());
      expect((await post('facebook', text, signed(text))).status).toBe(202);
      facebookSecret = await secretOf(store, 'facebook');
      const next = JSON.stringify(lead());
      expect((await post('facebook', next, signed(next))).status).toBe(202);
    });
  });

  describe('requests that cannot be taken', () => {
    it.each([
      ['broken JSON', '{"lastName":'],
      ['a list', '[1]'],
      ['a text', '"hallo"'],
      ['__proto__', '{"lastName":"a","__proto__":{"isAdmin":true}}'],
      ['a nested constructor', '{"lastName":"a","x":{"constructor":{"prototype":1}}}'],
      ['5,000 levels', `{"lastName":"a","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
    ])('S16: answers 400 for %s and keeps it', async (_what, text) => {
      const answer = await post('webformular', text);
      expect(answer).toMatchObject({ status: 400, body: { code: 'Unreadable' } });
      expect(await messageOf(answer.body['id'])).toMatchObject({ state: 'unreadable', body: text });
    });

    it('answers 400 for bytes that are no UTF-8 and keeps every byte', async () => {
      const bytes = Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
      const answer = await post('webformular', bytes);
      expect(answer.status).toBe(400);
      const raw = await fetch(`${app.url}/api/v1/intake-messages/${String(answer.body['id'])}/raw`, {
        headers: { authorization: `Bearer ${await addKey(store, { role: 'superadmin' })}` },
      });
      expect(new Uint8Array(await raw.arrayBuffer())).toEqual(bytes);
    });

    it.each([
      ['nothing', 'lastName=M%FCller', ''],
      ['iso-8859-1', 'lastName=M%FCller', '; charset=iso-8859-1'],
      ['a field', 'lastName=M%FCller&_charset_=windows-1252', ''],
    ])('keeps umlauts of pages in windows-1252 that say so by %s, and when worked again', async (_what, text, more) => {
      const answer = await post('webformular', `${text}&city=K%F6ln`, {
        'content-type': `application/x-www-form-urlencoded${more}`,
      });
      expect(answer.status).toBe(202);
      const stored = (await api.get(`/leads/${String(answer.body['lead'])}`)).json.data;
      expect(stored).toMatchObject({ lastName: 'Müller', city: 'Köln', additional: null });
      const parsed = await api.get(`/intake-messages/${String(answer.body['id'])}/parsed`);
      expect(parsed.json.data).toMatchObject({ values: { lastName: 'Müller', city: 'Köln' } });
    });

    it.each(['info@müller.example', 'jörg.müller+info@example.org', '用户@example.org'])(
      'takes the mail address %s, by form, webhook and API',
      async (email) => {
        const byForm = await post(
          'webformular',
          new URLSearchParams({ _form: '1', email, lastName: 'Müller', message: 'Hallo', consent: 'true' }),
        );
        const byWebhook = await asAgency(lead({ email }));
        expect([byForm.status, byWebhook.status]).toEqual([202, 202]);
        for (const { body } of [byForm, byWebhook])
          expect((await api.get(`/leads/${String(body['lead'])}`)).json.data).toMatchObject({ email });
        expect((await api.post('/leads', { title: 'Müller', email })).status).toBe(201);
      },
    );

    it.each([
      'jörg müller@example.org',
      'jörg..m@example.org',
      'jörg“@example.org',
      'ö@',
      '@müller.example',
      'ö.@example.org',
    ])('does not take %s for a mail address', async (email) => {
      const { status, json } = await api.post('/leads', { title: 'Müller', email });
      expect([status, json.errors]).toMatchObject([422, [{ path: '/email', code: 'format' }]]);
    });

    it('answers 400 in the language of the sender for a charset that there is not', async () => {
      const type = { 'content-type': 'application/x-www-form-urlencoded; charset=quatsch', 'accept-language': 'de' };
      const answer = await post('webformular', 'lastName=M%FCller', type);
      expect(answer).toMatchObject({ status: 400, body: { detail: 'Den Zeichensatz „quatsch“ gibt es nicht.' } });
    });

    it.each([
      [
        'ends in the middle of a file',
        '--x\r\nContent-Disposition: form-data; name="f"; filename="t.txt"\r\n\r\nhello',
      ],
      ['ends in the middle of a head', '--x\r\nContent-Dispo'],
      ['has no parts', 'rubbish'],
      [
        'has a field beyond 1 MB',
        `--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'y'.repeat(1_500_000)}\r\n--x--\r\n`,
      ],
      [
        'has more files than 20',
        `${'--x\r\nContent-Disposition: form-data; name="f"; filename="t.txt"\r\n\r\nhello\r\n'.repeat(21)}--x--\r\n`,
      ],
    ])('answers 400 for an upload that %s, keeps it and goes on', async (_what, text) => {
      const answer = await post('webformular', text, { 'content-type': 'multipart/form-data; boundary=x' });
      expect(answer).toMatchObject({ status: 400, body: { code: 'Unreadable' } });
      expect(await messageOf(answer.body['id'])).toMatchObject({ state: 'unreadable', size: text.length });
      expect((await asForm(lead())).status).toBe(202);
    });

    it('answers 415 for a compressed body', async () => {
      expect((await post('webformular', JSON.stringify(lead()), { 'content-encoding': 'gzip' })).status).toBe(415);
    });

    it('answers 404 for unknown sources, tenants and odd addresses', async () => {
      for (const source of [
        'gibt-es-nicht',
        'fremd/webformular',
        'main/webformular/mehr',
        '%E0%A4%A',
        '..%2Fapi',
        '',
      ]) {
        expect((await post(source, JSON.stringify(lead()))).status).toBe(404);
      }
    });

    it('answers 413 beyond 1 MB, whether the length was told or not', async () => {
      const text = JSON.stringify(lead({ message: 'x'.repeat(1024 * 1024) }));
      expect((await post('webformular', text)).status).toBe(413);
      const unannounced = await fetch(`${app.url}/intake/webformular`, {
        method: 'POST',
        body: new Blob([text]).stream(),
        duplex: 'half',
        headers: { 'content-type': 'application/json' },
      } as RequestInit);
      expect(unannounced.status).toBe(413);
    });

    it.each(['text/plain', 'application/xml', ''])('answers 415 for "%s"', async (type) => {
      expect((await post('webformular', JSON.stringify(lead()), { 'content-type': type })).status).toBe(415);
    });

    it('answers 429 with the seconds to wait', async () => {
      const statuses: number[] = [];
      let last: Answer | undefined;
      for (let turn = 0; turn < 4; turn += 1) {
        last = await post('gedrosselt', JSON.stringify(lead()));
        statuses.push(last.status);
      }
      expect(statuses).toEqual([202, 202, 202, 429]);
      expect(last?.body['code']).toBe('RateLimited');
      expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('answers 503 with the seconds to wait when the disk is full, and takes the lead afterwards', async () => {
      const body = lead({ externalId: 'full-disk' });
      await app.arm('commit:ENOSPC');
      const answer = await asAgency(body);
      expect(answer).toMatchObject({ status: 503, body: { code: 'Unavailable' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await leadCount('externalId = "full-disk"')).toBe(0);
      expect((await asAgency(body)).status).toBe(202);
    });

    it('answers faults in the language of the sender', async () => {
      const inEnglish = await asForm({ email: 'no' }, { 'accept-language': 'en' });
      const inGerman = await asForm({ email: 'no' }, { 'accept-language': 'de-DE,de;q=0.9' });
      expect(
        [inEnglish, inGerman].map(({ body }) => (body.errors?.[0] as { message?: string } | undefined)?.message),
      ).toEqual(['This is not an e-mail address.', 'Das ist keine E-Mail-Adresse.']);
    });
  });

  describe('once and only once', () => {
    it('R08: 100 posts with one externalId make one lead', async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, async () => await asAgency(lead({ externalId: 'hundred' }))),
      );
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
      expect(new Set(answers.map(({ body }) => body['lead'])).size).toBe(1);
      expect(await leadCount('externalId = "hundred"')).toBe(1);
    });

    it('R08: 100 posts with one Idempotency-Key make one lead', async () => {
      const key = { 'idempotency-key': randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 100 }, async () => await asAgency(lead({ company: 'Hundert AG' }), key)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 200]));
      expect(new Set(answers.map(({ body }) => body['lead'])).size).toBe(1);
      expect(await leadCount('company = "Hundert AG"')).toBe(1);
    });

    it('takes an externalId without the spaces around it', async () => {
      const externalId = randomUUID();
      const first = await asForm(lead({ externalId: `\t${externalId} ` }));
      const second = await asForm(lead({ externalId }));
      expect([first.status, second.status]).toEqual([202, 200]);
      expect(second.body['lead']).toBe(first.body['lead']);
      expect((await api.get(`/leads/${String(first.body['lead'])}`)).json.data).toMatchObject({ externalId });
    });

    it('answers 409 when an Idempotency-Key comes with another body', async () => {
      const key = { 'idempotency-key': randomUUID() };
      expect((await asAgency(lead(), key)).status).toBe(202);
      expect(await asAgency(lead({ company: 'Anders' }), key)).toMatchObject({
        status: 409,
        body: { code: 'Conflict' },
      });
    });

    it('tells long Idempotency-Keys apart', async () => {
      const key = 'k'.repeat(300);
      const first = await asAgency(lead(), { 'idempotency-key': `${key}1` });
      const second = await asAgency(lead(), { 'idempotency-key': `${key}2` });
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(second.body['lead']).not.toBe(first.body['lead']);
    });

    it('takes blanks for nothing to answer to, and keeps a message that has blanks elsewhere', async () => {
      const blank = await asAgency({ lastName: '  ', title: ' ', message: '\n' });
      expect([blank.status, blank.body.errors]).toMatchObject([422, [{ path: '/email', code: 'required' }]]);
      const answer = await asAgency(lead({ title: '  ', company: ' ', city: '' }));
      expect(answer.status).toBe(202);
      expect((await api.get(`/leads/${String(answer.body['lead'])}`)).json.data).toMatchObject({ title: 'Meyer' });
    });

    it('takes a corrected body under the same Idempotency-Key after a 422', async () => {
      const key = { 'idempotency-key': randomUUID() };
      expect((await asAgency(lead({ email: 'falsch' }), key)).status).toBe(422);
      expect((await asAgency(lead({ email: 'richtig@example.org' }), key)).status).toBe(202);
    });

    it('knows an upload again although its boundaries differ', async () => {
      const key = { 'idempotency-key': randomUUID() };
      const upload = async (text: string): Promise<Answer> => {
        const form = new FormData();
        form.set('lastName', 'Upload');
        form.set('datei', new File([text], 'plan.txt'));
        return await post('webformular', form, key);
      };
      const [first, again, other] = [await upload('eins'), await upload('eins'), await upload('zwei')];
      expect([first.status, again.status, other.status]).toEqual([202, 200, 409]);
    });
  });

  describe('what came in stays visible', () => {
    it('stores uploads as attachments, byte for byte, and hands them out as downloads only', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
      const form = new FormData();
      form.set('lastName', 'Datei');
      form.append('plan', new File([bytes], '../../böse "Datei".html', { type: 'text/html' }));
      form.append('plan', new File(['zwei'], 'zwei.txt'));
      form.append('plan', new File([], 'leer.pdf', { type: 'application/pdf' }));
      form.append('plan', new File([], ''));
      const answer = await post('webformular', form);
      expect(answer.status).toBe(202);
      expect((await messageOf(answer.body['id']))['attachments']).toMatchObject([
        { field: 'plan', contentType: 'text/html', size: 300_000 },
        { field: 'plan', name: 'zwei.txt', size: 4 },
        { field: 'plan', name: 'leer.pdf', contentType: 'application/pdf', size: 0 },
      ]);
      const key = await addKey(store, { role: 'superadmin' });
      const load = async (index: number): Promise<Response> =>
        await fetch(`${app.url}/api/v1/intake-messages/${String(answer.body['id'])}/attachments/${index}`, {
          headers: { authorization: `Bearer ${key}` },
        });
      expect((await (await load(2)).arrayBuffer()).byteLength).toBe(0);
      const download = await load(0);
      expect(new Uint8Array(await download.arrayBuffer())).toEqual(bytes);
      expect(download.headers.get('content-type')).toBe('application/octet-stream');
      expect(download.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''[^/\\"]+$/);
      expect(download.headers.get('content-security-policy')).toContain('sandbox');
    });

    it('keeps what fell into the honeypot as spam, without a lead, and does not tell the robot', async () => {
      const answer = await post(
        'webformular',
        new URLSearchParams({ lastName: 'Bot', email: 'unsinn', _website: 'https://spam.example' }),
      );
      expect(answer).toMatchObject({ status: 202, body: { status: 'accepted', lead: null } });
      expect(await messageOf(answer.body['id'])).toMatchObject({ state: 'spam', lead: null });
      expect(await leadCount('lastName = "Bot"')).toBe(0);
    });

    it('a robot takes no dedupe key away from a real sender', async () => {
      await asForm(lead({ externalId: 'contested', _website: 'x' }));
      expect(await asForm(lead({ externalId: 'contested' }))).toMatchObject({
        status: 202,
        body: { lead: expect.any(String) },
      });
    });

    it('maps the headers that rows name, also when worked again, and keeps none that prove who sends', async () => {
      const row = (from: string, to: string): object => ({ from, to });
      await put('mappings/kopfzeilen', {
        key: 'kopfzeilen',
        label: { de: 'Kopfzeilen', en: 'Headers' },
        entity: 'lead',
        rows: [
          row('$header.X-Campaign', 'campaign'),
          row('$header.authorization', 'company'),
          row('$header.cookie', 'city'),
          row('$header.x-hub-signature-256', 'street'),
        ],
      });
      const { value } = (await api.get('/config/sources/lead-agentur')).json.data as unknown as { value: object };
      await put('sources/lead-agentur', { ...value, mapping: 'kopfzeilen' });
      const headers = { 'x-campaign': 'Herbst', 'x-other': 'a', cookie: 'a=b', 'x-hub-signature-256': 'c' };
      const answer = await asAgency(lead({ score: 'viel' }), headers);
      expect(answer.status).toBe(422);
      const kept = (await messageOf(answer.body['id']))['headers'];
      expect(kept).toMatchObject({ 'x-campaign': 'Herbst' });
      expect(Object.keys(kept as object)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/x-other|authorization|cookie|signature/)]),
      );
      const taken = (await asAgency(lead(), headers)).body['lead'];
      expect((await api.get(`/leads/${String(taken)}`)).json.data).toMatchObject({
        campaign: 'Herbst',
        company: null,
        city: null,
        street: null,
      });
      const parsed = await api.get(`/intake-messages/${String(answer.body['id'])}/parsed`);
      expect(parsed.json.data).toMatchObject({ values: { campaign: 'Herbst' } });
      await put('sources/lead-agentur', value);
    });

    it('works a refused message again once its mapping is repaired', async () => {
      const answer = await asAgency({ kontakt: { mail: 'spaet@example.org' }, mail: 'kaputt', email: 'kaputt' });
      expect(answer.status).toBe(422);
      await put('mappings/agentur-neu', {
        key: 'agentur-neu',
        label: { de: 'Neu', en: 'New' },
        entity: 'lead',
        unmapped: 'additional',
        rows: [{ from: 'kontakt.mail', to: 'email' }],
      });
      const { value } = (await api.get('/config/sources/lead-agentur')).json.data as unknown as { value: object };
      await put('sources/lead-agentur', { ...value, mapping: 'agentur-neu' });
      const replayed = await api.post(`/intake-messages/${String(answer.body['id'])}/replay`);
      expect(replayed.status).toBe(200);
      expect(replayed.json.data).toMatchObject({
        state: 'accepted',
        lead: expect.any(String),
        attempts: 2,
        errors: null,
      });
      expect((await api.get(`/leads/${String(replayed.json.data['lead'])}`)).json.data).toMatchObject({
        email: 'spaet@example.org',
        additional: { mail: 'kaputt', email: 'kaputt' },
      });
      expect((await api.post(`/intake-messages/${String(answer.body['id'])}/replay`)).status).toBe(409);
      await put('sources/lead-agentur', value);
    });
  });

  describe('pages of other origins', () => {
    const preflight = async (source: string, origin: string): Promise<Response> =>
      await fetch(`${app.url}/intake/${source}`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,idempotency-key',
        },
      });

    it('may post to a public source and read the answer', async () => {
      const allowed = await preflight('webformular', 'https://irgendwo.example');
      expect(allowed.status).toBe(204);
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://irgendwo.example');
      expect(allowed.headers.get('access-control-allow-headers')).toContain('idempotency-key');
      expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
      const answer = await asForm(lead(), { origin: 'https://irgendwo.example' });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
        202,
        'https://irgendwo.example',
      ]);
    });

    it('may not where a list of origins says otherwise', async () => {
      const from = async (origin: string): Promise<number> =>
        (await post('nur-hier', JSON.stringify(lead()), { origin })).status;
      expect(await from('https://www.example.de')).toBe(202);
      expect(await from(app.url)).toBe(202);
      for (const origin of [
        'https://evil.example',
        'http://www.example.de',
        'https://www.example.de.evil.example',
        'null',
      ]) {
        expect(await from(origin)).toBe(403);
      }
    });

    it('get no leave at a source with a secret', async () => {
      expect(
        (await preflight('lead-agentur', 'https://irgendwo.example')).headers.get('access-control-allow-origin'),
      ).toBeNull();
    });
  });

  it('R19: lets a sender that dribbles its body go without holding up others', async () => {
    const controller = new AbortController();
    const dribble = new ReadableStream({
      pull: async (stream) => {
        stream.enqueue(new TextEncoder().encode('{'));
        await wait(20);
      },
    });
    const slow = fetch(`${app.url}/intake/webformular`, {
      method: 'POST',
      body: dribble,
      duplex: 'half',
      signal: controller.signal,
      headers: { 'content-type': 'application/json' },
    } as RequestInit);
    const outcome = slow.then(() => 'answered').catch(() => 'gone');
    expect((await asForm(lead())).status).toBe(202);
    controller.abort();
    expect(await outcome).toBe('gone');
    expect((await asForm(lead())).status).toBe(202);
  });
});
