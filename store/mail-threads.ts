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

interface ThreadWrite extends MailThread {
  readonly tenantId: string;
  readonly messageId: string;
}

/** Notes where a mail went that has no thread yet. @throws a unique violation when it has got one at the same time (MySQL). */
export async function insertMailThread(tx: Tx, thread: ThreadWrite & { readonly at: string }): Promise<void> {
  const { tenantId, messageId, contentHash, links, copies, at } = thread;
  await tx.run(
    'INSERT INTO `mail_thread` (`tenantId`, `id`, `contentHash`, `links`, `copies`, `createdAt`) VALUES (?, ?, ?, ?, ?, ?)',
    [tenantId, sha256(messageId), contentHash, JSON.stringify(links), JSON.stringify(copies), at],
  );
}

/** Notes where a mail went whose thread is locked; the latest counts. */
export async function updateMailThread(tx: Tx, thread: ThreadWrite): Promise<void> {
  const { tenantId, messageId, contentHash, links, copies } = thread;
  await tx.run(
    'UPDATE `mail_thread` SET `contentHash` = ?, `links` = ?, `copies` = ? WHERE `tenantId` = ? AND `id` = ?',
    [contentHash, JSON.stringify(links), JSON.stringify(copies), tenantId, sha256(messageId)],
  );
}
