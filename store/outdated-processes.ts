import type { EntityModel } from '../core/entity.ts';
import type { RowFilter } from '../core/permissions.ts';
import type { Queries, Value } from './database.ts';
import { filterSql } from './filter-sql.ts';
import { notClosed } from './process-inputs.ts';
import { tableName } from './record-table.ts';

/** Records in one stage under one revision that is no longer the newest. */
export interface OutdatedGroup {
  readonly revision: number;
  readonly stage: string;
  readonly count: number;
  /** Id of one of them. */
  readonly sample: string;
}

export interface OutdatedQuery {
  readonly tenantId: string;
  readonly pipeline: string;
  readonly latest: number;
  /** What the actor may see. */
  readonly rows: RowFilter | 'none' | undefined;
  /** Most ids to answer. */
  readonly limit: number;
}

/** Records that a pipeline carries and whose process has not ended. */
const carriedSql = (
  model: EntityModel,
  { tenantId, pipeline }: { readonly tenantId: string; readonly pipeline: string },
): { readonly sql: string; readonly params: readonly Value[] } => {
  const table = `\`${tableName(model.name)}\``;
  const open = model.fields.has('state') ? notClosed('`state`') : '';
  const ended = `SELECT 1 FROM \`process\` p WHERE p.\`tenantId\` = ${table}.\`tenantId\` AND p.\`entity\` = ? AND p.\`recordId\` = ${table}.\`id\` AND p.\`state\` = 'done'`;
  return {
    sql: `\`tenantId\` = ? AND \`deletedAt\` IS NULL AND \`pipeline\` = ?${open} AND NOT EXISTS (${ended})`,
    params: [tenantId, pipeline, model.name],
  };
};

/** How many open records a pipeline carries, whatever their revision. */
export async function countCarried(
  db: Queries,
  model: EntityModel,
  of: { readonly tenantId: string; readonly pipeline: string },
): Promise<number> {
  const { sql, params } = carriedSql(model, of);
  const row = await db.get<{ n: number }>(
    `SELECT COUNT(*) AS \`n\` FROM \`${tableName(model.name)}\` WHERE ${sql}`,
    params,
  );
  return Number(row?.n ?? 0);
}

/** Open records that a pipeline carries under an older revision: how many by revision and stage, and the first ids. */
export async function readOutdated(
  db: Queries,
  model: EntityModel,
  query: OutdatedQuery,
): Promise<{ readonly groups: OutdatedGroup[]; readonly ids: string[] }> {
  if (query.rows === 'none') return { groups: [], ids: [] };
  const table = `\`${tableName(model.name)}\``;
  const rows = query.rows === undefined ? { sql: '1 = 1', params: [] } : filterSql(query.rows, model, db.dialect);
  const carried = carriedSql(model, query);
  const where = `${carried.sql} AND \`pipelineRevision\` < ? AND (${rows.sql})`;
  const params: Value[] = [...carried.params, query.latest, ...rows.params];
  const groups = await db.all<OutdatedGroup>(
    `SELECT \`pipelineRevision\` AS \`revision\`, \`stage\`, COUNT(*) AS \`count\`, MIN(\`id\`) AS \`sample\` FROM ${table} WHERE ${where} GROUP BY \`pipelineRevision\`, \`stage\` ORDER BY \`pipelineRevision\`, \`stage\``,
    params,
  );
  const first = await db.all<{ id: string }>(
    `SELECT \`id\` FROM ${table} WHERE ${where} LIMIT ${Math.trunc(query.limit)}`,
    params,
  );
  return { groups: groups.map((group) => ({ ...group, count: Number(group.count) })), ids: first.map(({ id }) => id) };
}
