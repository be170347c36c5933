import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, type TestContext } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-cli-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  await Promise.all(folders.map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

async function leitwerk(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Outcome> {
  const child = spawn(process.execPath, ['bin/leitwerk.mjs', ...args], {
    cwd: rootFolder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...outcome };
}

const anna = [
  'user',
  'create',
  '--email',
  'Anna@Example.com',
  '--name',
  'Anna Beck',
  '--role',
  'sales',
  '--password-stdin',
];

async function databaseOf(dialect: string, context: TestContext): Promise<{ DATABASE_URL?: string }> {
  return dialect === 'SQLite' ? {} : { DATABASE_URL: await createMariadbDatabase(need(context, 'mariadbUrl')) };
}

describe.each(['SQLite', 'MariaDB'])('the command line on %s', (dialect) => {
  let env: Record<string, string> | undefined;

  beforeEach(async (context) => {
    env ??= { LEITWERK_DATA: await createFolder(), PORT: '1', ...(await databaseOf(dialect, context)) };
  });

  test('creates, lists and disables users', async () => {
    const created = await leitwerk([...anna, '--json'], env, 'kaffee regen laterne 7\n');
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(created.stdout)).toMatchObject({ email: 'anna@example.com', role: 'sales', isDisabled: false });

    const disabled = await leitwerk(['user', 'disable', 'anna@example.com'], env);
    expect(disabled).toMatchObject({ code: 0, stdout: 'anna@example.com is disabled\n' });

    const list = await leitwerk(['user', 'list', '--json'], env);
    expect(JSON.parse(list.stdout)).toMatchObject([{ email: 'anna@example.com', isDisabled: true }]);
  });

  test('makes a second company, which has its own configuration and people', async () => {
    const made = await leitwerk(['tenant', 'create', 'sued', '--name', 'Süd GmbH'], env);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect((await leitwerk(['tenant', 'create', 'sued', '--name', 'Süd GmbH'], env)).code).toBe(1);
    expect((await leitwerk(['tenant', 'create', 'Süd', '--name', 'Süd GmbH'], env)).code).toBe(1);

    const key = await leitwerk(['key', 'create', '--tenant', 'sued', '--name', 'south', '--role', 'sales'], env);
    expect(key.code).toBe(0);
    expect((await leitwerk(['key', 'list', '--tenant', 'sued'], env)).stdout).toContain('south');
    expect((await leitwerk(['key', 'list'], env)).stdout).not.toContain('south');
    const tenants = JSON.parse((await leitwerk(['tenant', 'list', '--json'], env)).stdout) as { id: string }[];
    expect(tenants.map(({ id }) => id)).toEqual(['main', 'sued']);
  });

  test('creates a key whose clear text is the last line, and revokes it', async () => {
    const created = await leitwerk(['key', 'create', '--name', 'test', '--role', 'sales'], env);
    expect(created.stdout.trimEnd().split('\n').at(-1)).toMatch(/^lw_[\w-]{40,}$/);

    const [key] = JSON.parse((await leitwerk(['key', 'list', '--json'], env)).stdout) as { id: string }[];
    await leitwerk(['key', 'revoke', key?.id ?? ''], env);

    expect((await leitwerk(['key', 'list'], env)).stdout).toContain('revoked');
  });

  test('says what a scope looks like, and lists role and scopes of a key', async () => {
    const bogus = await leitwerk(['key', 'create', '--name', 'k', '--scope', 'bogus'], env);
    expect(bogus).toMatchObject({ code: 1, stderr: expect.stringContaining('<what>:read') as string });
    expect(bogus.stderr).toContain('leads');
    expect((await leitwerk(['key', 'create', '--help'], env)).stdout).toContain('leads:read');
    const both = ['--role', 'sales', '--scope', 'leads:read', '--scope', 'persons:read'];
    expect((await leitwerk(['key', 'create', '--name', 'k', ...both], env)).code).toBe(0);
    expect((await leitwerk(['key', 'list'], env)).stdout).toContain('sales leads:read persons:read');
  });

  test('what it writes in a backup is there after restoring it elsewhere', async (context) => {
    const file = join(await createFolder(), 'backup.tgz');
    const elsewhere: Record<string, string> = {
      ...env,
      LEITWERK_DATA: join(await createFolder(), 'data'),
      ...(await databaseOf(dialect, context)),
    };
    await leitwerk(['key', 'create', '--name', 'kept', '--role', 'viewer'], env);

    expect((await leitwerk(['backup', file], env)).code).toBe(0);
    expect((await leitwerk(['restore', file], elsewhere)).code).toBe(0);

    expect((await leitwerk(['key', 'list'], elsewhere)).stdout).toContain('kept');
  });

  test('says that all is well', async () => {
    const { code, stdout } = await leitwerk(['doctor', '--json'], env);

    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(code).toBe(0);
  });
});

test('a backup is for its owner alone and does not replace a file unless told to', async () => {
  const folder = await createFolder();
  const file = join(folder, 'backup.tgz');
  const env = { LEITWERK_DATA: join(folder, 'data'), PORT: '1' };
  await leitwerk(['user', 'list'], env);
  await leitwerk(['backup', file], env);

  const { mode } = await stat(file);
  const second = await leitwerk(['backup', file], env);

  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toContain('exists already: --force replaces it');
  expect((await leitwerk(['backup', file, '--force'], env)).code).toBe(0);
  if (process.platform !== 'win32') expect([mode, (await stat(file)).mode]).toEqual([0o100600, 0o100600]);
});

test('a file that is no backup is refused and the data stays', async () => {
  const env = { LEITWERK_DATA: await createFolder(), PORT: '1' };
  await leitwerk(['key', 'create', '--name', 'kept', '--role', 'viewer'], env);

  const { code, stderr } = await leitwerk(['restore', 'package.json'], env);

  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('is not a readable backup') as string });
  expect((await leitwerk(['key', 'list'], env)).stdout).toContain('kept');
});

