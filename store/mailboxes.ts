import type { Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** How far the mailboxes that connections name have been read: one row a connection. */
export const mailboxTable: TableDefinition = {
  name: 'mailbox',
  columns: { tenantId: 'key', connection: 'key', place: { text: 1000 }, position: 'json' },
  primaryKey: ['tenantId', 'connection'],
};

export interface MailboxKey {
  readonly tenantId: string;
  readonly connection: string;
}

/** `place`: user, server and folder. A position is worth nothing in another one. */
export async function readMailboxPosition(db: Queries, key: MailboxKey & { readonly place: string }): Promise<unknown> {
  const row = await db.get<{ place: string; position: string }>(
    'SELECT `place`, `position` FROM `mailbox` WHERE `tenantId` = ? AND `connection` = ?',
    [key.tenantId, key.connection],
  );
  return row?.place === key.place ? (JSON.parse(row.position) as unknown) : null;
}

export async function writeMailboxPosition(
  tx: Tx,
  key: MailboxKey & { readonly place: string },
  position: unknown,
): Promise<void> {
  await tx.run('REPLACE INTO `mailbox` (`tenantId`, `connection`, `place`, `position`) VALUES (?, ?, ?, ?)', [
    key.tenantId,
    key.connection,
    key.place,
    JSON.stringify(position),
  ]);
}

export async function removeMailboxPosition(tx: Tx, { tenantId, connection }: MailboxKey): Promise<void> {
  await tx.run('DELETE FROM `mailbox` WHERE `tenantId` = ? AND `connection` = ?', [tenantId, connection]);
}
