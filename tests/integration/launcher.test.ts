import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import { isAlive, until } from '../support/processes.ts';

/** A clone in small: the real launcher around a program that only says that it is ready, and a one-page interface. */
interface Clone {
  readonly folder: string;
  readonly write: (path: string, text: string) => Promise<void>;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
const withoutPackages = JSON.stringify({
  name: 'leitwerk',
  lockfileVersion: 3,
  packages: { '': { name: 'leitwerk' } },
});
const program = `console.log('ready', process.argv.slice(2).join(' ')); process.exitCode = Number(process.env.EXIT ?? 0);`;
const stayingProgram = `
for (const reason of ['SIGTERM', 'disconnect']) process.once(reason, () => process.exit(7));
setInterval(() => undefined, 1000);
console.log('ready', process.pid);
`;

afterAll(async () => {
  await Promise.all(folders.map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

async function createClone(): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-clone-'));
  folders.push(folder);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await cp(join(rootFolder, 'scripts'), join(folder, 'scripts'), { recursive: true });
  await write('package.json', JSON.stringify({ name: 'leitwerk', type: 'module' }));
  await write('package-lock.json', withoutPackages);
  await write('bin/leitwerk.ts', program);
  return { folder, write };
}

/** With an interface and the packages of this checkout to build it with. */
async function createCloneWithInterface(): Promise<Clone> {
  const clone = await createClone();
  await mkdir(join(clone.folder, 'node_modules'));
  for (const name of [
    'vite',
    'rolldown',
    '@rolldown',
    'lightningcss',
    'picomatch',
    'postcss',
    'tinyglobby',
    'fdir',
    '@oxc-project',
    'nanoid',
    'picocolors',
    'source-map-js',
  ]) {
    await symlink(join(rootFolder, 'node_modules', name), join(clone.folder, 'node_modules', name));
  }
  await clone.write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }));
  await clone.write('admin-ui/index.html', '<script type="module" src="./main.ts"></script>');
  await clone.write('admin-ui/main.ts', `document.title = 'one';`);
  await clone.write('core/rules.ts', '');
  await clone.write('schemas/lead.json', '{}');
  return clone;
}

function spawnLauncher(
  { folder }: Clone,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, ['scripts/launch.mjs', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: 'pipe',
  });
}

async function launch(clone: Clone, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome> {
  const child = spawnLauncher(clone, args, env);
  const outcome = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...outcome };
}

async function readPid(child: ChildProcess): Promise<number> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return Number(await until('the ready line', () => /ready (\d+)/.exec(text)?.[1]));
}

