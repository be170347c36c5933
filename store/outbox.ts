import type { Database, Queries, Value } from './database.ts';
import type { Lane } from './events.ts';
import { notClosed } from './process-inputs.ts';
import type { TableDefinition } from './tables.ts';
import { unlessThere } from './violations.ts';

/** A place that one process at a time holds for a short while (who relays, who reconciles). */
export const leaseTable: TableDefinition = {
  name: 'lease',
  columns: { name: 'key', holder: 'key', until: 'instant' },
  primaryKey: ['name'],
};

/** An event that a process still has to hear of. */
export interface Outgoing {
  readonly seq: number;
  readonly tenantId: string;
  readonly lane: Lane;
  /** `<entity>/<record id>`. */
  readonly wakes: string;
}

/** The oldest events of a lane that wait to be relayed. */
export async function readOutgoing(db: Queries, lane: Lane, limit: number): Promise<Outgoing[]> {
  return await db.all<Outgoing>(
    `SELECT \`seq\`, \`tenantId\`, \`lane\`, \`wakes\` FROM \`event\` WHERE \`lane\` = ? ORDER BY \`seq\` LIMIT ${Math.trunc(limit)}`,
    [lane],
  );
}

/** Notes that Temporal knows of these events. */
export async function markRelayed(db: Database, seqs: readonly number[]): Promise<void> {
  if (seqs.length === 0) return;
  await db.write((tx) =>
    tx.run(`UPDATE \`event\` SET \`lane\` = NULL WHERE \`seq\` IN (${seqs.map(() => '?').join(', ')})`, seqs),
  );
}

/** Takes or keeps a lease until `until`. False while someone else holds it. */
export async function holdLease(
  db: Database,
  lease: { readonly name: string; readonly holder: string; readonly now: string; readonly until: string },
): Promise<boolean> {
  const { name, holder, now, until } = lease;
  return await db.write(async (tx) => {
    const insert = 'INSERT INTO `lease` (`name`, `holder`, `until`) VALUES (?, ?, ?)';
    await tx.run(`${insert} ${unlessThere(tx.dialect, 'name')}`, [name, holder, until]);
    const update = 'UPDATE `lease` SET `holder` = ?, `until` = ? WHERE `name` = ? AND (`holder` = ? OR `until` <= ?)';
    return (await tx.run(update, [holder, until, name, holder, now])).changes > 0;
  });
}

/** Whether somebody holds the lease now. */
export async function isLeaseHeld(db: Queries, name: string, now: string): Promise<boolean> {
  const row = await db.get<{ until: string }>('SELECT `until` FROM `lease` WHERE `name` = ?', [name]);
  return row !== undefined && row.until > now;
}

/** Gives a lease back, so that the next holder need not wait for its end. */
export async function releaseLease(
  db: Database,
  lease: { readonly name: string; readonly holder: string },
): Promise<void> {
  await db.write((tx) => tx.run('DELETE FROM `lease` WHERE `name` = ? AND `holder` = ?', [lease.name, lease.holder]));
}

/** What starting a process needs to know of its record. */
export interface ProcessPlace {
  readonly id: string;
  readonly pipeline: string | null;
  readonly pipelineRevision: number | null;
  readonly stage: string | null;
  readonly state: string | null;
  readonly deletedAt: string | null;
  readonly owner: string | null;
  /** State of the process's row, null before its first step. */
  readonly processState: string | null;
}

interface PlaceQuery {
  readonly tenantId: string;
  readonly entity: string;
  readonly table: string;
  /** Entities without states of their own count as open. */
  readonly hasState: boolean;
  readonly hasOwner: boolean;
}

/** By primary key: without the plus SQLite prefers an index that begins with the tenant, which is all records, to a few dozen ids. MySQL reads over it. */
const placeSql = ({ table, hasState, hasOwner }: PlaceQuery): string =>
  `SELECT r.\`id\`, r.\`pipeline\`, r.\`pipelineRevision\`, r.\`stage\`, ${hasState ? 'r.`state`' : 'NULL AS `state`'}, ${hasOwner ? 'r.`owner`' : 'NULL AS `owner`'}, r.\`deletedAt\`, p.\`state\` AS \`processState\`
   FROM \`${table}\` r LEFT JOIN \`process\` p ON p.\`tenantId\` = r.\`tenantId\` AND p.\`entity\` = ? AND p.\`recordId\` = r.\`id\` WHERE +r.\`tenantId\` = ?`;

export async function readPlaces(
  db: Queries,
  query: PlaceQuery & { readonly ids: readonly string[] },
): Promise<ProcessPlace[]> {
  const params: Value[] = [query.entity, query.tenantId, ...query.ids];
  return await db.all<ProcessPlace>(
    `${placeSql(query)} AND r.\`id\` IN (${query.ids.map(() => '?').join(', ')})`,
    params,
  );
}

/** Records that should have a running process, by id after `afterId`. Those the relay still has an event of are on their way, as are those younger than `before`. */
export async function readDuePlaces(
  db: Queries,
  query: PlaceQuery & { readonly afterId: string; readonly before: string; readonly limit: number },
): Promise<ProcessPlace[]> {
  const open = query.hasState ? notClosed('r.`state`') : '';
  const sql = `${placeSql(query)} AND r.\`deletedAt\` IS NULL${open} AND r.\`pipeline\` IS NOT NULL AND (p.\`state\` IS NULL OR p.\`state\` NOT IN ('done', 'none')) AND r.\`createdAt\` < ? AND NOT EXISTS (SELECT 1 FROM \`event\` e WHERE e.\`recordId\` = r.\`id\` AND e.\`lane\` IS NOT NULL) AND r.\`id\` > ? ORDER BY r.\`id\` LIMIT ${Math.trunc(query.limit)}`;
  return await db.all<ProcessPlace>(sql, [query.entity, query.tenantId, query.before, query.afterId]);
}

/** Running processes whose deadline passed before `before` without anything happening, and of which nothing waits to be relayed. */
export async function readOverdue(
  db: Queries,
  before: string,
  limit: number,
): Promise<{ readonly tenantId: string; readonly entity: string; readonly recordId: string }[]> {
  return await db.all(
    `SELECT p.\`tenantId\`, p.\`entity\`, p.\`recordId\` FROM \`process\` p WHERE p.\`state\` = 'running' AND p.\`nextAt\` < ?
     AND NOT EXISTS (SELECT 1 FROM \`event\` e WHERE e.\`recordId\` = p.\`recordId\` AND e.\`lane\` IS NOT NULL) ORDER BY p.\`nextAt\` LIMIT ${Math.trunc(limit)}`,
    [before],
  );
}
