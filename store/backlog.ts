import type { Queries } from './database.ts';
import type { Lane } from './events.ts';

export interface Backlog {
  readonly total: number;
  readonly lanes: Readonly<Record<Lane, number>>;
}

/** Events that Temporal has not been told of yet, by lane. */
export async function readBacklog(db: Queries): Promise<Backlog> {
  const rows = await db.all<{ lane: Lane; n: number }>(
    'SELECT `lane`, COUNT(*) AS `n` FROM `event` WHERE `lane` IS NOT NULL GROUP BY `lane`',
  );
  const lanes = { interactive: 0, incoming: 0, background: 0 };
  for (const row of rows) lanes[row.lane] = Number(row.n);
  return { total: lanes.interactive + lanes.incoming + lanes.background, lanes };
}

/** Processes of what an actor has made or changed that Temporal has not been told of yet. */
export async function countWaitingProcesses(
  db: Queries,
  of: { readonly tenantId: string; readonly actor: string },
): Promise<number> {
  const sql = 'SELECT COUNT(*) AS `n` FROM `event` WHERE `lane` IS NOT NULL AND `tenantId` = ? AND `actor` = ?';
  return Number((await db.get<{ n: number }>(sql, [of.tenantId, of.actor]))?.n ?? 0);
}

/** Mails that processes wait to have sent. */
export async function countWaitingMails(db: Queries): Promise<number> {
  const sql = "SELECT COUNT(*) AS `n` FROM `effect` WHERE `kind` = 'sendMail' AND `state` IN ('pending', 'failed')";
  return (await db.get<{ n: number }>(sql))?.n ?? 0;
}