/** Makes the running Node look old and a newer one be in the cache folder. */
async function pretendOldNode(clone: Clone): Promise<Record<string, string>> {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const bin = join(clone.folder, 'cache', 'node-24.21.0', 'node_modules', `node-${platform}-${process.arch}`, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'node'));
  await clone.write(
    'old.cjs',
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });`,
  );
  return { LEITWERK_CACHE: join(clone.folder, 'cache'), NODE_OPTIONS: `--require ${join(clone.folder, 'old.cjs')}` };
}

test('the first start installs the dependencies, the second one starts at once', async () => {
  const clone = await createClone();

  const first = await launch(clone, ['start', '--demo']);
  const second = await launch(clone, ['start', '--demo']);

  expect(first).toMatchObject({ code: 0, stdout: 'ready --demo\n' });
  expect(first.stderr).toMatch(/Installing dependencies .*: \d+\.\d s/);
  expect(second).toEqual({ code: 0, stdout: 'ready --demo\n', stderr: '' });
});

test('a changed lockfile installs again', async () => {
  const clone = await createClone();
  await launch(clone, ['start']);
  await clone.write('package-lock.json', `${withoutPackages}\n`);
  await rm(join(clone.folder, 'node_modules', '.package-lock.json'), { force: true });

  const { stderr } = await launch(clone, ['start']);

  expect(stderr).toContain('Installing dependencies');
});

test('what npm has installed already is not installed again', async () => {
  const clone = await createClone();
  await clone.write(
    'package-lock.json',
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } }),
  );
  await clone.write(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }),
  );

  expect(await launch(clone, ['start'])).toEqual({ code: 0, stdout: 'ready \n', stderr: '' });
});

test('dependencies that cannot be installed end it with a sentence that names the fix', async () => {
  const clone = await createClone();
  await clone.write(
    'package.json',
    JSON.stringify({ name: 'leitwerk', dependencies: { 'not-in-the-lockfile': '1.0.0' } }),
  );

  const { code, stdout, stderr } = await launch(clone, ['start'], { npm_config_fetch_retries: '0' });

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('Dependencies could not be installed. Check the network');
});

test('the interface is built when the content of its sources changed, and only then', async () => {
  const clone = await createCloneWithInterface();
  const built = async (): Promise<boolean> =>
    (await launch(clone, ['start'])).stderr.includes('Building the interface');

  expect(await built()).toBe(true);
  const page = join(clone.folder, 'admin-ui', 'dist', 'index.html');
  expect(brotliDecompressSync(await readFile(`${page}.br`))).toEqual(await readFile(page));
  expect(gunzipSync(await readFile(`${page}.gz`))).toEqual(await readFile(page));
  expect(await built()).toBe(false);
  await utimes(join(clone.folder, 'admin-ui', 'main.ts'), new Date(), new Date(Date.now() + 5000));
  expect(await built()).toBe(false);
  await clone.write('admin-ui/main.ts', `document.title = 'two';`);
  expect(await built()).toBe(true);
  await clone.write('core/rules.ts', 'export {};');
  expect(await built()).toBe(true);
});

test('a part without an interface does not build it', async () => {
  const clone = await createCloneWithInterface();

  expect((await launch(clone, ['start', '--role', 'worker'])).stderr).toBe('');
});

test('an interface that cannot be built ends it with the error and a sentence', async () => {
  const clone = await createCloneWithInterface();
  await clone.write('admin-ui/main.ts', 'const = ;');

  const { code, stderr } = await launch(clone, ['start']);

  expect(code).toBe(1);
  expect(stderr).toContain('main.ts');
  expect(stderr).toContain('The interface could not be built: correct the error above');
});

test('an unknown command and an incomplete clone are told in one sentence', async () => {
  const clone = await createClone();

  expect(await launch(clone, ['run'])).toMatchObject({
    code: 1,
    stderr: 'Unknown command "run". Known: start, test, check, bench.\n',
  });
  await rm(join(clone.folder, 'package-lock.json'));
  expect((await launch(clone, ['start'])).stderr).toContain('package-lock.json is missing');
});

test('the exit code is that of the program, with the running Node and with a provided one', async () => {
  const clone = await createClone();
  await launch(clone, ['start']);
  const old = await pretendOldNode(clone);

  expect(await launch(clone, ['start'], { EXIT: '3' })).toMatchObject({ code: 3, stderr: '' });
  expect(await launch(clone, ['start', '--demo'], { ...old, EXIT: '3' })).toMatchObject({
    code: 3,
    stdout: 'ready --demo\n',
    stderr: '',
  });
});

test('SIGTERM reaches the program through the launcher', async () => {
  const clone = await createClone();
  await clone.write('bin/leitwerk.ts', stayingProgram);
  const child = spawnLauncher(clone, ['start'], await pretendOldNode(clone));
  await readPid(child);

  child.kill('SIGTERM');

  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7);
});

test('the program learns that its launcher was killed', async () => {
  const clone = await createClone();
  await clone.write('bin/leitwerk.ts', stayingProgram);
  const child = spawnLauncher(clone, ['start'], await pretendOldNode(clone));
  const pid = await readPid(child);

  child.kill('SIGKILL');

  expect(await until('its end', () => !isAlive(pid))).toBe(true);
});

test.each(['SIGTERM', 'SIGKILL'] as const)('the program ends when npm, which started it, gets %s', async (signal) => {
  const clone = await createClone();
  const start = 'node scripts/launch.mjs start';
  await clone.write('package.json', JSON.stringify({ name: 'leitwerk', type: 'module', scripts: { start } }));
  await clone.write('bin/leitwerk.ts', stayingProgram);
  const npm = spawn('npm', ['start'], {
    cwd: clone.folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: 'pipe',
  });
  const pid = await readPid(npm);

  npm.kill(signal);

  expect(await until('its end', () => !isAlive(pid))).toBe(true);
});
