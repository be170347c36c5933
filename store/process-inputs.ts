import { closedStates } from '../core/pipeline/run.ts';
import type { PlanActivity } from '../core/pipeline/state.ts';
import type { Queries, Value } from './database.ts';

/** An activity of a record, as its process sees it. */
export interface LinkedActivity extends PlanActivity {
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly result: string;
}

interface StoredActivity {
  readonly id: string;
  readonly version: number;
  readonly stage: string | null;
  readonly planKey: string | null;
  readonly state: PlanActivity['state'];
  readonly isMandatory: number | null;
  readonly createdAt: string;
  readonly type: string | null;
  readonly result: string | null;
}

/** The activities linked to a record through the field `link` (the entity's name), planned and other. */
export async function readLinkedActivities(
  db: Queries,
  key: { readonly tenantId: string; readonly link: string; readonly recordId: string },
): Promise<LinkedActivity[]> {
  const rows = await db.all<StoredActivity>(
    `SELECT \`id\`, \`version\`, \`stage\`, \`planKey\`, \`state\`, \`isMandatory\`, \`createdAt\`, \`type\`, \`result\` FROM \`activity\` WHERE \`tenantId\` = ? AND \`deletedAt\` IS NULL AND \`${key.link}\` = ? LIMIT 1000`,
    [key.tenantId, key.recordId],
  );
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    stage: row.stage ?? '',
    planKey: row.planKey ?? '',
    state: row.state,
    isMandatory: row.isMandatory === 1,
    createdAt: row.createdAt,
    type: row.type ?? '',
    result: row.result ?? '',
  }));
}

/** Ids of activities linked to a record that were deleted at `since` or later: the index is by that. */
export async function readDeletedActivities(
  db: Queries,
  key: { readonly tenantId: string; readonly link: string; readonly recordId: string; readonly since: string },
): Promise<string[]> {
  const rows = await db.all<{ id: string }>(
    `SELECT \`id\` FROM \`activity\` WHERE \`tenantId\` = ? AND \`deletedAt\` >= ? AND \`${key.link}\` = ? LIMIT 1000`,
    [key.tenantId, key.since, key.recordId],
  );
  return rows.map(({ id }) => id);
}

/** An event of a record or one of its activities. */
export interface LinkedEvent {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly act: string;
  readonly recordId: string;
  readonly version: number;
  readonly fields: readonly string[];
}

/** Events of the record after `afterSeq`, and all of these activities, oldest first. */
export async function readLinkedEvents(
  db: Queries,
  query: {
    readonly tenantId: string;
    readonly recordId: string;
    readonly afterSeq: number;
    readonly activityIds: readonly string[];
  },
): Promise<LinkedEvent[]> {
  const { activityIds } = query;
  const ofActivities = activityIds.length === 0 ? '' : ` OR \`recordId\` IN (${activityIds.map(() => '?').join(', ')})`;
  const params: Value[] = [query.tenantId, query.recordId, query.afterSeq, ...activityIds];
  const rows = await db.all<Omit<LinkedEvent, 'fields'> & { readonly changes: string | null }>(
    `SELECT \`seq\`, \`at\`, \`actor\`, \`act\`, \`recordId\`, \`version\`, \`changes\` FROM \`event\` WHERE \`tenantId\` = ? AND ((\`recordId\` = ? AND \`seq\` > ?)${ofActivities}) ORDER BY \`seq\` LIMIT 5000`,
    params,
  );
  return rows.map(({ changes, ...row }) => ({
    ...row,
    fields: changes === null ? [] : Object.keys(JSON.parse(changes) as object),
  }));
}

/** Condition that leaves out records whose process has ended; those without a state are open. */
export const notClosed = (column: string): string =>
  ` AND (${column} IS NULL OR ${column} NOT IN (${[...closedStates].map((state) => `'${state}'`).join(', ')}))`;

/** How many open records of an entity each of these users is responsible for. */
export async function countOpenByOwner(
  db: Queries,
  query: {
    readonly tenantId: string;
    readonly table: string;
    readonly hasState: boolean;
    readonly owners: readonly string[];
  },
): Promise<Map<string, number>> {
  if (query.owners.length === 0) return new Map();
  const marks = query.owners.map(() => '?').join(', ');
  const open = query.hasState ? notClosed('`state`') : '';
  const rows = await db.all<{ owner: string; n: number }>(
    `SELECT \`owner\`, COUNT(*) AS \`n\` FROM \`${query.table}\` WHERE \`tenantId\` = ? AND \`deletedAt\` IS NULL${open} AND \`owner\` IN (${marks}) GROUP BY \`owner\``,
    [query.tenantId, ...query.owners],
  );
  return new Map(rows.map((row) => [row.owner, Number(row.n)]));
}