test('damaged files are told of by name, with what to do, and a backup replaces them', async () => {
  const folder = await createFolder();
  const file = join(folder, 'backup.tgz');
  const data = join(folder, 'data');
  const env = { LEITWERK_DATA: data, PORT: '1', TEMPORAL_PORT: '2' };
  await leitwerk(['key', 'create', '--name', 'kept', '--role', 'viewer'], env);
  await leitwerk(['backup', file], env);
  const database = join(data, 'leitwerk.sqlite');
  const whole = await readFile(database);
  await writeFile(join(data, 'temporal.db'), randomBytes(4096));
  const sentence = `The database ${database} is damaged: stop and bring back a backup (npx leitwerk restore <file>).\n`;

  for (const keeps of [0, 4096]) {
    await writeFile(database, Buffer.concat([whole.subarray(0, keeps), randomBytes(whole.length - keeps)]));
    expect(await leitwerk(['key', 'list'], env)).toMatchObject({ code: 1, stderr: sentence });
  }
  const { stdout } = await leitwerk(['doctor'], env);

  expect(stdout).toContain(`PROBLEM database: ${sentence}`);
  expect(stdout).toContain(`PROBLEM Temporal: ${join(data, 'temporal.db')} is damaged: the next start puts it aside`);
  expect((await leitwerk(['restore', file], env)).code).toBe(0);
  expect((await leitwerk(['key', 'list'], env)).stdout).toContain('kept');
});

test('a backup into a folder that is not there is refused in a sentence', async () => {
  const env = { LEITWERK_DATA: await createFolder(), PORT: '1' };
  const { code, stderr } = await leitwerk(['backup', join(env.LEITWERK_DATA, 'nowhere', 'backup.tgz')], env);

  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^The folder \S+ cannot be written to\.\n$/) as string,
  });
});

test('data that somebody works with is not replaced, whatever the port', async () => {
  const folder = await createFolder();
  const env = { LEITWERK_DATA: join(folder, 'data'), PORT: '1' };
  const file = join(folder, 'backup.tgz');
  await leitwerk(['key', 'create', '--name', 'kept', '--role', 'viewer'], env);
  await leitwerk(['backup', file], env);
  const other = openSqlite(join(env.LEITWERK_DATA, 'leitwerk.sqlite'));
  await other.get('SELECT COUNT(*) AS `n` FROM `user`');

  const refused = await leitwerk(['restore', file], env);
  await other.close();

  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^Leitwerk still works with the data in /);
  expect((await leitwerk(['restore', file], env)).code).toBe(0);
  expect((await leitwerk(['key', 'list'], env)).stdout).toContain('kept');
});

