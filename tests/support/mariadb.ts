import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { spawnGuarded } from '../../bin/guard.ts';
import { findFreePort } from '../../bin/temporal/ports.ts';

const run = promisify(execFile);
const places = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/local/sbin'];

export interface MariadbServer {
  /** Without a database: for `createDatabase`. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  /** Ends it; its folder is removed unless it was given. */
  readonly stop: () => Promise<void>;
}

function findProgram(...names: string[]): string | undefined {
  return places.flatMap((place) => names.map((name) => join(place, name))).find((path) => existsSync(path));
}

export function isMariadbInstalled(): boolean {
  return findProgram('mariadbd', 'mysqld') !== undefined;
}

/**
 * Starts a MariaDB server of its own on a free port and a folder of its own. It ends with this process, whatever way.
 * With `folder` and `port` of an earlier one it continues there: for tests that take the database away and bring it back.
 */
export async function startMariadb(again?: { folder: string; port: number }): Promise<MariadbServer> {
  const folder = again?.folder ?? (await mkdtemp(join(tmpdir(), 'leitwerk-mariadb-')));
  const port = again?.port ?? (await findFreePort());
  const server = findProgram('mariadbd', 'mysqld');
  if (server === undefined) throw new Error('MariaDB is not installed: apt-get install mariadb-server');
  const user = `--user=${userInfo().username}`;
  if (again === undefined) await createSystemTables(folder, user);
  const options = {
    datadir: folder,
    port,
    socket: join(folder, 'mysql.sock'),
    'bind-address': '127.0.0.1',
    'innodb-buffer-pool-size': '64M',
    'innodb-log-file-size': '32M',
    'max-connections': 200,
    'pid-file': join(folder, 'mariadb.pid'),
    // A server that starts removes whatever another one has of temporary tables in a folder that they share.
    tmpdir: folder,
  };
  const switches = ['--no-defaults', user, '--skip-log-bin', '--skip-name-resolve', '--performance-schema=OFF'];
  const child = spawnGuarded(server, [
    ...switches,
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  ]);
  const url = `mysql://root@127.0.0.1:${port}/`;
  const pid = await Promise.race([
    awaitAnswer(url).then(async () => await child.pid),
    child.exited.then(({ output }) => {
      throw new Error(`MariaDB did not start: ${output}`);
    }),
  ]);
  return {
    url,
    port,
    folder,
    pid: pid ?? 0,
    stop: async () => {
      child.end();
      await child.exited;
      if (again === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createSystemTables(folder: string, user: string): Promise<void> {
  const installer = findProgram('mariadb-install-db', 'mysql_install_db');
  if (installer === undefined) throw new Error('mariadb-install-db is missing: apt-get install mariadb-server');
  await run(installer, [
    '--no-defaults',
    user,
    `--datadir=${folder}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ]);
}

async function awaitAnswer(url: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    try {
      const connection = await mysql.createConnection(url);
      await connection.end();
      return;
    } catch {
      await wait(50);
    }
  }
  throw new Error('MariaDB does not answer');
}

/** Makes an empty database and answers its `mysql://` address, as `DATABASE_URL` takes it. */
export async function createMariadbDatabase(
  serverUrl: string,
  name = `t${randomBytes(6).toString('hex')}`,
): Promise<string> {
  await onServer(serverUrl, async (connection) => {
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  });
  return new URL(name, serverUrl).href;
}

/** The database that the run's global setup has set up. */
export const templateName = 'template';

/** Makes a database with the tables and rows of the template: a fifth of the time that setting one up takes. */
export async function copyMariadbTemplate(serverUrl: string): Promise<string> {
  const url = await createMariadbDatabase(serverUrl);
  await onServer(url, async (connection) => {
    const [tables] = await connection.query<mysql.RowDataPacket[]>(
      'SELECT `table_name` AS `name` FROM `information_schema`.`tables` WHERE `table_schema` = ?',
      [templateName],
    );
    const statements = ['SET `foreign_key_checks` = 0'];
    for (const { name } of tables) {
      const of = `${templateName}.\`${String(name)}\``;
      const [[made]] = await connection.query<mysql.RowDataPacket[]>(`SHOW CREATE TABLE ${of}`);
      statements.push(String(made?.['Create Table']));
      // Each store seals with a key of its own.
      if (name !== 'secret') statements.push(`INSERT INTO \`${String(name)}\` SELECT * FROM ${of}`);
    }
    await connection.query(statements.join(';'));
  });
  return url;
}

async function onServer(url: string, work: (connection: mysql.Connection) => Promise<void>): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
  try {
    await work(connection);
  } finally {
    await connection.end();
  }
}
