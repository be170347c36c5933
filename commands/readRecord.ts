import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import type { Context } from './context.ts';

/** The record, where there is one that the actor may see. Within a transaction: `{ ...ctx, db: tx }`. */
export async function findReadable(
  ctx: Pick<Context, 'actor' | 'ability'> & { readonly db: Queries },
  model: EntityModel,
  id: string,
): Promise<RecordData | undefined> {
  const record = await findRecord(ctx.db, model, { tenantId: ctx.actor.tenantId, id });
  return record !== undefined && ctx.ability.canOn('read', model.name, record) ? record : undefined;
}

/**
 * Reads a record for the actor.
 * @throws LeitwerkError `NotFound` when there is none or the actor may not see it: the answer does not tell which.
 */
export async function readRecord(ctx: Context, model: EntityModel, id: string): Promise<RecordData> {
  const record = await findReadable(ctx, model, id);
  if (record === undefined) throw new LeitwerkError('NotFound');
  return record;
}
