import { createHash, createHmac } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { snippetsOf } from '../../admin-ui/scenes/settings/snippets.ts';
import { createStore, secretOf } from '../support/stores.ts';

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

it('the Apps Script of a source sends every row once, signed, and writes down what became of it', async (context) => {
  const store = await createStore(context, 'sqlite');
  const app = await store.start({ args: ['--role', 'api'] });
  try {
    const secret = await secretOf(store, 'facebook');
    const source = { url: `${app.url}/intake/facebook`, auth: 'hmac' } as Parameters<typeof snippetsOf>[0];
    const script = snippetsOf(source).find(({ name }) => name.includes('Apps Script'))?.text ?? '';
    const cells = [
      ['lastName', 'email', 'Leitwerk'],
      ['Müller', 'm@example.org', ''],
      ['Schulz', 'keine Adresse', ''],
      ['', '', ''],
      ['Alt', 'a@example.org', 'accepted'],
    ];
    const run = (): unknown =>
      runInContext(
        `${script}\nsendRows();`,
        createContext({ ...servicesFor(cells, secret), JSON, Math, Date, Object, String }),
      );
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
