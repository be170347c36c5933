import type { EntityModel, Field } from '../core/entity.ts';
import type { Queries } from './database.ts';
import { tableName } from './record-table.ts';

const here = '`tenantId` = ? AND `deletedAt` IS NULL';

const countRow = async (q: Queries, sql: string, tenantId: string): Promise<number> => {
  const row = await q.get<{ n: number }>(sql, [tenantId]);
  return row?.n ?? 0;
};

export async function countRecords(q: Queries, tenantId: string, model: EntityModel): Promise<number> {
  return await countRow(q, `SELECT COUNT(*) AS \`n\` FROM \`${tableName(model.name)}\` WHERE ${here}`, tenantId);
}

/** How many records have a value in the field, and how many have none. Names come from a compiled model, never from a client. */
export async function countFieldUse(
  q: Queries,
  tenantId: string,
  at: { readonly model: EntityModel; readonly field: Field },
): Promise<{ filled: number; empty: number }> {
  const all = await countRecords(q, tenantId, at.model);
  const filled = await countRow(
    q,
    `SELECT COUNT(\`${at.field.name}\`) AS \`n\` FROM \`${tableName(at.model.name)}\` WHERE ${here}`,
    tenantId,
  );
  return { filled, empty: all - filled };
}

/** Values that several records share: they stand in the way of making the field unique. */
export async function countSharedValues(
  q: Queries,
  tenantId: string,
  at: { readonly model: EntityModel; readonly field: string },
): Promise<number> {
  const column = `\`${at.field}\``;
  // The unique index of the table counts deleted records too.
  const shared = `SELECT ${column} FROM \`${tableName(at.model.name)}\` WHERE \`tenantId\` = ? AND ${column} IS NOT NULL GROUP BY ${column} HAVING COUNT(*) > 1`;
  return await countRow(q, `SELECT COUNT(*) AS \`n\` FROM (${shared}) d`, tenantId);
}

export interface ViewTexts {
  readonly id: string;
  readonly name: string;
  readonly filter: string | null;
  readonly sort: string | null;
  readonly columns: string | null;
}

/** Saved views over an entity, named by its name or its plural. */
export async function readViewTexts(q: Queries, tenantId: string, model: EntityModel): Promise<ViewTexts[]> {
  return await q.all<ViewTexts>(
    `SELECT \`id\`, \`name\`, \`filter\`, \`sort\`, \`columns\` FROM \`saved_view\` WHERE ${here} AND \`entity\` IN (?, ?)`,
    [tenantId, model.name, model.plural],
  );
}
