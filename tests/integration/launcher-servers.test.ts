import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import mysql from 'mysql2/promise';
import { afterEach, expect, test } from 'vitest';
import { isPortTaken } from '../../bin/temporal/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../bin/temporal/server.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { isAlive, until } from '../support/processes.ts';
import { need } from '../support/provided.ts';
import { startTemporal } from '../support/temporal.ts';

const running: TemporalServer[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (server) => await server.stop()));
  await Promise.all(folders.splice(0).map(async (folder) => await rm(folder, { recursive: true, force: true })));
});

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-temporal-'));
  folders.push(folder);
  return folder;
}

async function start(folder?: string): Promise<TemporalServer> {
  const server = await startTemporal(folder);
  running.push(server);
  return server;
}

test('Temporal answers on the address that was told and keeps closed workflows for 30 days', async () => {
  const server = await start();

  const connection = await Connection.connect({ address: server.address });
  const answer = await connection.workflowService.describeNamespace({ namespace: 'default' });
  await connection.close();

  expect(Number(answer.config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
  expect((await fetch(server.uiUrl)).status).toBe(200);
});

test('a Temporal server that dies is started again on the same ports', async () => {
  const server = await start();
  const first = server.pid() ?? 0;

  process.kill(first, 'SIGKILL');

  await until('another process', () => server.pid() !== undefined && server.pid() !== first);
  await until('ready', () => server.progress().state === 'ready');
  expect((await fetch(server.uiUrl)).status).toBe(200);
});

test('Temporal dies with the process that started it, also when that is killed', async () => {
  const folder = await createFolder();
  const parent = fork(join(import.meta.dirname, '..', 'support', 'temporal-parent.ts'), [folder]);
  const pid = await new Promise<number>((resolve) => parent.once('message', (message) => resolve(Number(message))));

  parent.kill('SIGKILL');

  expect(await until('its end', () => !isAlive(pid), 10_000)).toBe(true);
});

test('a server of an earlier run on the same file is waited for, then the next one starts', async () => {
  const folder = await createFolder();
  const parent = fork(join(import.meta.dirname, '..', 'support', 'temporal-parent.ts'), [folder]);
  await new Promise((resolve) => parent.once('message', resolve));
  parent.kill('SIGKILL');

  const server = await start(folder);

  expect(server.progress().state).toBe('ready');
});

test('a damaged file is put aside and told of, and Temporal begins anew', async () => {
  const folder = await createFolder();
  const file = join(folder, 'temporal.db');
  const damaged = randomBytes(8192);
  await writeFile(file, damaged);
  const told: string[] = [];
  const server = await startTemporalServer({
    port: 0,
    uiPort: 0,
    namespace: 'default',
    dataFolder: folder,
    onProgress: ({ state, text }) => void told.push(`${state}: ${text.en}`),
  });
  running.push(server);

  await until('Temporal anew', () => server.progress().state === 'ready');

  expect(told.filter((line) => line.startsWith('failed'))).toEqual([
    `failed: ${file} was damaged and is now ${file}.damaged. Temporal begins anew, the processes are rebuilt from the database.`,
  ]);
  expect(damaged.equals(await readFile(`${file}.damaged`))).toBe(true);
});

test('a taken port is one sentence that names the setting', async () => {
  const other = await start();
  const taken = Number(other.address.split(':')[1]);
  const silent = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0;
  const options = { namespace: 'default', dataFolder: tmpdir(), onProgress: () => undefined };

  await expect(startTemporalServer({ ...options, port: taken, uiPort: 0 })).rejects.toThrow(
    `Another Temporal server already answers on port ${taken}: set TEMPORAL_PORT to a free port, or TEMPORAL_ADDRESS=127.0.0.1:${taken} to use that one.`,
  );
  await expect(startTemporalServer({ ...options, port: 0, uiPort: silentPort })).rejects.toThrow(
    'set TEMPORAL_UI_PORT',
  );
  silent.close();
});

test('after the end nothing listens any more', async () => {
  const server = await start();
  const pid = server.pid() ?? 0;

  await server.stop();

  expect(isAlive(pid)).toBe(false);
  expect(await isPortTaken(Number(server.address.split(':')[1]))).toBe(false);
});

test('each test gets an empty MariaDB database of its own', async (context) => {
  const url = await createMariadbDatabase(need(context, 'mariadbUrl'));

  const connection = await mysql.createConnection(url);
  const [rows] = await connection.query('SHOW TABLES');
  await connection.end();

  expect(rows).toEqual([]);
});
