import type { Language } from '../core/errors.ts';
import type { Queries, Tx } from './database.ts';
import { unlessThere } from './violations.ts';

export interface Tenant {
  readonly id: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  readonly tenantId: string;
  /** Normalised by `normaliseEmail`; unique over all tenants, because one signs in with it alone. */
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly team: string | null;
  readonly language: Language;
  readonly isDisabled: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type StoredUser = Omit<User, 'isDisabled'> & { readonly isDisabled: number };

const columns =
  '`id`, `tenantId`, `email`, `name`, `role`, `team`, `language`, `isDisabled`, `version`, `createdAt`, `updatedAt`';

const toUser = (row: StoredUser): User => ({ ...row, isDisabled: row.isDisabled === 1 });

/** Inserts the tenant unless it is there. */
export async function ensureTenant(tx: Tx, tenant: Tenant & { readonly createdAt: string }): Promise<void> {
  const insert = 'INSERT INTO `tenant` (`id`, `name`, `createdAt`) VALUES (?, ?, ?)';
  await tx.run(`${insert} ${unlessThere(tx.dialect, 'id')}`, [tenant.id, tenant.name, tenant.createdAt]);
}

export async function renameTenant(tx: Tx, tenant: Tenant): Promise<void> {
  await tx.run('UPDATE `tenant` SET `name` = ? WHERE `id` = ?', [tenant.name, tenant.id]);
}

export async function findTenant(q: Queries, id: string): Promise<Tenant | undefined> {
  return await q.get<Tenant>('SELECT `id`, `name` FROM `tenant` WHERE `id` = ?', [id]);
}

export async function listTenants(q: Queries): Promise<Tenant[]> {
  return await q.all<Tenant>('SELECT `id`, `name` FROM `tenant` ORDER BY `id`');
}

export async function insertUser(tx: Tx, user: User): Promise<void> {
  const params = [user.id, user.tenantId, user.email, user.name, user.role, user.team, user.language];
  const marks = Array(11).fill('?').join(', ');
  await tx.run(`INSERT INTO \`user\` (${columns}) VALUES (${marks})`, [
    ...params,
    user.isDisabled ? 1 : 0,
    user.version,
    user.createdAt,
    user.updatedAt,
  ]);
}

export async function updateUser(tx: Tx, user: User): Promise<void> {
  await tx.run(
    'UPDATE `user` SET `name` = ?, `role` = ?, `team` = ?, `language` = ?, `isDisabled` = ?, `version` = ?, `updatedAt` = ? WHERE `id` = ? AND `tenantId` = ?',
    [
      user.name,
      user.role,
      user.team,
      user.language,
      user.isDisabled ? 1 : 0,
      user.version,
      user.updatedAt,
      user.id,
      user.tenantId,
    ],
  );
}

export async function findUser(q: Queries, tenantId: string, id: string): Promise<User | undefined> {
  const row = await q.get<StoredUser>(`SELECT ${columns} FROM \`user\` WHERE \`id\` = ? AND \`tenantId\` = ?`, [
    id,
    tenantId,
  ]);
  return row === undefined ? undefined : toUser(row);
}

/** `email` must be normalised. Looks in every tenant. */
export async function findUserByEmail(q: Queries, email: string): Promise<User | undefined> {
  const row = await q.get<StoredUser>(`SELECT ${columns} FROM \`user\` WHERE \`email\` = ?`, [email]);
  return row === undefined ? undefined : toUser(row);
}

/** Everyone of the tenant by name, disabled ones included. */
export async function listUsers(q: Queries, tenantId: string): Promise<User[]> {
  const rows = await q.all<StoredUser>(
    `SELECT ${columns} FROM \`user\` WHERE \`tenantId\` = ? ORDER BY \`name\`, \`id\``,
    [tenantId],
  );
  return rows.map(toUser);
}

export async function hasUsers(q: Queries): Promise<boolean> {
  return (await q.get('SELECT `id` FROM `user` LIMIT 1')) !== undefined;
}

/** Users of the role who can still sign in; locked on MySQL so that two of them cannot leave at once. */
export async function countActive(tx: Tx, of: { readonly tenantId: string; readonly role: string }): Promise<number> {
  const lock = tx.dialect === 'mysql' ? ' FOR UPDATE' : '';
  const sql = 'SELECT `id` FROM `user` WHERE `tenantId` = ? AND `role` = ? AND `isDisabled` = 0';
  return (await tx.all(`${sql}${lock}`, [of.tenantId, of.role])).length;
}

export async function readPasswordHash(q: Queries, userId: string): Promise<string | undefined> {
  return (await q.get<{ hash: string }>('SELECT `hash` FROM `user_password` WHERE `userId` = ?', [userId]))?.hash;
}

export async function writePasswordHash(
  tx: Tx,
  password: { readonly userId: string; readonly hash: string; readonly changedAt: string },
): Promise<void> {
  const { userId, hash, changedAt } = password;
  const known = await tx.get('SELECT `userId` FROM `user_password` WHERE `userId` = ?', [userId]);
  if (known === undefined) {
    await tx.run('INSERT INTO `user_password` (`userId`, `hash`, `changedAt`) VALUES (?, ?, ?)', [
      userId,
      hash,
      changedAt,
    ]);
  } else {
    await tx.run('UPDATE `user_password` SET `hash` = ?, `changedAt` = ? WHERE `userId` = ?', [
      hash,
      changedAt,
      userId,
    ]);
  }
}
