import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { upload } from '../support/imports.ts';
import { addKey, createStore, secretOf, type Store } from '../support/stores.ts';

/** Ways to write a line break and a header of one's own into a name. */
const evilNames = [
  'plan%0D%0AX-Evil: 1.pdf',
  'plan%0d%0a%0d%0a<script>.pdf',
  'plan\u2028X-Evil: 1.pdf',
  'plan\u0085X-Evil: 1.pdf',
  '"; X-Evil=1; x=".pdf',
  'plan\tX-Evil: 1.pdf',
];

/** The header that names the file, as the bytes of the answer have it. */
const rawHeaders = async (url: string, key: string): Promise<readonly string[]> =>
  await new Promise((resolve, reject) => {
    request(url, { headers: { authorization: `Bearer ${key}` } }, (response) => {
      response.resume();
      resolve(response.rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text)));
    })
      .on('error', reject)
      .end();
  });

describe('S13: nothing that strangers send becomes a header', () => {
  let store: Store;
  let app: App;
  let api: Api;
  let key: string;
  let secret: string;
  beforeAll(async () => {
    store = await createStore({ skip: (reason) => expect.unreachable(String(reason)) }, 'sqlite');
    key = await addKey(store, { role: 'superadmin' });
    secret = await secretOf(store, 'kaltakquise');
    app = await store.start({ args: ['--role', 'api'] });
    api = createApi(app.url, key);
  });
  afterAll(async () => {
    await app.kill();
    await store.clear();
  });

  const namesOnly = /^attachment; filename\*=UTF-8''[\w.~!'()*%-]+$/;
  const expectClean = async (path: string): Promise<void> => {
    const headers = await rawHeaders(`${app.url}/api/v1${path}`, key);
    expect(headers).not.toContain('x-evil');
    expect(headers[headers.indexOf('content-disposition') + 1]).toMatch(namesOnly);
  };

  it.each(evilNames)('a file of a form called %j', async (name) => {
    const boundary = 'grenze';
    const body = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="lastName"',
      '',
      'Evil',
      `--${boundary}`,
      `Content-Disposition: form-data; name="plan"; filename="${name.replaceAll('"', '%22')}"; filename*=utf-8''${encodeURIComponent(name)}`,
      'Content-Type: text/plain',
      '',
      'Inhalt',
      `--${boundary}--`,
      '',
    ].join('\r\n');

    const answer = await fetch(`${app.url}/intake/kaltakquise`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${secret}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: string };
    await expectClean(`/intake-messages/${id}/attachments/0`);
  });

  it.each([...evilNames, 'halb\ud800.csv', 'a\r\nX-Evil: 1.csv'])('an imported file called %j', async (name) => {
    const answer = await upload({ url: app.url, key }, { content: 'Nachname\nEvil\n', name });
    expect(answer.status).toBe(202);
    await expectClean(`/imports/${String(answer.json.data['id'])}/errors.csv`);
  });

  it('a company, in what is exported and in addresses', async () => {
    const made = await api.post('/organizations', { name: 'Evil\r\nX-Evil: 1' });
    expect(made.status).toBeLessThan(500);
    const headers = await rawHeaders(`${app.url}/api/v1/organizations?format=csv`, key);
    expect(headers).not.toContain('x-evil');
    for (const path of ['/forms/webformular%0d%0aX-Evil:%201', '/forms/webformular?lang=de%0d%0aX-Evil:%201&sent=1'])
      expect(await rawHeaders(`${app.url}${path}`, key)).not.toContain('x-evil');
  });
});
