import type { Queries, Tx } from './database.ts';
import { sha256 } from './secrets.ts';
import type { TableDefinition } from './tables.ts';

/** What became of a mail, by its Message-ID: replies find their record, and the same mail again is known. */
export const mailThreadTable: TableDefinition = {
  name: 'mail_thread',
  columns: { tenantId: 'key', id: 'key', message: 'key', contentHash: 'key', links: 'json', createdAt: 'instant' },
  primaryKey: ['tenantId', 'id'],
};

export interface MailThread {
  /** Id of the received message. */
  readonly message: string;
  /** Of what the mail says, whatever way it took. */
  readonly contentHash: string;
  /** Entity → id of the record that the mail belongs to. */
  readonly links: Readonly<Record<string, string>>;
}

type Stored = Omit<MailThread, 'links'> & { readonly id: string; readonly links: string };

/** In the order of the Message-IDs; those that are unknown are left out. */
export async function findMailThreads(
  db: Queries,
  tenantId: string,
  messageIds: readonly string[],
): Promise<MailThread[]> {
  if (messageIds.length === 0) return [];
  const ids = messageIds.map((messageId) => sha256(messageId));
  const rows = await db.all<Stored>(
    `SELECT \`id\`, \`message\`, \`contentHash\`, \`links\` FROM \`mail_thread\` WHERE \`tenantId\` = ? AND \`id\` IN (${ids.map(() => '?').join(', ')})`,
    [tenantId, ...ids],
  );
  return rows
    .toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id))
    .map(({ id: _id, links, ...row }) => ({ ...row, links: JSON.parse(links) as Record<string, string> }));
}

/** Notes where a mail went; the latest counts. */
export async function writeMailThread(
  tx: Tx,
  thread: MailThread & { readonly tenantId: string; readonly messageId: string; readonly at: string },
): Promise<void> {
  const key = [thread.tenantId, sha256(thread.messageId)];
  await tx.run('DELETE FROM `mail_thread` WHERE `tenantId` = ? AND `id` = ?', key);
  await tx.run(
    'INSERT INTO `mail_thread` (`tenantId`, `id`, `message`, `contentHash`, `links`, `createdAt`) VALUES (?, ?, ?, ?, ?, ?)',
    [...key, thread.message, thread.contentHash, JSON.stringify(thread.links), thread.at],
  );
}
