import type { Queries, Tx } from './database.ts';
import { sha256 } from './secrets.ts';
import type { TableDefinition } from './tables.ts';

/** What became of a mail, by its Message-ID: replies find their record, and the same mail again is known. */
export const mailThreadTable: TableDefinition = {
  name: 'mail_thread',
  columns: { tenantId: 'key', id: 'key', contentHash: 'key', links: 'json', copies: 'json', createdAt: 'instant' },
  primaryKey: ['tenantId', 'id'],
};

/** One mail comes several times: once for each recipient, where a server splits it. */
export interface MailCopies {
  /** What recipients wanted of it (`purposeOf`) → id of the received message that brought it. */
  readonly met: Readonly<Record<string, string>>;
  /** Ids of received messages whose people nobody knows yet: they are worked again once the mail has a place. */
  readonly waiting: readonly string[];
}

export interface MailThread {
  readonly copies: MailCopies;
  /** Of what the mail says, whatever way it took. */
  readonly contentHash: string;
  /** Entity → id of the record that the mail belongs to. */
  readonly links: Readonly<Record<string, string>>;
}

type Stored = Record<'id' | 'contentHash' | 'links', string> & { readonly copies: string | null };

const toThread = ({ contentHash, links, copies }: Stored): MailThread => ({
  contentHash,
  links: JSON.parse(links) as Record<string, string>,
  copies: copies === null ? { met: {}, waiting: [] } : (JSON.parse(copies) as MailCopies),
});

const select = 'SELECT `id`, `contentHash`, `links`, `copies` FROM `mail_thread` WHERE `tenantId` = ? AND `id`';

/** In the order of the Message-IDs; those that are unknown are left out. */
export async function findMailThreads(
  db: Queries,
  tenantId: string,
  messageIds: readonly string[],
): Promise<MailThread[]> {
  if (messageIds.length === 0) return [];
  const ids = messageIds.map((messageId) => sha256(messageId));
  const rows = await db.all<Stored>(`${select} IN (${ids.map(() => '?').join(', ')})`, [tenantId, ...ids]);
  return rows.toSorted((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id)).map((row) => toThread(row));
}

/** The thread of a mail, kept from other copies of it until the transaction ends. */
export async function lockMailThread(tx: Tx, tenantId: string, messageId: string): Promise<MailThread | undefined> {
  const lock = tx.dialect === 'mysql' ? ' FOR UPDATE' : '';
  const row = await tx.get<Stored>(`${select} = ?${lock}`, [tenantId, sha256(messageId)]);
  return row === undefined ? undefined : toThread(row);
}

/** Notes where a mail went; the latest counts. */
export async function writeMailThread(
  tx: Tx,
  thread: MailThread & { readonly tenantId: string; readonly messageId: string; readonly at: string },
): Promise<void> {
  const key = [thread.tenantId, sha256(thread.messageId)];
  await tx.run('DELETE FROM `mail_thread` WHERE `tenantId` = ? AND `id` = ?', key);
  await tx.run(
    'INSERT INTO `mail_thread` (`tenantId`, `id`, `contentHash`, `links`, `copies`, `createdAt`) VALUES (?, ?, ?, ?, ?, ?)',
    [...key, thread.contentHash, JSON.stringify(thread.links), JSON.stringify(thread.copies), thread.at],
  );
}
