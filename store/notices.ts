import type { Queries, Tx, Value } from './database.ts';
import type { TableDefinition } from './tables.ts';
import { unlessThere } from './violations.ts';

/** What the product tells one person about a record. Both languages are kept: a person may change theirs. */
export const noticeTable: TableDefinition = {
  name: 'notice',
  columns: {
    id: 'key',
    tenantId: 'key',
    userId: 'key',
    at: 'instant',
    entity: 'key',
    recordId: 'key',
    text: 'json',
    readAt: 'instant',
  },
  primaryKey: ['id'],
  indexes: [
    ['tenantId', 'userId', 'at'],
    ['tenantId', 'userId', 'readAt'],
  ],
};

export interface Notice {
  readonly id: string;
  readonly at: string;
  readonly entity: string;
  readonly recordId: string;
  readonly text: { readonly de: string; readonly en: string };
  readonly readAt: string | null;
}

export interface NoticeInput extends Omit<Notice, 'readAt'> {
  readonly tenantId: string;
  readonly userId: string;
}

const insertSql =
  'INSERT INTO `notice` (`id`, `tenantId`, `userId`, `at`, `entity`, `recordId`, `text`) VALUES (?, ?, ?, ?, ?, ?, ?)';

const paramsOf = ({ id, tenantId, userId, at, entity, recordId, text }: NoticeInput): Value[] => [
  id,
  tenantId,
  userId,
  at,
  entity,
  recordId,
  JSON.stringify(text),
];

export async function insertNotice(tx: Tx, notice: NoticeInput): Promise<void> {
  await tx.run(insertSql, paramsOf(notice));
}

/** Adds a notice unless there is one with its id. */
export async function insertNoticeOnce(tx: Tx, notice: NoticeInput): Promise<void> {
  await tx.run(`${insertSql} ${unlessThere(tx.dialect, 'id')}`, paramsOf(notice));
}

/** Forgets notices whose ids begin with this and a slash. */
export async function forgetNotices(tx: Tx, of: { readonly tenantId: string; readonly begin: string }): Promise<void> {
  // The character after the slash is the zero.
  const sql = 'DELETE FROM `notice` WHERE `id` > ? AND `id` < ? AND `tenantId` = ?';
  await tx.run(sql, [`${of.begin}/`, `${of.begin}0`, of.tenantId]);
}

interface Reader {
  readonly tenantId: string;
  readonly userId: string;
}

const shown = 50;

/** A person's newest notices, and how many of all of them are unread. */
export async function readNotices(
  db: Queries,
  reader: Reader,
): Promise<{ readonly notices: readonly Notice[]; readonly unread: number }> {
  const key = [reader.tenantId, reader.userId];
  const rows = await db.all<Omit<Notice, 'text'> & { readonly text: string }>(
    `SELECT \`id\`, \`at\`, \`entity\`, \`recordId\`, \`text\`, \`readAt\` FROM \`notice\` WHERE \`tenantId\` = ? AND \`userId\` = ? ORDER BY \`at\` DESC LIMIT ${shown}`,
    key,
  );
  const count = await db.get<{ n: number }>(
    'SELECT COUNT(*) AS `n` FROM `notice` WHERE `tenantId` = ? AND `userId` = ? AND `readAt` IS NULL',
    key,
  );
  return {
    notices: rows.map((row) => ({ ...row, text: JSON.parse(row.text) as Notice['text'] })),
    unread: count?.n ?? 0,
  };
}

/** Marks a person's notices read up to an instant. */
export async function markNoticesRead(
  tx: Tx,
  reader: Reader & { readonly upTo: string; readonly at: string },
): Promise<void> {
  await tx.run(
    'UPDATE `notice` SET `readAt` = ? WHERE `tenantId` = ? AND `userId` = ? AND `readAt` IS NULL AND `at` <= ?',
    [reader.at, reader.tenantId, reader.userId, reader.upTo],
  );
}
