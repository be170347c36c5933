import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { findFreePort } from '../../bin/temporal/ports.ts';
import { spawnApp, startApp, type App, type AppOptions } from '../support/app.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { findDescendants, isAlive, until } from '../support/processes.ts';
import { need } from '../support/provided.ts';
import { createNamespace, startTemporal } from '../support/temporal.ts';

const apps: App[] = [];
const folders: string[] = [];
const servers: Server[] = [];
const pipes: number[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) {
    await app.kill();
    await app.clear();
  }
  for (const server of servers.splice(0)) server.close();
  for (const pipe of pipes.splice(0)) closeSync(pipe);
  await Promise.all(folders.splice(0).map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

async function start(options: AppOptions = {}): Promise<App> {
  const app = await startApp(options);
  apps.push(app);
  return app;
}

/** A start that fails: its exit code and what it said. */
async function failToStart(options: AppOptions): Promise<{ code: number | undefined; lines: readonly string[] }> {
  const starting = await spawnApp(options);
  folders.push(starting.folder);
  const code = await starting.exited;
  return { code, lines: starting.lines };
}

async function takePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return String(typeof address === 'object' && address !== null ? address.port : 0);
}

/** A pipe with a reader that never reads, and no room left: what writes to it waits or is told to try again. */
async function openFullPipe(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-pipe-'));
  folders.push(folder);
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  pipes.push(pipe);
  try {
    for (;;) writeSync(pipe, 'x'.repeat(4096));
  } catch {
    return pipe;
  }
}

interface Health {
  readonly status: string;
  readonly parts: Readonly<Record<string, { readonly state: string; readonly since: string } | undefined>>;
}

