import { execFile, spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { LeitwerkError } from '../../core/errors.ts';
import { copySqlite } from '../../store/sqlite-copy.ts';
import { dataPaths } from '../foundation.ts';
import { childEnvironment, prepareDataFolder } from '../settings.ts';
import { usage, type Call } from './command.ts';

const run = promisify(execFile);

/** Names inside the archive: the SQLite file or the MySQL dump, and the folders as they are in the data folder. */
const names = { sqlite: 'leitwerk.sqlite', mysql: 'leitwerk.sql' };
const folders = ['blobs', 'keys'];

/**
 * Writes a consistent copy of the database, then the blobs (only ever added, so they hold at least what the database names) and the
 * keys into a tar archive. Temporal's file is left out: the rows can rebuild it.
 */
export async function writeBackup({ settings }: Call, file: string): Promise<void> {
  const { dataFolder, databaseUrl } = settings;
  const paths = dataPaths(dataFolder);
  const content = await mkdtemp(`${file}.`);
  try {
    if (databaseUrl !== undefined) await dumpMysql(databaseUrl, join(content, names.mysql));
    else if (await exists(paths.database)) await copySqlite(paths.database, join(content, names.sqlite));
    else throw usage(`In ${dataFolder} ist keine Datenbank.`, `There is no database in ${dataFolder}.`);
    for (const folder of folders) {
      if (await exists(join(dataFolder, folder)))
        await cp(join(dataFolder, folder), join(content, folder), { recursive: true });
    }
    // The keys are in it: made before tar writes into it, for nobody else to read.
    await rm(`${file}.unfinished`, { force: true });
    await writeFile(`${file}.unfinished`, '', { mode: 0o600, flag: 'wx' });
    await run('tar', ['-czf', `${file}.unfinished`, '-C', content, '.']);
    await rename(`${file}.unfinished`, file);
  } finally {
    await rm(content, { recursive: true, force: true });
    await rm(`${file}.unfinished`, { force: true });
  }
}

/** Puts the archive's content in place. Answers where the earlier data is kept, if there was any. */
export async function readBackup({ settings }: Call, file: string): Promise<string | undefined> {
  const { dataFolder, databaseUrl } = settings;
  await mkdir(dirname(dataFolder), { recursive: true });
  const content = await mkdtemp(`${dataFolder}.restoring-`);
  try {
    await run('tar', ['-xzf', file, '-C', content]).catch((cause: unknown) => {
      throw new LeitwerkError('InvalidInput', {
        cause,
        text: { de: `${file} ist keine lesbare Sicherung.`, en: `${file} is not a readable backup.` },
      });
    });
    const wanted = databaseUrl === undefined ? names.sqlite : names.mysql;
    if (!(await exists(join(content, wanted)))) {
      throw usage(
        'Die Sicherung ist von der anderen Datenbankart: DATABASE_URL passend setzen.',
        'The backup is of the other kind of database: set DATABASE_URL to match.',
      );
    }
    if (databaseUrl !== undefined) await loadMysql(databaseUrl, join(content, names.mysql));
    await rm(join(content, names.mysql), { force: true });
    const kept = (await exists(dataFolder))
      ? `${dataFolder}.before-${new Date().toISOString().replaceAll(':', '-')}`
      : undefined;
    if (kept !== undefined) await rename(dataFolder, kept);
    await rename(content, dataFolder);
    prepareDataFolder(dataFolder);
    return kept;
  } finally {
    await rm(content, { recursive: true, force: true });
  }
}

/** MySQL's own tools know every detail of a dump; the password goes through the environment, never the command line. */
async function dumpMysql(url: string, path: string): Promise<void> {
  await withMysqlTool(['mariadb-dump', 'mysqldump'], url, async (tool, args, env) => {
    const flags = ['--single-transaction', '--quick', '--hex-blob', '--routines', '--add-drop-table'];
    const child = spawn(tool, [...flags, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await pipeline(child.stdout, createWriteStream(path));
    return child;
  });
}

async function loadMysql(url: string, path: string): Promise<void> {
  await withMysqlTool(['mariadb', 'mysql'], url, async (tool, args, env) => {
    const child = spawn(tool, args, { env, stdio: ['pipe', 'inherit', 'inherit'] });
    await pipeline(createReadStream(path), child.stdin);
    return child;
  });
}

type UseTool = (tool: string, args: string[], env: NodeJS.ProcessEnv) => Promise<ReturnType<typeof spawn>>;

async function withMysqlTool(tools: readonly string[], url: string, use: UseTool): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const args = [
    `--host=${hostname}`,
    `--port=${port || '3306'}`,
    `--user=${decodeURIComponent(username)}`,
    pathname.slice(1),
  ];
  const env = childEnvironment({ MYSQL_PWD: decodeURIComponent(password) });
  const tool = await firstInstalled(tools);
  const child = await use(tool, args, env);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
  if (code === 0) return;
  throw new LeitwerkError('Unavailable', { text: { de: `${tool} ist gescheitert.`, en: `${tool} failed.` } });
}

async function firstInstalled(tools: readonly string[]): Promise<string> {
  for (const tool of tools) {
    const isThere = await run(tool, ['--version']).then(
      () => true,
      () => false,
    );
    if (isThere) return tool;
  }
  throw usage(
    `Keines der Programme ${tools.join(', ')} ist installiert: das Paket mariadb-client installieren.`,
    `None of ${tools.join(', ')} is installed: install the package mariadb-client.`,
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
