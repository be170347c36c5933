import type { Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** The address under which each user files mail: what stands before the @. NULL = taken back. */
export const mailAddressTable: TableDefinition = {
  name: 'mail_address',
  columns: { userId: 'key', tenantId: 'key', token: 'key', updatedAt: 'instant' },
  primaryKey: ['userId'],
  unique: [['token']],
  references: { userId: 'user' },
};

export interface MailAddressRow {
  readonly userId: string;
  readonly tenantId: string;
  readonly token: string | null;
  readonly updatedAt: string;
}

const columns = '`userId`, `tenantId`, `token`, `updatedAt`';

export async function findMailAddress(db: Queries, userId: string): Promise<MailAddressRow | undefined> {
  return await db.get<MailAddressRow>(`SELECT ${columns} FROM \`mail_address\` WHERE \`userId\` = ?`, [userId]);
}

export async function findMailAddressByToken(db: Queries, token: string): Promise<MailAddressRow | undefined> {
  return await db.get<MailAddressRow>(`SELECT ${columns} FROM \`mail_address\` WHERE \`token\` = ?`, [token]);
}

/** In place of the former one, which is void from then on. */
export async function writeMailAddress(tx: Tx, row: MailAddressRow): Promise<void> {
  await tx.run('DELETE FROM `mail_address` WHERE `userId` = ?', [row.userId]);
  await tx.run(`INSERT INTO \`mail_address\` (${columns}) VALUES (?, ?, ?, ?)`, [
    row.userId,
    row.tenantId,
    row.token,
    row.updatedAt,
  ]);
}