async function health(app: App): Promise<Health> {
  const answer = await fetch(`${app.url}/health/ready`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Health;
}

test('it says when the app accepts work and when processes run, and ends with 0 leaving nothing behind', async () => {
  const app = await start();
  await app.temporalReady();
  const children = findDescendants(app.pid);

  expect((await health(app)).status).toBe('ready');
  await until('every part', async () => {
    const { parts } = await health(app);
    return (
      parts['temporal']?.state === 'ready' && parts['worker']?.state === 'ready' && parts['relay']?.state === 'ready'
    );
  });
  const startedAt = Date.now();
  expect(await app.stop()).toBe(0);

  expect(Date.now() - startedAt).toBeLessThan(10_000);
  expect(children.length).toBeGreaterThan(2);
  expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
});

test('parts that nobody has asked for yet work since the start', async () => {
  const app = await start({ args: ['--role', 'api'] });
  const readyAt = Date.now();
  await until('a moment later', () => Date.now() > readyAt + 50);

  const { parts } = await health(app);

  for (const name of ['api', 'intake', 'database', 'queue', 'sources'])
    expect(Date.parse(parts[name]?.since ?? '')).toBeLessThanOrEqual(readyAt);
});

test('nothing outlives a killed app, and the next start works on the same folder', async () => {
  const app = await start();
  await app.temporalReady();
  const children = findDescendants(app.pid);

  await app.kill();

  await until('the end of all children', () => children.every(({ pid }) => !isAlive(pid)));
  const again = await start({ folder: app.folder, ports: app.ports });
  await again.temporalReady();
  expect((await health(again)).status).toBe('ready');
});

test('at once after a kill the same folder and ports work, too', async () => {
  const app = await start();
  await app.temporalReady();
  await app.kill();

  const again = await start({ folder: app.folder, ports: app.ports });
  await again.temporalReady();

  expect((await health(again)).parts['temporal']?.state).toBe('ready');
});

test('a worker process that dies is started again while the app goes on', async () => {
  const app = await start();
  await app.temporalReady();
  const worker = await app.workerPid();

  process.kill(worker, 'SIGKILL');

  await until('a new worker', async () => (await app.workerPid()) !== worker);
  await until('the worker part', async () => (await health(app)).parts['worker']?.state === 'ready');
  expect((await health(app)).status).toBe('ready');
});

test('a log that nobody reads keeps neither the worker from ending with a killed app nor the app from ending', async () => {
  const nobody = { temporalAddress: `127.0.0.1:${await findFreePort()}`, env: { LOG_LEVEL: 'debug' } };
  const startUnread = async (): Promise<App> => await start({ ...nobody, stderr: await openFullPipe() });
  const [killed, stopped] = await Promise.all([startUnread(), startUnread()]);
  const [left, dying] = await Promise.all([killed.workerPid(), stopped.workerPid()]);
  const linesSeen = new Set<string>();
  await until('lines of the worker', async () => {
    const { state, since = '' } = (await health(killed)).parts['worker'] ?? {};
    if (state === 'down') linesSeen.add(since);
    return linesSeen.size > 2;
  });

  await killed.kill();
  await until('the end of its worker', () => !isAlive(left));
  process.kill(dying, 'SIGKILL');
  await until('a new worker', async () => (await stopped.workerPid()) !== dying);
  expect(await Promise.race([stopped.stop(), wait(20_000, 'it goes on')])).toBe(0);
});

test('our own Temporal that falls silent is told, too', async () => {
  const app = await start();
  await app.temporalReady();
  const server = await app.temporalPid();
  const state = async (): Promise<string | undefined> => (await health(app)).parts['temporal']?.state;

  process.kill(server, 'SIGSTOP');
  await until('the silence', async () => (await state()) === 'down');
  process.kill(server, 'SIGCONT');
  await until('its return', async () => (await state()) === 'ready');
});

test('Temporal that dies is started again, and the app stays ready meanwhile', async () => {
  const app = await start();
  await app.temporalReady();
  const server = await app.temporalPid();

  process.kill(server, 'SIGKILL');

  await until('the end noticed', async () => (await health(app)).parts['temporal']?.state !== 'ready');
  await until('Temporal again', async () => (await health(app)).parts['temporal']?.state === 'ready');
  expect(await app.temporalPid()).not.toBe(server);
});

test('a Temporal server that is not ours is told when it falls silent and when it is back, and the app stays ready', async () => {
  const server = await startTemporal();
  const app = await start({ temporalAddress: server.address });
  await app.temporalReady();
  const temporal = async (): Promise<string | undefined> => (await health(app)).parts['temporal']?.state;
  await until('the part', async () => (await temporal()) === 'ready');

  process.kill(server.pid() ?? 0, 'SIGSTOP');
  await until('the silence', async () => (await temporal()) === 'down');
  expect((await health(app)).status).toBe('ready');
  process.kill(server.pid() ?? 0, 'SIGCONT');
  await until('its return', async () => (await temporal()) === 'ready');

  await app.stop();
  await server.stop();
});

test('two run side by side when their ports differ', async () => {
  const one = await start();
  const two = await start();

  await Promise.all([one.temporalReady(), two.temporalReady()]);

  expect((await health(one)).status).toBe('ready');
  expect((await health(two)).status).toBe('ready');
});

/** A namespace of its own on the Temporal server that all tests share. */
async function rentTemporal(context: Parameters<typeof need>[0]): Promise<AppOptions> {
  const temporalAddress = need(context, 'temporalAddress');
  return { temporalAddress, env: { TEMPORAL_NAMESPACE: await createNamespace(temporalAddress) } };
}

test('the API and the worker run apart, on MariaDB and a Temporal server that is already there', async (context) => {
  const databaseUrl = await createMariadbDatabase(need(context, 'mariadbUrl'));
  const shared = { ...(await rentTemporal(context)), databaseUrl };
  const api = await start({ ...shared, args: ['--role', 'api'] });
  // Blobs and the sealing key are shared.
  const worker = await spawnApp({ ...shared, folder: api.folder, args: ['--role', 'worker'] });

  await until('the worker', () => worker.lines.includes('worker ready'));
  expect(findDescendants(api.pid)).toEqual([]);
  expect(findDescendants(worker.pid)).toEqual([]);
  process.kill(worker.pid, 'SIGTERM');

  expect(await worker.exited).toBe(0);
});

test('a worker on another database than the namespace’s is told so and leaves its processes alone', async (context) => {
  const shared = await rentTemporal(context);
  const first = await spawnApp({ ...shared, args: ['--role', 'worker'] });
  folders.push(first.folder);
  await until('the first', () => first.lines.includes('worker ready'));

  const other = await spawnApp({ ...shared, args: ['--role', 'worker'] });
  folders.push(other.folder);

  const sentence = `The namespace "${shared.env?.['TEMPORAL_NAMESPACE'] ?? ''}" of Temporal at ${shared.temporalAddress ?? ''} belongs to another database: check DATABASE_URL or set another TEMPORAL_NAMESPACE.`;
  await until('the sentence', () => other.lines.includes(sentence));
  for (const one of [first, other]) process.kill(one.pid, 'SIGTERM');
  expect(await Promise.all([first.exited, other.exited])).toEqual([0, 0]);
  expect(other.lines).not.toContain('worker ready');
});

test('a namespace that there is not is told by name', async (context) => {
  const temporalAddress = need(context, 'temporalAddress');
  const env = { TEMPORAL_NAMESPACE: 'gibtsnicht' };
  const alone = await spawnApp({ args: ['--role', 'worker'], temporalAddress, env });
  folders.push(alone.folder);

  const sentence = `Temporal at ${temporalAddress} has no namespace "gibtsnicht": correct TEMPORAL_NAMESPACE or create it.`;
  await until('the sentence', () => alone.lines.includes(sentence));
  process.kill(alone.pid, 'SIGTERM');
  expect(await alone.exited).toBe(0);
});

test.for(['worker', 'relay'])(
  'a %s alone says once that it waits for Temporal, and when it is ready',
  async (role, context) => {
    const { env, temporalAddress = '' } = await rentTemporal(context);
    const [host = '', to = '0'] = temporalAddress.split(':');
    const port = await findFreePort();
    const alone = await spawnApp({ args: ['--role', role], temporalAddress: `127.0.0.1:${port}`, env: env ?? {} });
    folders.push(alone.folder);
    const sentence = `Temporal does not answer at 127.0.0.1:${port}: ${role} waits for it.`;
    await until('the sentence', () => alone.lines.includes(sentence));
    const proxy = createServer((socket) => void socket.pipe(connect(Number(to), host)).pipe(socket));
    servers.push(proxy);
    proxy.listen(port, '127.0.0.1');
    await until('the ready line', () => alone.lines.includes(`${role} ready`));
    process.kill(alone.pid, 'SIGTERM');
    expect(await alone.exited).toBe(0);
    expect(alone.lines.filter((line) => line === sentence)).toHaveLength(1);
  },
);

test('a busy port ends the start with one sentence that names the setting', async () => {
  const PORT = await takePort();

  const { code, lines } = await failToStart({ env: { PORT } });

  expect(code).toBe(1);
  expect(lines).toEqual([`Port ${PORT} is taken already: end the other program or set PORT to a free one.`]);
});

test('a port where another Temporal answers ends the start with one sentence that names both settings', async (context) => {
  const port = need(context, 'temporalAddress').split(':')[1] ?? '';

  const { code, lines } = await failToStart({ env: { TEMPORAL_PORT: port } });

  expect(code).toBe(1);
  expect(lines).toEqual([
    `Another Temporal server already answers on port ${port}: set TEMPORAL_PORT to a free port, or TEMPORAL_ADDRESS=127.0.0.1:${port} to use that one.`,
  ]);
});

test('a second one on the same data folder does not start, and says why', async () => {
  const app = await start();

  const { code, lines } = await failToStart({ folder: app.folder });

  expect(code).toBe(1);
  expect(lines).toEqual([
    `Leitwerk is already running on the data folder ${app.folder}: end the other one or set LEITWERK_DATA to another folder.`,
  ]);
  expect((await health(app)).status).toBe('ready');
});

test('an address that is not of this machine ends the start with what to do', async () => {
  const { code, lines } = await failToStart({ env: { HOST: '999.1.1.1' } });

  expect(code).toBe(1);
  expect(lines).toEqual([
    'The address 999.1.1.1 does not exist here: set HOST to an address of this machine (127.0.0.1, or 0.0.0.0 for all).',
  ]);
});

test('a database that cannot be opened ends the start with the reason, and without the password', async (context) => {
  const there = new URL(await createMariadbDatabase(need(context, 'mariadbUrl')));
  const sentenceFor = async (change: (url: URL) => void): Promise<readonly string[]> => {
    const url = new URL(there);
    change(url);
    return (await failToStart({ databaseUrl: url.href })).lines;
  };
  const sentence = (url: string, reason: string): string[] => [
    `The database at DATABASE_URL (${url}) cannot be opened: ${reason}.`,
  ];

  expect(await sentenceFor((url) => (url.port = '9'))).toEqual(
    sentence(
      `${there.hostname}:9${there.pathname}`,
      'nothing accepts connections there, check that the server is running on this port',
    ),
  );
  expect(await sentenceFor((url) => (url.hostname = 'nowhere.invalid'))).toEqual(
    sentence(`nowhere.invalid:${there.port}${there.pathname}`, 'there is no such host'),
  );
  expect(await sentenceFor((url) => (url.pathname = '/nowhere'))).toEqual(
    sentence(`${there.host}/nowhere`, 'there is no such database there'),
  );
  expect(await sentenceFor((url) => ((url.username = 'nobody'), (url.password = 'secret')))).toEqual(
    sentence(`${there.host}${there.pathname}`, 'access is denied, check user and password'),
  );
});

test('a wrong setting and an unwritable folder end the start with one sentence, in the language of the terminal', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-file-'));
  folders.push(folder);
  await writeFile(join(folder, 'file'), '');
  const env = { LANG: 'de_DE.UTF-8' };

  expect(await failToStart({ env: { ...env, PORT: '70000' } })).toEqual({
    code: 1,
    lines: ['PORT ist ungültig ("70000"). Erlaubt: 1–65535.'],
  });
  expect(await failToStart({ env: { ...env, LEITWERK_DATA: join(folder, 'file', 'data') } })).toEqual({
    code: 1,
    lines: [
      `Der Datenordner ${join(folder, 'file', 'data')} kann kein Ordner sein: ${join(folder, 'file')} ist eine Datei. LEITWERK_DATA auf einen Ordner setzen.`,
    ],
  });
  expect(await failToStart({ env: { DATABASE_URL: 'mysql://nobody:secret@127.0.0.1:9/none' } })).toEqual({
    code: 1,
    lines: [expect.not.stringContaining('secret') as string],
  });
});
