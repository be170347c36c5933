import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { prepareDataFolder, readSettings } from '../../bin/settings.ts';

test('without any variable everything runs in one place on this machine only', () => {
  const settings = readSettings([], {});

  expect(settings).toMatchObject({
    role: 'all',
    isDemo: false,
    host: '127.0.0.1',
    port: 4000,
    smtpPort: 2525,
    publicUrl: 'http://127.0.0.1:4000',
    dataFolder: resolve('data'),
    databaseUrl: undefined,
    mayCallPrivateAddresses: false,
    logLevel: 'info',
    temporal: { address: undefined, namespace: 'default', port: 7233, uiPort: 8233, tls: undefined, apiKey: undefined },
  });
});

test('options come from the command line', () => {
  expect(readSettings(['--demo', '--role', 'api'], {})).toMatchObject({ role: 'api', isDemo: true });
});

test('an empty variable is an unset one', () => {
  expect(readSettings([], { PORT: ' ', DATABASE_URL: '' })).toMatchObject({ port: 4000, databaseUrl: undefined });
});

test("the Temporal UI's port follows Temporal's port, so that two checkouts need one setting less", () => {
  expect(readSettings([], { TEMPORAL_PORT: '7300' }).temporal).toMatchObject({ port: 7300, uiPort: 8300 });
});

test('an API key for Temporal Cloud implies TLS', () => {
  expect(
    readSettings([], { TEMPORAL_ADDRESS: 'eu.example.com:7233', TEMPORAL_API_KEY: 'k' }).temporal.tls,
  ).toBeDefined();
});

test.each(['on', '1', 'true', 'yes', 'YES'])('what is on or off is on by "%s"', (word) => {
  const { mayCallPrivateAddresses, temporal } = readSettings([], { ALLOW_PRIVATE_ADDRESSES: word, TEMPORAL_TLS: word });
  expect([mayCallPrivateAddresses, temporal.tls !== undefined]).toEqual([true, true]);
});

test.each(['off', '0', 'false', 'no', 'No'])('what is on or off is off by "%s"', (word) => {
  const { mayCallPrivateAddresses, temporal } = readSettings([], { ALLOW_PRIVATE_ADDRESSES: word, TEMPORAL_TLS: word });
  expect([mayCallPrivateAddresses, temporal.tls]).toEqual([false, undefined]);
});

test('TLS files are read', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'leitwerk-tls-')), 'ca.pem');
  writeFileSync(path, 'certificate');

  expect(readSettings([], { TEMPORAL_TLS_CA: path }).temporal.tls?.ca?.toString()).toBe('certificate');
});

test.each([
  [{ PORT: '99999' }, 'PORT is invalid ("99999"). Allowed: 1–65535.'],
  [{ TEMPORAL_PORT: '0' }, 'TEMPORAL_PORT is invalid ("0"). Allowed: 1–65535.'],
  [{ TEMPORAL_UI_PORT: '7233' }, 'TEMPORAL_PORT and TEMPORAL_UI_PORT are both 7233: set one of them to another port.'],
  [{ PORT: '2525' }, 'PORT and SMTP_PORT are both 2525: set one of them to another port.'],
  [{ SMTP_PORT: 'abc' }, 'SMTP_PORT is invalid ("abc"). Allowed: 1–65535.'],
  [{ DATABASE_URL: 'postgres://u:secret@h/d' }, 'DATABASE_URL is invalid. Allowed: mysql://….'],
  [{ DATABASE_URL: 'mysql://ro:secret%@h/d' }, 'DATABASE_URL is invalid: a % in user or password must be written %25.'],
  [{ DATABASE_URL: 'mysql://r%o:secret@h/d' }, 'DATABASE_URL is invalid: a % in user or password must be written %25.'],
  [{ PUBLIC_URL: 'leitwerk.example.com' }, 'PUBLIC_URL is invalid. Allowed: http://…, https://….'],
  [{ TEMPORAL_ADDRESS: 'http://h:1' }, 'TEMPORAL_ADDRESS is invalid ("http://h:1"). Allowed: host:port.'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is invalid ("loud"). Allowed: debug, info, warn, error, silent.'],
  [{ SMTP_RELAYS: '10.0.0.5, x' }, 'SMTP_RELAYS: "x" is not an address (10.0.0.5).'],
  [
    { ALLOW_PRIVATE_ADDRESSES: 'ja' },
    'ALLOW_PRIVATE_ADDRESSES is invalid ("ja"). Allowed: on, 1, true, yes, off, 0, false, no.',
  ],
  [
    { TEMPORAL_TLS_CERT: import.meta.filename },
    'TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY belong together: set both or neither.',
  ],
  [{ TEMPORAL_TLS_CA: '/nowhere/ca.pem' }, 'TEMPORAL_TLS_CA names a file that cannot be read: /nowhere/ca.pem.'],
])('a wrong setting is one sentence that names it: %o', (env, sentence) => {
  expect(() => readSettings([], env)).toThrow(sentence);
});

test.each([
  [['--role', 'boss'], '--role is invalid ("boss"). Allowed: all, api, smtp, relay, worker.'],
  [['--fast'], '--fast'],
])('a wrong option is one sentence that names it: %o', (args, sentence) => {
  expect(() => readSettings(args, {})).toThrow(sentence);
});

test('a data folder that cannot be made is one sentence that names it and the setting', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'leitwerk-data-')), 'file');
  writeFileSync(file, '');

  for (const folder of [file, join(file, 'data')])
    expect(() => prepareDataFolder(folder)).toThrow(
      `The data folder ${folder} cannot be a folder: ${file} is a file. Set LEITWERK_DATA to a folder.`,
    );
});

test('ports of a Temporal that is not ours are nobody else’s business', () => {
  expect(readSettings([], { TEMPORAL_ADDRESS: 'h:1', PORT: '7233' }).port).toBe(7233);
});

test.runIf(process.platform === 'linux')('a data folder where there can be none is said at once', () => {
  expect(() => prepareDataFolder('/proc/leitwerk/data')).toThrow(/cannot be written/);
});

test('a data folder is made with those above it', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'leitwerk-data-')), 'a', 'b');
  prepareDataFolder(folder);
  prepareDataFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
});