test('help is there for a group of commands and for the start, which then starts nothing', async () => {
  const group = await leitwerk(['user', '--help'], {});
  const start = await leitwerk(['start', '--help'], {});

  expect(group).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('user disable') as string });
  expect(group.stdout).not.toContain('key create');
  expect(start).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--role all|api') as string });
  expect((await leitwerk(['user'], {})).code).toBe(1);
});

test.each([
  [['user', 'create', '--email', 'a@b.de'], '--name is missing.'],
  [['user', 'create', '--mail', 'a@b.de'], "Unknown option '--mail'"],
  [['user', 'destroy'], 'Unknown command.'],
  [['key', 'revoke'], '<id> is missing.'],
])('a wrong call is told on stderr and ends with 1: %o', async (args, sentence) => {
  const { code, stdout, stderr } = await leitwerk(args, { LEITWERK_DATA: await createFolder() });

  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(sentence);
});

test('a folder of configuration is checked and said to be, an empty or missing one is refused', async () => {
  const env = { LEITWERK_DATA: await createFolder(), PORT: '1', LANG: 'en_US.UTF-8' };
  const dir = await createFolder();
  await mkdir(join(dir, 'tags'));
  await writeFile(join(dir, 'README.md'), 'Nothing yet.');
  const told = `The folder ${dir} has no configuration (expected: <kind>/<key>.yaml or schemas/<name>.json).\n`;
  for (const act of ['validate', 'import']) {
    const [empty, missing] = [
      await leitwerk(['config', act, dir], env),
      await leitwerk(['config', act, join(dir, 'nowhere')], env),
    ];
    expect([act, empty]).toEqual([act, { code: 1, stdout: '', stderr: told }]);
    expect([act, missing.code, missing.stderr]).toEqual([
      act,
      1,
      `The folder ${join(dir, 'nowhere')} cannot be read.\n`,
    ]);
  }

  await writeFile(join(dir, 'tags', 'dach.yaml'), 'key: dach\nlabel: { de: Dach, en: Roof }\n');
  expect((await leitwerk(['config', 'validate', dir], env)).stdout).toBe('1 file checked, all valid\n');
  expect((await leitwerk(['config', 'import', dir], env)).stdout).toBe(
    'tags/dach: revision 1\n1 file checked, 1 published\n',
  );
  expect((await leitwerk(['config', 'import', dir], env)).stdout).toBe('1 file checked, nothing to change\n');
  await writeFile(join(dir, 'tags', 'wand.yaml'), 'key: wand\n');
  const wrong = await leitwerk(['config', 'validate', dir], env);
  expect([wrong.code, wrong.stdout]).toEqual([
    1,
    'tags/wand.yaml:1:1: "label" is missing.\n2 files checked, 1 fault\n',
  ]);
});

test('errors are JSON for scripts and in the language of the terminal for people', async () => {
  const env = { LEITWERK_DATA: await createFolder(), LANG: 'de_DE.UTF-8' };

  expect((await leitwerk(['key', 'revoke'], env)).stderr).toBe('<id> fehlt.\n');
  expect(JSON.parse((await leitwerk(['key', 'revoke', '--json'], env)).stderr)).toMatchObject({ code: 'InvalidInput' });
});

test('every command tells its options', async () => {
  const overview = await leitwerk(['--help'], {});
  const names = [...overview.stdout.matchAll(/^ {2}(\w+(?: \w+)?) {2,}/gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'start');

  const helps = await Promise.all(names.map(async (name) => await leitwerk([...name.split(' '), '--help'], {})));

  expect(names.length).toBeGreaterThan(8);
  expect(helps.filter(({ code, stdout }) => code !== 0 || !stdout.includes('--json'))).toEqual([]);
});
