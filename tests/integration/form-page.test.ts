import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFormWorld, type FormWorld } from '../support/forms.ts';
import { addTenant } from '../support/stores.ts';

interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const filled = { lastName: 'Meyer', email: 'meyer@example.org', message: 'Hallo', consent: 'true' };

describe('the hosted form without a script', () => {
  let world: FormWorld;

  const open = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> => {
    const response = await fetch(`${world.app.url}/forms/${path}`, { headers: { accept: 'text/html', ...headers } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const send = async (
    path: string,
    fields: Readonly<Record<string, string>> | FormData | URLSearchParams,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Page> => {
    const body = fields instanceof FormData ? fields : new URLSearchParams(fields);
    const response = await fetch(`${world.app.url}/forms/${path}`, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { accept: 'text/html', ...headers },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const keyOf = (page: Page): string => /name="_key" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  /** The tag of an input by its name. */
  const inputOf = (page: Page, name: string): string =>
    new RegExp(`<(?:input|select|textarea)[^>]* name="${name}"[^>]*>`).exec(page.text)?.[0] ?? '';
  const faultOf = (page: Page, name: string): string | undefined =>
    new RegExp(`id="f-${name}-fault"[^>]*>([^<]+)</p>`).exec(page.text)?.[1];

  beforeAll(async () => {
    world = await createFormWorld();
  });
  afterAll(async () => await world.close());

  describe('shows', () => {
    it('each field as the control that fits its kind, with its label, and the required ones marked', async () => {
      const page = await open('angebot?lang=de');
      expect(page.status).toBe(200);
      expect(inputOf(page, 'email')).toMatch(/type="email".* required.* autocomplete="email"/);
      expect(inputOf(page, 'phone')).toMatch(/type="tel".* autocomplete="tel"/);
      expect(inputOf(page, 'phone')).not.toContain('required');
      expect(inputOf(page, 'budget')).toContain('inputmode="decimal"');
      expect(inputOf(page, 'score')).toContain('type="number"');
      expect(inputOf(page, 'priority')).toMatch(/^<select/);
      expect(page.text).toContain('<option value="dringend">Dringend</option>');
      expect(inputOf(page, 'message')).toMatch(/^<textarea/);
      expect(page.text).toMatch(/<fieldset[^>]*id="f-tags"/);
      expect(inputOf(page, 'files')).toMatch(/type="file".* multiple/);
      expect(page.text).toContain('enctype="multipart/form-data"');
      expect(inputOf(page, 'consent')).toMatch(/type="checkbox".* required/);
      expect(page.text).toContain(
        '<label for="f-lastName">Nachname <span class="mark" aria-hidden="true">*</span></label>',
      );
    });

    it('a trap for robots that nobody sees, hears or reaches', async () => {
      const trap = /<div class="trap" aria-hidden="true">.*?<\/div>/.exec((await open('angebot')).text)?.[0];
      expect(trap).toMatch(/name="_website"[^>]*tabindex="-1"[^>]*autocomplete="off"/);
    });

    it('texts of admins escaped, with web links only', async () => {
      const { text } = await open('angebot?lang=de');
      expect(text).toContain('Angebot &lt;b&gt;anfordern&lt;/b&gt;');
      expect(text).toContain(
        '<a href="https://www.example.de/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">unserer Seite</a>',
      );
      expect(text).toContain('[nicht hier](javascript:alert(1))');
      expect(text).not.toContain('href="javascript');
    });

    it.each([
      ['angebot?lang=en', 'de', 'en'],
      ['angebot?lang=de', 'en', 'de'],
      ['angebot', 'en-GB,en;q=0.9,de;q=0.5', 'en'],
      ['angebot', 'fr', 'de'],
      ['angebot?lang=xx', 'en', 'en'],
    ])('%s to a visitor who reads %s in %s', async (path, accepted, language) => {
      const { text } = await open(path, { 'accept-language': accepted });
      expect(text).toContain(`<html lang="${language}"`);
      expect(text).toContain(language === 'en' ? 'Request a quote' : 'anfordern');
    });

    it('the form of another company at its own address', async () => {
      await addTenant(world.store, 'nord');
      const appeared = async (): Promise<number> => (await open('nord/webformular')).status;
      await expect.poll(appeared).toBe(200);
      expect((await open('nord/angebot')).status).toBe(404);
      expect((await send('nord/webformular', filled)).status).toBe(303);
      expect(await world.records('leads', 'source = "webformular"')).toEqual([]);
    });

    it.each([
      'gibt-es-nicht',
      'lead-agentur',
      'csv-datei',
      'fremd/angebot',
      'gibt-es-nicht/embed.js',
      'lead-agentur/embed.js',
    ])('a page that says so where there is no form: %s', async (path) => {
      const page = await open(path, { 'accept-language': 'de' });
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.text).toContain('Dieses Formular gibt es nicht');
    });
  });

  describe('allows', () => {
    const directive = (page: Page, name: string): string | undefined =>
      page.headers
        .get('content-security-policy')
        ?.split(';')
        .find((one) => one.startsWith(`${name} `));

    it('no script, style or request but its own', async () => {
      const page = await open('angebot');
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none';script-src 'self';style-src 'self';/,
      );
      expect(page.text).not.toMatch(/ style=|<style| on[a-z]+=|<script>/);
      expect(
        [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)]
          .map((match) => match[1])
          .filter((address) => !/^\/forms\/|^https:\/\/www\.example\.de\//.test(address ?? '')),
      ).toEqual([]);
    });

    it('frames of the pages that the source lists; of any page where it lists none', async () => {
      const [anyone, listed] = [await open('angebot'), await open('geschlossen')];
      expect(directive(anyone, 'frame-ancestors')).toBe('frame-ancestors *');
      expect(directive(listed, 'frame-ancestors')).toBe(
        "frame-ancestors 'self' https://www.example.de https://shop.example.de:8443",
      );
      expect([anyone, listed].map(({ headers }) => headers.get('x-frame-options'))).toEqual([null, null]);
    });

    it('no cache to keep it, and its assets to be kept for ever under their version', async () => {
      const page = await open('angebot');
      expect(page.headers.get('cache-control')).toBe('no-store');
      const asset = /href="(\/forms\/form\.css\?v=[^"]+)"/.exec(page.text)?.[1] ?? '';
      const style = await fetch(`${world.app.url}${asset}`);
      expect([style.status, style.headers.get('content-type'), style.headers.get('cache-control')]).toEqual([
        200,
        'text/css; charset=utf-8',
        'public, max-age=31536000, immutable',
      ]);
    });

    it('other pages to load the snippet', async () => {
      const snippet = await open('angebot/embed.js');
      expect(snippet.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(snippet.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(snippet.text).toContain('"en":"Request a quote"');
    });
  });

  describe('takes a message', () => {
    it('and thanks at an address that can be reloaded', async () => {
      const sent = await send('angebot?lang=en', {
        ...filled,
        lastName: 'Dankbar',
        budget: '12.500,50 €',
        priority: 'hoch',
        phone: '',
      });
      expect([sent.status, sent.headers.get('location')]).toEqual([303, '/forms/angebot?lang=en&sent=1']);
      expect((await open('angebot?lang=en&sent=1')).text).toContain('Thank you for your request.');
      const [lead] = await world.records('leads', 'lastName = "Dankbar"');
      expect(lead).toMatchObject({
        source: 'angebot',
        budget: 12_500.5,
        priority: 'hoch',
        consent: true,
        phone: null,
        additional: null,
      });
      const [message] = await world.records('intake-messages', `id = "${String(lead?.['intakeMessage'])}"`);
      expect(message).toMatchObject({ channel: 'form', state: 'accepted' });
    });

    it('with files and several ticks', async () => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...filled, lastName: 'Plan' })) form.set(name, value);
      for (const tag of ['messe', 'newsletter']) form.append('tags', tag);
      form.append('files', new File(['eins'], 'eins.pdf', { type: 'application/pdf' }));
      form.append('files', new File([], ''));
      expect((await send('angebot', form)).status).toBe(303);
      const [lead] = await world.records('leads', 'lastName = "Plan"');
      expect(lead).toMatchObject({ tags: ['messe', 'newsletter'] });
      const [message] = await world.records('intake-messages', `id = "${String(lead?.['intakeMessage'])}"`);
      expect(message?.['attachments']).toMatchObject([{ field: 'files', name: 'eins.pdf', size: 4 }]);
    });

    it('or shows the form again as it was, with each fault at its field', async () => {
      const page = await send('angebot?lang=de', {
        lastName: '<script>"x"',
        email: 'kaputt',
        budget: 'viel',
        priority: 'hoch',
        tags: 'messe',
      });
      expect(page.status).toBe(422);
      expect(inputOf(page, 'lastName')).toContain('value="&lt;script&gt;&quot;x&quot;"');
      expect(page.text).toContain('<option value="hoch" selected>');
      expect(page.text).toMatch(/value="messe" checked/);
      expect(inputOf(page, 'email')).toContain('aria-invalid="true"');
      expect(['email', 'budget', 'message', 'consent', 'lastName', 'phone'].map((name) => faultOf(page, name))).toEqual(
        [
          'Das ist keine E-Mail-Adresse.',
          '„viel“ ist kein Geldbetrag.',
          'Bitte ausfüllen.',
          'Bitte bestätigen.',
          undefined,
          undefined,
        ],
      );
      expect(page.text).toMatch(/role="alert" tabindex="-1">/);
      expect(page.text).toContain('<a href="#f-consent">Einwilligung</a>: Bitte bestätigen.');
      const kept = await world.records('intake-messages', 'state = "rejected" and source = "angebot"');
      expect(kept.some((message) => String(message['body']).includes('kaputt'))).toBe(true);
    });

    it('and says that files must be chosen again', async () => {
      const form = new FormData();
      form.set('lastName', 'Ohne');
      for (const name of ['a', 'b', 'c']) form.append('files', new File([name], name));
      const page = await send('angebot?lang=de', form);
      expect(faultOf(page, 'files')).toBe('Höchstens 2 Dateien.');
      form.delete('files');
      form.append('files', new File(['a'], 'a'));
      expect(faultOf(await send('angebot?lang=de', form), 'files')).toBe('Dateien bitte noch einmal auswählen.');
    });

    it('once, however often it is sent from the same page', async () => {
      const key = keyOf(await open('angebot'));
      const form = (): FormData => {
        const data = new FormData();
        for (const [name, value] of Object.entries({ ...filled, lastName: 'Doppelklick', _key: key }))
          data.set(name, value);
        return data;
      };
      const answers = await Promise.all(Array.from({ length: 10 }, async () => await send('angebot', form())));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
      expect(await world.records('leads', 'lastName = "Doppelklick"')).toHaveLength(1);
    });

    it('twice, when it was changed in between', async () => {
      const key = keyOf(await open('angebot'));
      const statuses = [
        await send('angebot', { ...filled, lastName: 'Geändert', _key: key }),
        await send('angebot', { ...filled, lastName: 'Geändert', message: 'Noch etwas', _key: key }),
      ];
      expect(statuses.map(({ status }) => status)).toEqual([303, 303]);
      expect(await world.records('leads', 'lastName = "Geändert"')).toHaveLength(2);
    });

    it('from its own page, and not from a foreign one where a list says so', async () => {
      expect((await send('geschlossen', filled, { origin: world.app.url })).status).toBe(303);
      const refused = await send('geschlossen?lang=de', filled, { origin: 'https://evil.example' });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('Diese Seite darf an diese Quelle nicht senden.');
    });

    it('and says what to do when it is too large', async () => {
      const page = await send('angebot?lang=de', { ...filled, message: 'x'.repeat(2 * 1024 * 1024) });
      expect(page.status).toBe(413);
      expect(page.text).toContain('Ihre Angaben sind nicht verloren');
    });

    it('and answers programs and its own script in JSON', async () => {
      const good = await send('angebot?lang=en', filled, { accept: 'application/json' });
      expect([good.status, JSON.parse(good.text)]).toMatchObject([202, { status: 'accepted' }]);
      const bad = await send('angebot?lang=en', { lastName: 'x' }, { accept: 'application/json' });
      expect(bad.headers.get('content-type')).toContain('application/problem+json');
      expect([bad.status, JSON.parse(bad.text)]).toMatchObject([
        422,
        {
          code: 'InvalidInput',
          errors: expect.arrayContaining([{ path: '/email', code: 'required', message: 'Please fill this in.' }]),
        },
      ]);
    });
  });

  it('can be worked again by an operator, without what the form said about itself', async () => {
    const replay = async (lastName: string): Promise<Readonly<Record<string, unknown>>> => {
      const [message] = await world.records('intake-messages', `body ~ "${lastName}"`);
      const { status, json } = await world.api.post(`/intake-messages/${String(message?.['id'])}/replay`);
      expect(status).toBe(200);
      return (await world.api.get(`/leads/${String(json.data['lead'])}`)).json.data;
    };
    const key = keyOf(await open('angebot'));
    expect((await send('angebot', { lastName: 'Vergessen', email: 'v@example.org', _key: key })).status).toBe(422);
    expect((await send('angebot', { ...filled, lastName: 'Verdacht', _website: 'x', _key: key })).status).toBe(303);
    expect(await replay('Vergessen')).toMatchObject({ email: 'v@example.org', additional: null });
    expect(await replay('Verdacht')).toMatchObject({ message: 'Hallo', additional: null });
  });

  describe('a form of one’s own', () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const post = async (path: string, fields: Readonly<Record<string, string>>, accept?: string): Promise<Page> => {
      const response = await fetch(`${world.app.url}/${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        redirect: 'manual',
        headers: accept === undefined ? {} : { accept },
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    };

    it.each(['intake/angebot', 'forms/angebot'])('that posts to /%s thanks its visitor with a page', async (path) => {
      const sent = await post(`${path}?lang=en`, { ...filled, lastName: 'Eigen' }, browser);
      expect([sent.status, sent.headers.get('location')]).toEqual([303, '/forms/angebot?lang=en&sent=1']);
      expect(await world.records('leads', 'lastName = "Eigen"')).not.toHaveLength(0);
    });

    it.each(['intake/angebot', 'forms/angebot'])(
      'that posts to /%s shows faults and keeps what was typed',
      async (path) => {
        const fields = {
          last_name: 'Eigen',
          email: 'kaputt',
          phone: 'abc',
          farbe: 'blau "hell"',
          postalCode: '0'.repeat(99),
        };
        const page = await post(`${path}?lang=de`, fields, browser);
        expect([page.status, page.headers.get('content-type')]).toEqual([422, 'text/html; charset=utf-8']);
        expect([faultOf(page, 'email'), inputOf(page, 'email'), inputOf(page, 'lastName')]).toEqual([
          'Das ist keine E-Mail-Adresse.',
          expect.stringContaining('value="kaputt"'),
          expect.stringContaining('value="Eigen"'),
        ]);
        expect(inputOf(page, 'farbe')).toBe('<input type="hidden" name="farbe" value="blau &quot;hell&quot;">');
        expect([inputOf(page, 'last_name'), inputOf(page, 'postalCode')]).toEqual(['', '']);
        expect(page.text).toContain('action="/forms/angebot?lang=de"');
      },
    );

    it('keeps to its own rules at /intake', async () => {
      expect((await post('intake/angebot', { lastName: 'Kurz' }, browser)).status).toBe(303);
      expect((await post('intake/angebot?lang=de', { lastName: 'Kurz', _form: '1' }, browser)).status).toBe(422);
    });

    it('hears of a page that may not send', async () => {
      const response = await fetch(`${world.app.url}/intake/geschlossen?lang=de`, {
        method: 'POST',
        body: new URLSearchParams(filled),
        headers: { accept: browser, origin: 'https://evil.example' },
      });
      expect([response.status, await response.text()]).toEqual([
        403,
        expect.stringContaining('Diese Seite darf an diese Quelle nicht senden.'),
      ]);
    });

    it.each(['intake/angebot', 'forms/angebot'])(
      'or a program at /%s that asks for no page gets JSON',
      async (path) => {
        for (const accept of [undefined, '*/*', 'application/json', 'application/json, text/html;q=0.9']) {
          const answer = await post(path, { ...filled, lastName: 'Programm' }, accept);
          expect([accept, answer.status, answer.headers.get('content-type')]).toEqual([
            accept,
            202,
            'application/json; charset=utf-8',
          ]);
        }
      },
    );

    it('at a source without a form, or with a secret, gets JSON', async () => {
      const refused = await post('intake/lead-agentur', filled, browser);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        401,
        'application/problem+json; charset=utf-8',
      ]);
      expect((await post('intake/gibtsnicht', filled, browser)).status).toBe(404);
    });
  });

  it('counts its rules for a page of someone else that says _form, and not for a webhook', async () => {
    const post = async (fields: Readonly<Record<string, string>>): Promise<number> =>
      (await fetch(`${world.app.url}/intake/angebot`, { method: 'POST', body: new URLSearchParams(fields) })).status;
    expect(await post({ lastName: 'Nackt' })).toBe(202);
    expect(await post({ lastName: 'Nackt', _form: '1' })).toBe(422);
    expect(await post({ ...filled, _form: '1' })).toBe(202);
  });
});
