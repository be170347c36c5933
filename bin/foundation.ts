import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant } from '../commands/accounts/createTenant.ts';
import { defaultTenantId } from '../commands/accounts/setup.ts';
import { importShipped } from '../commands/importConfig.ts';
import { keepLastGood } from '../commands/keepLastGood.ts';
import { systemActor } from '../core/actor.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import { LeitwerkError } from '../core/errors.ts';
import { accountTables } from '../store/accounts.ts';
import { listTenants } from '../store/accounts-users.ts';
import { createBlobStore, type BlobStore } from '../store/blobs.ts';
import { connectionTable } from '../store/connections.ts';
import { configTables } from '../store/config.ts';
import { readShipped, type ConfigFile } from '../store/config-files.ts';
import type { Database, MemoryOptions } from '../store/database.ts';
import { duplicateTables } from '../store/duplicates.ts';
import { eventTable } from '../store/events.ts';
import { feedRowTable, feedTable } from '../store/feeds.ts';
import { importEditTable, importRowTable } from '../store/import-rows.ts';
import { idempotencyTable } from '../store/idempotency.ts';
import { mailAddressTable } from '../store/mail-addresses.ts';
import { mailJobTable } from '../store/mail-jobs.ts';
import { mailboxTable } from '../store/mailboxes.ts';
import { mailThreadTable } from '../store/mail-threads.ts';
import { counterTable } from '../store/numbers.ts';
import { processTables } from '../store/process-tables.ts';
import { createRegistry, type Registry } from '../store/registry.ts';
import { assertBoxOf, createSecretBox, secretTable, type SecretBox } from '../store/secrets.ts';
import { migrate } from '../store/tables.ts';
import { damagedDatabase, isDamage } from '../store/violations.ts';
import { prepareDataFolder, rootFolder, type Settings } from './settings.ts';

/** What every process of ours and the command line stand on. */
export interface Foundation {
  readonly db: Database;
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly secrets: SecretBox;
  /** Stored or shipped texts that cannot be used; the start goes on without them. */
  readonly shippedIssues: readonly ConfigIssue[];
  readonly close: () => Promise<void>;
}

/** Tables that are not made from entity schemas. */
export const systemTables = [
  ...accountTables,
  ...configTables,
  eventTable,
  idempotencyTable,
  counterTable,
  importRowTable,
  ...duplicateTables,
  importEditTable,
  secretTable,
  mailJobTable,
  mailThreadTable,
  mailAddressTable,
  mailboxTable,
  connectionTable,
  feedTable,
  feedRowTable,
  ...processTables,
];

/** Paths inside the data folder. */
export const dataPaths = (folder: string): { database: string; blobs: string; keys: string; secretKey: string } => ({
  database: join(folder, 'leitwerk.sqlite'),
  blobs: join(folder, 'blobs'),
  keys: join(folder, 'keys'),
  secretKey: join(folder, 'keys', 'secrets.key'),
});

/**
 * Opens the database, brings its tables up to date, and at the very first start makes the tenant and imports the shipped
 * configuration. Safe to run in several processes at once and beside a running server.
 * @throws LeitwerkError `Misconfigured` or `Unavailable` in one sentence.
 */
export async function openFoundation(settings: Settings, memory: MemoryOptions = {}): Promise<Foundation> {
  prepareDataFolder(settings.dataFolder);
  const paths = dataPaths(settings.dataFolder);
  const secrets = createSecretBox(settings.secretKey ?? provideSecretKey(paths));
  const now = new Date();
  const db = await openDatabase(settings, memory);
  try {
    await migrate(db, systemTables);
    await assertBoxOf(db, secrets, now.toISOString());
    await createTenant(db, { id: defaultTenantId, name: 'Leitwerk' }, now);
    const shippedIssues = [];
    const files = await readShippedFiles();
    for (const { id } of await listTenants(db)) shippedIssues.push(...(await bringShippedIn(db, id, { files, now })));
    const registry = await createRegistry(db);
    const blobs = createBlobStore(paths.blobs);
    return { db, registry, blobs, secrets, shippedIssues, close: async () => await db.close() };
  } catch (error) {
    await db.close();
    // Found by reading, not by opening.
    const isDamaged = error instanceof LeitwerkError && isDamage(error.cause);
    throw isDamaged ? damagedDatabase(paths.database, error) : error;
  }
}

/** Makes another company on the same system, with the shipped configuration. */
export async function addTenant(
  { db, registry }: Pick<Foundation, 'db' | 'registry'>,
  tenant: { readonly id: string; readonly name: string },
): Promise<void> {
  const now = new Date();
  await createTenant(db, tenant, now);
  await bringShippedIn(db, tenant.id, { files: await readShippedFiles(), now });
  await registry.refresh();
}

/** Only the driver that is needed is loaded: MySQL's takes 25 MB. */
async function openDatabase({ dataFolder, databaseUrl }: Settings, memory: MemoryOptions): Promise<Database> {
  if (databaseUrl === undefined)
    return (await import('../store/sqlite.ts')).openSqlite(dataPaths(dataFolder).database, memory);
  return await (await import('../store/mysql.ts')).openMysql(databaseUrl);
}

const readShippedFiles = async (): Promise<readonly ConfigFile[]> =>
  await readShipped(join(rootFolder, 'config'), join(rootFolder, 'schemas', 'entities'));

/** What cannot be read gives way to its last good revision; then new texts of this version, and those that nobody has changed. */
async function bringShippedIn(
  db: Database,
  tenantId: string,
  { files, now }: { readonly files: readonly ConfigFile[]; readonly now: Date },
): Promise<readonly ConfigIssue[]> {
  const actor = systemActor(tenantId);
  const ctx = { db, actor, language: actor.language, now: () => now };
  const damaged = await keepLastGood(ctx);
  const { issues } = await importShipped(ctx, files);
  return [...damaged, ...issues];
}

/** The key that secrets are sealed with: made once, kept beside the database, never in it. */
function provideSecretKey({ keys, secretKey }: { keys: string; secretKey: string }): Buffer {
  prepareDataFolder(keys);
  try {
    // `wx`: of two processes that start at once only one makes it.
    writeFileSync(secretKey, randomBytes(32), { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = readFileSync(secretKey);
  if (key.length === 32) return key;
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Schlüsseldatei ${secretKey} ist beschädigt: aus der Sicherung zurückholen.`,
      en: `The key file ${secretKey} is damaged: bring it back from the backup.`,
    },
  });
}
