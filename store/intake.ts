import type { Queries, Tx } from './database.ts';
import { keyGroups } from './key-groups.ts';

export interface KnownMessage {
  readonly id: string;
  readonly lead: string | null;
  readonly contentHash: string;
}

/** The message that was accepted under a dedupe key of the source. */
export async function findMessageByKey(
  db: Queries,
  key: { readonly tenantId: string; readonly source: string; readonly dedupeKey: string },
): Promise<KnownMessage | undefined> {
  return await db.get<KnownMessage>(
    'SELECT `id`, `lead`, `contentHash` FROM `intake_message` WHERE `tenantId` = ? AND `source` = ? AND `dedupeKey` = ?',
    [key.tenantId, key.source, key.dedupeKey],
  );
}

/** The messages that were accepted under any of these keys of the source. */
export async function findMessagesByKeys(
  db: Queries,
  search: { readonly tenantId: string; readonly source: string; readonly dedupeKeys: readonly string[] },
): Promise<{ readonly dedupeKey: string; readonly lead: string | null }[]> {
  const found: { readonly dedupeKey: string; readonly lead: string | null }[] = [];
  for (const keys of keyGroups(search.dedupeKeys)) {
    const rows = await db.all<{ dedupeKey: string; lead: string | null }>(
      `SELECT \`dedupeKey\`, \`lead\` FROM \`intake_message\` WHERE \`tenantId\` = ? AND \`source\` = ? AND \`dedupeKey\` IN (${keys.map(() => '?').join(', ')})`,
      [search.tenantId, search.source, ...keys],
    );
    found.push(...rows);
  }
  return found;
}

/** Counts a delivery of the same content once more. */
export async function countRepeat(tx: Tx, id: string): Promise<void> {
  await tx.run('UPDATE `intake_message` SET `duplicates` = `duplicates` + 1 WHERE `id` = ?', [id]);
}

export interface SourceFigures {
  readonly lastAt: string | null;
  readonly count24h: number;
  readonly errors24h: number;
  /** Messages in each of the last 24 hours, oldest first. */
  readonly perHour: readonly number[];
}

const hourMs = 3_600_000;

/** How each source did in the last 24 hours, by one pass over these messages. */
export async function readSourceFigures(
  db: Queries,
  query: { readonly tenantId: string; readonly now: Date },
): Promise<(source: string) => SourceFigures> {
  const since = new Date(query.now.getTime() - 24 * hourMs).toISOString();
  const rows = await db.all<{ source: string; state: string; hour: string; n: number; last: string }>(
    'SELECT `source`, `state`, SUBSTR(`receivedAt`, 1, 13) AS `hour`, COUNT(*) AS `n`, MAX(`receivedAt`) AS `last` FROM `intake_message` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `receivedAt` >= ? GROUP BY `source`, `state`, SUBSTR(`receivedAt`, 1, 13)',
    [query.tenantId, since],
  );
  const latest = await db.all<{ source: string; last: string }>(
    'SELECT `source`, MAX(`receivedAt`) AS `last` FROM `intake_message` WHERE `tenantId` = ? AND `deletedAt` IS NULL GROUP BY `source`',
    [query.tenantId],
  );
  const lastBySource = new Map(latest.map((row) => [row.source, row.last]));
  return (source) => {
    const own = rows.filter((row) => row.source === source);
    const perHour = Array.from({ length: 24 }, () => 0);
    for (const row of own) {
      const index = 23 - Math.floor((query.now.getTime() - Date.parse(`${row.hour}:00:00.000Z`)) / hourMs);
      if (index >= 0 && index < 24) perHour[index] = (perHour[index] ?? 0) + Number(row.n);
    }
    const sum = (states: readonly string[]): number =>
      own.filter((row) => states.includes(row.state)).reduce((total, row) => total + Number(row.n), 0);
    return {
      lastAt: lastBySource.get(source) ?? null,
      count24h: sum(['accepted', 'duplicate', 'rejected', 'unreadable', 'spam', 'waiting', 'parked']),
      errors24h: sum(['rejected', 'unreadable', 'parked']),
      perHour,
    };
  };
}

/** Messages whose things are still to be fetched, and of which nothing waits to be relayed. */
export async function readWaitingMessages(db: Queries, tenantId: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT m.`id` FROM `intake_message` m WHERE m.`tenantId` = ? AND m.`deletedAt` IS NULL AND m.`state` = 'waiting' AND NOT EXISTS (SELECT 1 FROM `event` e WHERE e.`recordId` = m.`id` AND e.`lane` IS NOT NULL)",
    [tenantId],
  );
  return rows.map(({ id }) => id);
}
