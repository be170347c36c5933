import { statfs } from 'node:fs/promises';
import process from 'node:process';
import { LeitwerkError } from '../../core/errors.ts';
import { damagedDatabase } from '../../store/violations.ts';
import { dataPaths, type Foundation } from '../foundation.ts';
import { isNoDatabase } from '../temporal/damage.ts';
import { isPortTaken } from '../temporal/ports.ts';
import { isTemporal } from '../temporal/rpc.ts';
import { fileIn } from '../temporal/server.ts';
import type { Call } from './command.ts';

export interface Finding {
  readonly name: string;
  readonly isGood: boolean;
  readonly text: string;
}

const lowSpaceMb = 500;

/** Looks at everything a start needs, and goes on after a problem. */
export async function examine(call: Call): Promise<Finding[]> {
  const { settings } = call;
  const findings: Finding[] = [good('Node', process.versions.node)];
  const foundation = await attempt(async () => await call.foundation());
  if (foundation instanceof Error) findings.push(bad('database', sentence(foundation, call)));
  else {
    findings.push(await check('database', async () => await examineDatabase(foundation, settings)));
    findings.push(examineSchemas(foundation));
  }
  findings.push(await check('data folder', async () => await freeSpace(settings.dataFolder)));
  findings.push(await check('Temporal', async () => await examineTemporal(call)));
  const isRunning = await isPortTaken(settings.port);
  findings.push(good('server', isRunning ? `running on port ${settings.port}` : 'not running'));
  return findings;

  async function check(name: string, work: () => Promise<string>): Promise<Finding> {
    const result = await attempt(work);
    return result instanceof Error ? bad(name, sentence(result, call)) : good(name, result);
  }
}

const good = (name: string, text: string): Finding => ({ name, isGood: true, text });
const bad = (name: string, text: string): Finding => ({ name, isGood: false, text });

async function attempt<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const sentence = (error: Error, { language }: Call): string =>
  error instanceof LeitwerkError ? error.text[language] : error.message;

async function freeSpace(folder: string): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  const megabytes = Math.floor((bavail * bsize) / 1_048_576);
  if (megabytes < lowSpaceMb) throw new Error(`only ${megabytes} MB free in ${folder}: make room`);
  return `${folder}, ${megabytes} MB free`;
}

async function examineDatabase({ db }: Foundation, { dataFolder }: Call['settings']): Promise<string> {
  if (db.dialect === 'mysql') {
    const row = await db.get<{ version: string }>('SELECT VERSION() AS `version`');
    return `MySQL ${row?.version ?? ''}`;
  }
  const faults = await db.all<Record<string, string>>('PRAGMA quick_check');
  const found = faults.map((row) => Object.values(row).join(' ')).filter((text) => text !== 'ok');
  const orphans = await db.all('PRAGMA foreign_key_check');
  if (found.length > 0) throw damagedDatabase(dataPaths(dataFolder).database, found[0]);
  if (orphans.length > 0) throw new Error(`${orphans.length} rows refer to rows that do not exist`);
  return 'SQLite is sound';
}

function examineSchemas({ registry }: Foundation): Finding {
  const faults = registry.tenantIds.flatMap((tenantId) => registry.snapshot(tenantId).faults);
  if (faults.length === 0) return good('schemas', 'all compile');
  return bad('schemas', faults.map(({ entity, message }) => `${entity}: ${message}`).join('; '));
}

async function examineTemporal({ settings: { temporal, dataFolder } }: Call): Promise<string> {
  const address = temporal.address ?? `127.0.0.1:${temporal.port}`;
  if (temporal.tls !== undefined) return `${address} (encrypted: seen by the worker only)`;
  if (await isTemporal(address)) return `answers at ${address}`;
  const file = fileIn(dataFolder);
  if (temporal.address === undefined && (await isNoDatabase(file)))
    throw new Error(`${file} is damaged: the next start puts it aside and rebuilds the processes from the database`);
  if (temporal.address === undefined) return 'not running; it starts with the server';
  throw new Error(`does not answer at TEMPORAL_ADDRESS ${address}`);
}
