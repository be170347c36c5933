import { superadminRole, type Actor } from '../core/actor.ts';
import type { Queries, Tx } from './database.ts';

/** A key of the API as lists show it; the key itself is shown once and stored as its hash. */
export interface ApiKey {
  readonly id: string;
  readonly tenantId: string;
  readonly prefix: string;
  readonly name: string;
  readonly role: string | null;
  readonly scopes: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

type StoredKey = Omit<ApiKey, 'scopes'> & { readonly scopes: string | null };

const columns =
  '`id`, `tenantId`, `prefix`, `name`, `role`, `scopes`, `createdBy`, `createdAt`, `expiresAt`, `lastUsedAt`, `revokedAt`';

const toKey = (row: StoredKey): ApiKey => ({
  ...row,
  scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
});

export async function insertKey(tx: Tx, key: ApiKey, keyHash: string): Promise<void> {
  await tx.run(`INSERT INTO \`api_key\` (\`keyHash\`, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    keyHash,
    key.id,
    key.tenantId,
    key.prefix,
    key.name,
    key.role,
    key.scopes === null ? null : JSON.stringify(key.scopes),
    key.createdBy,
    key.createdAt,
    key.expiresAt,
    key.lastUsedAt,
    key.revokedAt,
  ]);
}

/** Every key of the tenant, newest first, revoked ones included. */
export async function listKeys(q: Queries, tenantId: string): Promise<ApiKey[]> {
  const sql = `SELECT ${columns} FROM \`api_key\` WHERE \`tenantId\` = ? ORDER BY \`createdAt\` DESC, \`id\` DESC`;
  return (await q.all<StoredKey>(sql, [tenantId])).map(toKey);
}

export async function findKey(q: Queries, tenantId: string, id: string): Promise<ApiKey | undefined> {
  const row = await q.get<StoredKey>(`SELECT ${columns} FROM \`api_key\` WHERE \`id\` = ? AND \`tenantId\` = ?`, [
    id,
    tenantId,
  ]);
  return row === undefined ? undefined : toKey(row);
}

/** Answers whether there was a living key to revoke. */
export async function revokeKeyRow(
  tx: Tx,
  key: { readonly tenantId: string; readonly id: string; readonly at: string },
): Promise<boolean> {
  const sql = 'UPDATE `api_key` SET `revokedAt` = ? WHERE `id` = ? AND `tenantId` = ? AND `revokedAt` IS NULL';
  return (await tx.run(sql, [key.at, key.id, key.tenantId])).changes > 0;
}

export async function touchKey(tx: Tx, id: string, at: string): Promise<void> {
  await tx.run('UPDATE `api_key` SET `lastUsedAt` = ? WHERE `id` = ?', [at, id]);
}

/** Who holds the key, straight from the table; `createKeyRing` in front of it saves the query. */
export async function findActorByKey(
  q: Queries,
  keyHash: string,
  now: Date,
): Promise<
  { readonly actor: Actor; readonly lastUsedAt: string | null; readonly expiresAt: string | null } | undefined
> {
  const at = now.toISOString();
  const row = await q.get<StoredKey>(
    `SELECT ${columns} FROM \`api_key\` WHERE \`keyHash\` = ? AND \`revokedAt\` IS NULL AND (\`expiresAt\` IS NULL OR \`expiresAt\` > ?)`,
    [keyHash, at],
  );
  if (row === undefined) return undefined;
  const { id, name, tenantId, role, scopes, lastUsedAt, expiresAt } = toKey(row);
  const actor: Actor = {
    kind: 'key',
    id,
    name,
    tenantId,
    role: role ?? superadminRole,
    language: 'de',
    ...(scopes === null ? {} : { scopes }),
  };
  return { actor, lastUsedAt, expiresAt };
}
