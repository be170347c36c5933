import { createHash, createHmac } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { snippetsOf } from '../../admin-ui/scenes/settings/snippets.ts';
import { createApi } from '../support/api.ts';
import { addKey, createStore, secretOf } from '../support/stores.ts';

/** Google's services as scripts see them: bytes are signed, calls wait for their answer. */
const servicesFor = (cells: string[][], secret: string) => ({
  SpreadsheetApp: {
    getActiveSheet: () => ({
      getDataRange: () => ({ getDisplayValues: () => cells.map((row) => [...row]) }),
      getRange: (row: number, column: number) => ({
        setValue: (value: string) => void ((cells[row - 1] ?? [])[column - 1] = value),
      }),
    }),
  },
  PropertiesService: { getScriptProperties: () => ({ getProperty: () => secret }) },
  Utilities: {
    DigestAlgorithm: { SHA_256: 'sha256' },
    newBlob: (text: string) => ({ getBytes: () => [...new Int8Array(Buffer.from(text))] }),
    computeDigest: (algorithm: string, bytes: number[]) => [
      ...new Int8Array(createHash(algorithm).update(Int8Array.from(bytes)).digest()),
    ],
    computeHmacSha256Signature: (bytes: number[], key: number[]) => [
      ...new Int8Array(createHmac('sha256', Int8Array.from(key)).update(Int8Array.from(bytes)).digest()),
    ],
    base64Decode: (text: string) => [...new Int8Array(Buffer.from(text, 'base64'))],
    base64Encode: (bytes: number[]) => Buffer.from(Int8Array.from(bytes)).toString('base64'),
    base64EncodeWebSafe: (bytes: number[]) => Buffer.from(Int8Array.from(bytes)).toString('base64url'),
  },
  UrlFetchApp: {
    fetch: (url: string, options: { readonly headers: Record<string, string>; readonly payload: string }) => {
      const headers = Object.entries({ ...options.headers, 'content-type': 'application/json' });
      const lines = headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const args = ['-s', '-w', '\n%{http_code}', ...lines, '--data-binary', options.payload, url];
      const answer = execFileSync('curl', args, { encoding: 'utf8' });
      const cut = answer.lastIndexOf('\n');
      return { getResponseCode: () => Number(answer.slice(cut)), getContentText: () => answer.slice(0, cut) };
    },
  },
});

const scriptOf = (url: string): string => {
  const source = { url, auth: 'hmac' } as Parameters<typeof snippetsOf>[0];
  return snippetsOf(source).find(({ name }) => name.includes('Apps Script'))?.text ?? '';
};
const runScript = (script: string, cells: string[][], secret: string): void =>
  void runInContext(
    `${script}\nsendRows();`,
    createContext({ ...servicesFor(cells, secret), JSON, Math, Date, Object, String }),
  );

it('the Apps Script of a source sends every row once, signed, and writes down what became of it', async (context) => {
  const store = await createStore(context, 'sqlite');
  const app = await store.start({ args: ['--role', 'api'] });
  try {
    const secret = await secretOf(store, 'facebook');
    const script = scriptOf(`${app.url}/intake/facebook`);
    const cells = [
      ['lastName', 'email', 'Leitwerk'],
      ['Müller', 'm@example.org', ''],
      ['Schulz', 'keine Adresse', ''],
      ['', '', ''],
      ['Alt', 'a@example.org', 'accepted'],
    ];
    const run = (): void => runScript(script, cells, secret);
    run();
    expect(cells.map((row) => row[2])).toEqual([
      'Leitwerk',
      'accepted',
      expect.stringMatching(/^422 .*E-Mail/),
      '',
      'accepted',
    ]);
    // The answer was lost: the row goes once more, and makes nothing twice.
    if (cells[1] !== undefined) cells[1][2] = '';
    run();
    expect(cells[1]?.[2]).toBe('duplicate');
    const leads = await store.foundation.db.all("SELECT `lastName` FROM `lead` WHERE `source` = 'facebook'");
    expect(leads).toEqual([{ lastName: 'Müller' }]);
  } finally {
    await app.stop();
    await store.clear();
  }
});

it('rows that it pushes to a source of tables have their headings read as in imports; one that was not let in goes again', async (context) => {
  const store = await createStore(context, 'sqlite');
  const app = await store.start({ args: ['--role', 'api'] });
  try {
    const api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    const label = { de: 'Liste', en: 'List' };
    const made = await api.put('/config/sources/liste', { key: 'liste', label, auth: 'hmac', preset: 'google-sheets' });
    expect(made.status).toBeLessThan(300);
    await store.foundation.registry.refresh();
    const secret = await secretOf(store, 'liste');
    const script = scriptOf(`${app.url}/intake/liste`);
    const cells = [
      ['Nr', 'Name', 'E-Mail (geschäftlich)', 'Telefon', 'Budget', 'Owner', 'Leitwerk'],
      ['K-1', 'Anna Müller', 'a@example.org', '', '1.234,50', 'Chefin', ''],
      ['K-1', 'Anna Müller', 'neu@example.org', '', '1.234,50', 'Chefin', ''],
    ];
    runScript(script, cells, `whsec_${Buffer.from('another secret').toString('base64')}`);
    expect(cells.map((row) => row[6])).toEqual(['Leitwerk', '', '']);
    runScript(script, cells, secret);
    expect(cells.map((row) => row[6])).toEqual(['Leitwerk', 'accepted', 'duplicate']);
    const leads = await store.foundation.db.all<Record<string, unknown>>(
      "SELECT * FROM `lead` WHERE `source` = 'liste'",
    );
    expect(leads).toMatchObject([
      {
        firstName: 'Anna',
        lastName: 'Müller',
        email: 'a@example.org',
        budget: 123_450,
        externalId: 'K-1',
        phone: null,
      },
    ]);
    expect(JSON.parse(String(leads[0]?.['additional']))).toEqual({ Owner: 'Chefin' });
  } finally {
    await app.stop();
    await store.clear();
  }
});
