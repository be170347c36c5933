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

/** Values of the fields together that several records share: they stand in the way of making them unique. */
export async function countSharedValues(
  q: Queries,
  tenantId: string,
  at: { readonly model: EntityModel; readonly fields: readonly string[] },
): Promise<number> {
  const columns = at.fields.map((name) => `\`${name}\``);
  const list = columns.join(', ');
  const filled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ');
  // The unique index of the table counts deleted records too.
  const shared = `SELECT ${list} FROM \`${tableName(at.model.name)}\` WHERE \`tenantId\` = ? AND ${filled} GROUP BY ${list} HAVING COUNT(*) > 1`;
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
