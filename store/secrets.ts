import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { LeitwerkError } from '../core/errors.ts';
import type { Database, Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';
import { unlessThere } from './violations.ts';

/** Secrets of sources and connections, sealed with a key that is not in the database. */
export const secretTable: TableDefinition = {
  name: 'secret',
  columns: { tenantId: 'key', name: 'key', sealed: 'bytes', createdAt: 'instant', createdBy: 'key' },
  primaryKey: ['tenantId', 'name'],
};

/** Seals and opens secrets with AES-256-GCM. `key` has 32 bytes; a secret opens only under the name it was sealed for. */
export interface SecretBox {
  seal(name: string, secret: string): Uint8Array;
  /** @throws Error when the key is another one or the bytes were changed. */
  open(name: string, sealed: Uint8Array): string;
}

export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal: (name, secret) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
      return Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (name, sealed) => {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(name));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    },
  };
}

/** Name of the box for one tenant's secret. */
const boxName = (tenantId: string, name: string): string => `${tenantId}/${name}`;

const insertSql =
  'INSERT INTO `secret` (`tenantId`, `name`, `sealed`, `createdAt`, `createdBy`) VALUES (?, ?, ?, ?, ?)';

interface Sealed {
  readonly tenantId: string;
  readonly name: string;
  readonly sealed: Uint8Array;
}

/** Of no tenant: shows which key the others are sealed with. */
const sample = { tenantId: '', name: 'sample' };

const readSample = async (db: Queries): Promise<Sealed | undefined> =>
  await db.get<Sealed>('SELECT * FROM `secret` WHERE `tenantId` = ? AND `name` = ?', [sample.tenantId, sample.name]);

const canOpen = (box: SecretBox, { tenantId, name, sealed }: Sealed): boolean => {
  try {
    box.open(boxName(tenantId, name), sealed);
    return true;
  } catch {
    return false;
  }
};

/**
 * Whether this box is the one that the database's secrets are sealed with. The first that asks seals a sample;
 * where there are secrets already, only a box that opens one of them.
 */
async function isBoxOf(db: Database, box: SecretBox, at: string): Promise<boolean> {
  const found = await readSample(db);
  if (found !== undefined) return canOpen(box, found);
  const secrets = await db.all<Sealed>('SELECT * FROM `secret`');
  if (secrets.length > 0 && !secrets.some((secret) => canOpen(box, secret))) return false;
  const { tenantId, name } = sample;
  const params = [tenantId, name, box.seal(boxName(tenantId, name), ''), at, 'system'];
  await db.write((tx) => tx.run(`${insertSql} ${unlessThere(tx.dialect, 'tenantId', 'name')}`, params));
  // Another process may have been first.
  const kept = await readSample(db);
  return kept !== undefined && canOpen(box, kept);
}

/** @throws LeitwerkError `Misconfigured` when the secrets of this database are sealed with another key. */
export async function assertBoxOf(db: Database, box: SecretBox, at: string): Promise<void> {
  if (await isBoxOf(db, box, at)) return;
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: 'Die Geheimnisse dieser Datenbank sind mit einem anderen Schlüssel versiegelt: SECRET_KEY auf den Wert des ersten Rechners setzen, oder von dort (oder aus der Sicherung) keys/secrets.key in den Datenordner kopieren.',
      en: 'The secrets of this database are sealed with another key: set SECRET_KEY to the value of the first host, or copy keys/secrets.key from there (or from the backup) into the data folder.',
    },
  });
}

export interface SecretInput {
  readonly tenantId: string;
  readonly name: string;
  readonly secret: string;
  readonly at: string;
  readonly actor: string;
}

/** Stores a secret in place of the former one, which is void from then on. */
export async function writeSecret(tx: Tx, box: SecretBox, input: SecretInput): Promise<void> {
  const key = [input.tenantId, input.name];
  await tx.run('DELETE FROM `secret` WHERE `tenantId` = ? AND `name` = ?', key);
  await tx.run(insertSql, [...key, box.seal(boxName(input.tenantId, input.name), input.secret), input.at, input.actor]);
}

/** The secret of that name, undefined when none was ever set. */
export async function readSecret(
  db: Queries,
  box: SecretBox,
  key: { readonly tenantId: string; readonly name: string },
): Promise<string | undefined> {
  const row = await db.get<{ sealed: Uint8Array }>(
    'SELECT `sealed` FROM `secret` WHERE `tenantId` = ? AND `name` = ?',
    [key.tenantId, key.name],
  );
  return row === undefined ? undefined : box.open(boxName(key.tenantId, key.name), row.sealed);
}

/** Forgets a secret for good. */
export async function removeSecret(tx: Tx, key: { readonly tenantId: string; readonly name: string }): Promise<void> {
  await tx.run('DELETE FROM `secret` WHERE `tenantId` = ? AND `name` = ?', [key.tenantId, key.name]);
}

/** When and by whom a secret was set, without opening it. */
export async function readSecretStamp(
  db: Queries,
  key: { readonly tenantId: string; readonly name: string },
): Promise<{ readonly createdAt: string; readonly createdBy: string } | undefined> {
  return await db.get('SELECT `createdAt`, `createdBy` FROM `secret` WHERE `tenantId` = ? AND `name` = ?', [
    key.tenantId,
    key.name,
  ]);
}

/** sha256 in hex: content addresses, hashes of requests. */
export const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');
