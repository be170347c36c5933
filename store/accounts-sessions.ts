import { userActor, type Actor } from '../core/actor.ts';
import type { Language } from '../core/errors.ts';
import type { Queries, Tx } from './database.ts';

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly tenantId: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly expiresAt: string;
}

/** A session unused for so long has ended, however long it might have lived. */
export const idleMs = 7 * 86_400_000;
/** `seenAt` is written at most this often: a click must not cost a write. */
export const seenEveryMs = 60_000;

export async function insertSession(tx: Tx, session: Session, tokenHash: string): Promise<void> {
  await tx.run(
    'INSERT INTO `session` (`id`, `tokenHash`, `userId`, `tenantId`, `address`, `userAgent`, `createdAt`, `seenAt`, `expiresAt`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [
      session.id,
      tokenHash,
      session.userId,
      session.tenantId,
      session.address,
      session.userAgent,
      session.createdAt,
      session.seenAt,
      session.expiresAt,
    ],
  );
}

interface SessionUser {
  readonly sessionId: string;
  readonly seenAt: string;
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly role: string;
  readonly team: string | null;
  readonly language: Language;
}

const bySession =
  'SELECT s.`id` AS `sessionId`, s.`seenAt`, u.`id`, u.`name`, u.`tenantId`, u.`role`, u.`team`, u.`language` ' +
  'FROM `session` s JOIN `user` u ON u.`id` = s.`userId` ' +
  'WHERE s.`tokenHash` = ? AND s.`expiresAt` > ? AND s.`seenAt` > ? AND u.`isDisabled` = 0';

/** Who holds the session's token, read anew on every request: who is disabled or signed out is out at once. */
export async function findActorBySession(
  q: Queries,
  tokenHash: string,
  now: Date,
): Promise<{ readonly actor: Actor; readonly seenAt: string } | undefined> {
  const idleSince = new Date(now.getTime() - idleMs).toISOString();
  const row = await q.get<SessionUser>(bySession, [tokenHash, now.toISOString(), idleSince]);
  if (row === undefined) return undefined;
  const { sessionId, seenAt } = row;
  return { actor: { ...userActor(row), sessionId }, seenAt };
}

export async function touchSession(tx: Tx, id: string, seenAt: string): Promise<void> {
  await tx.run('UPDATE `session` SET `seenAt` = ? WHERE `id` = ? AND `seenAt` < ?', [seenAt, id, seenAt]);
}

/** The user's living sessions, last used first. */
export async function listSessions(q: Queries, userId: string, now: Date): Promise<Session[]> {
  return await q.all<Session>(
    'SELECT `id`, `userId`, `tenantId`, `address`, `userAgent`, `createdAt`, `seenAt`, `expiresAt` FROM `session` WHERE `userId` = ? AND `expiresAt` > ? AND `seenAt` > ? ORDER BY `seenAt` DESC',
    [userId, now.toISOString(), new Date(now.getTime() - idleMs).toISOString()],
  );
}

/** Answers whether the user had such a session. */
export async function deleteSession(tx: Tx, userId: string, id: string): Promise<boolean> {
  return (await tx.run('DELETE FROM `session` WHERE `id` = ? AND `userId` = ?', [id, userId])).changes > 0;
}

/** Ends every session of the user but `keptId`. Answers how many there were. */
export async function deleteSessions(tx: Tx, userId: string, keptId = ''): Promise<number> {
  return (await tx.run('DELETE FROM `session` WHERE `userId` = ? AND `id` <> ?', [userId, keptId])).changes;
}

export async function deleteExpiredSessions(tx: Tx, now: Date): Promise<void> {
  await tx.run('DELETE FROM `session` WHERE `expiresAt` <= ?', [now.toISOString()]);
}

/** Whether the user has signed in from this address before and the session still stands. */
export async function hasSessionFrom(q: Queries, userId: string, address: string): Promise<boolean> {
  return (
    (await q.get('SELECT `id` FROM `session` WHERE `userId` = ? AND `address` = ? LIMIT 1', [userId, address])) !==
    undefined
  );
}

/** The role and team of the session's user now; undefined once it has ended or the user is disabled. */
export async function findSessionRights(
  q: Queries,
  id: string,
  now: Date,
): Promise<{ readonly role: string; readonly team: string | null } | undefined> {
  const sql =
    'SELECT u.`role`, u.`team` FROM `session` s JOIN `user` u ON u.`id` = s.`userId` WHERE s.`id` = ? AND s.`expiresAt` > ? AND u.`isDisabled` = 0';
  return await q.get(sql, [id, now.toISOString()]);
}
