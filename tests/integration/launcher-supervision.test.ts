import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { spawnGuarded } from '../../bin/guard.ts';
import { niceness } from '../../bin/priority.ts';
import { rootFolder } from '../../bin/settings.ts';
import { superviseWorker, type WorkerMessage, type WorkerProcess } from '../../bin/supervisor.ts';
import { provideTemporal } from '../../bin/temporal/provide.ts';
import { isAlive, until } from '../support/processes.ts';

const folders: string[] = [];
const workers: WorkerProcess[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(workers.splice(0).map(async (worker) => await worker.stop(100)));
  await Promise.all(folders.splice(0).map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-supervision-'));
  folders.push(folder);
  return folder;
}

async function createProgram(text: string): Promise<string> {
  const program = join(await createFolder(), 'program.mjs');
  await writeFile(program, text);
  return program;
}

async function createScript(folder: string, name: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

interface Supervised {
  readonly worker: WorkerProcess;
  readonly messages: WorkerMessage[];
  readonly deaths: string[];
}

async function supervise(text: string): Promise<Supervised> {
  const messages: WorkerMessage[] = [];
  const deaths: string[] = [];
  const worker = superviseWorker({
    program: await createProgram(text),
    env: {},
    onMessage: (message) => messages.push(message),
    onDeath: (reason) => deaths.push(reason),
  });
  workers.push(worker);
  return { worker, messages, deaths };
}

const ready = `process.send({ kind: 'part', name: 'worker', part: { state: 'ready', number: process.pid } });`;
const staying = `setInterval(() => undefined, 1000); process.on('disconnect', () => process.exit(0));`;

test('a worker that dies is started again, with the reason told and a growing pause', async () => {
  const { deaths, messages } = await supervise(`${ready} process.exit(3);`);

  await until('three lives', () => messages.length >= 3);

  expect(deaths.slice(0, 2)).toEqual(['exit code 3', 'exit code 3']);
});

test('a worker and a guarded program stand back behind the app', async () => {
  const { messages } = await supervise(`${staying} ${ready}`);
  await until('the worker', () => messages.length === 1);
  const [message] = messages;
  const worker = message?.kind === 'part' ? message.part.number : undefined;
  const guarded = spawnGuarded('sleep', ['60']);
  const program = await guarded.pid;
  const isBack = (pid = 0): boolean => getPriority(pid) - getPriority() === niceness;
  await until('both stand back', () => isBack(worker) && isBack(program));
  guarded.end();
  await guarded.exited;
});

test('many wake-ups of one turn are one message', async () => {
  const { worker, messages } = await supervise(
    `${staying} let count = 0; process.on('message', () => { count += 1; process.send({ kind: 'part', name: 'count', part: { number: count } }); }); ${ready}`,
  );
  await until('the worker', () => messages.length === 1);

  for (let call = 0; call < 100; call += 1) worker.wake();
  await until('the answer', () => messages.length >= 2);

  expect(messages.slice(1)).toEqual([{ kind: 'part', name: 'count', part: { number: 1 } }]);
});

test('stopping lets the worker finish', async () => {
  const { worker, messages, deaths } = await supervise(
    `${staying} process.on('message', ({ kind }) => { if (kind === 'stop') setTimeout(() => { process.send({ kind: 'wake' }); process.disconnect(); process.exit(0); }, 50); }); ${ready}`,
  );
  await until('the worker', () => messages.length === 1);

  await worker.stop(5000);

  expect(messages.at(-1)).toEqual({ kind: 'wake' });
  expect(deaths).toEqual([]);
});

test('a worker that does not listen is ended by force', async () => {
  const { worker, messages } = await supervise(
    `setInterval(() => undefined, 1000); process.on('message', () => undefined); ${ready}`,
  );
  await until('the worker', () => messages.length === 1);
  const pid = worker.pid() ?? 0;

  await worker.stop(100);

  expect(isAlive(pid)).toBe(false);
});

async function endOf(text: string, signal: NodeJS.Signals): Promise<{ code: number | null; lines: string[] }> {
  const shutdown = pathToFileURL(join(rootFolder, 'bin', 'shutdown.ts')).href;
  const program = await createProgram(
    `import { endInOrder } from ${JSON.stringify(shutdown)}; setInterval(() => undefined, 1000); ${text} console.log('up');`,
  );
  const child = spawn(process.execPath, [program]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '') child.kill(signal);
    output += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: output.trim().split('\n') };
}

test('a signal ends everything in order, past what fails or hangs, with exit code 0', async () => {
  const outcome = await endOf(
    `endInOrder(() => [
      { name: 'one', withinMs: 1000, run: async () => console.log('one') },
      { name: 'two', withinMs: 50, run: () => new Promise(() => undefined) },
      { name: 'three', withinMs: 1000, run: () => { throw new Error('no'); } },
      { name: 'four', withinMs: 1000, run: () => console.log('four') },
    ], (text) => console.log('problem:', text));`,
    'SIGTERM',
  );

  expect(outcome).toEqual({
    code: 0,
    lines: ['up', 'one', 'problem: two did not end within 50 ms', 'problem: three: no', 'four'],
  });
});

test('a second Ctrl-C ends it at once, the same one passed on by npm does not', async () => {
  const again = (afterMs: number, takesMs: number): string =>
    `endInOrder(() => [{ name: 'slow', withinMs: 60000, run: async () => {
      setTimeout(() => process.kill(process.pid, 'SIGINT'), ${afterMs});
      await new Promise((resolve) => setTimeout(resolve, ${takesMs}));
    } }], () => undefined);`;

  expect((await endOf(again(600, 60_000), 'SIGINT')).code).toBe(130);
  expect((await endOf(again(10, 200), 'SIGINT')).code).toBe(0);
});

test('a guarded program gets time to end, then is killed', async () => {
  const stubborn = spawnGuarded('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done']);
  const pid = (await stubborn.pid) ?? 0;

  stubborn.end();
  await stubborn.exited;

  expect(isAlive(pid)).toBe(false);
});

test('the end of what a guarded program said is there when it fails', async () => {
  const failing = spawnGuarded('/bin/sh', ['-c', 'echo "no such thing" >&2; exit 4']);

  expect(await failing.exited).toEqual({ code: 4, output: 'no such thing' });
});

test('the Temporal CLI on PATH is used when it is new enough, else the one in the cache folder', async () => {
  const folder = await createFolder();
  const onPath = await createScript(
    join(folder, 'bin'),
    'temporal',
    'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"',
  );
  const cached = await createScript(join(folder, 'cache', 'temporal-1.8.2'), 'temporal', '');
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`);
  vi.stubEnv('LEITWERK_CACHE', join(folder, 'cache'));
  const find = async (): Promise<string> => await provideTemporal(() => undefined, new AbortController().signal);

  expect(await find()).toBe(onPath);
  await createScript(join(folder, 'bin'), 'temporal', 'echo "temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)"');
  expect(await find()).toBe(cached);
});
