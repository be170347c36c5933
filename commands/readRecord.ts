import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import type { Context } from './context.ts';

/**
 * Reads a record for the actor.
 * @throws LeitwerkError `NotFound` when there is none or the actor may not see it: the answer does not tell which.
 */
export async function readRecord(ctx: Context, model: EntityModel, id: string): Promise<RecordData> {
  const record = await findRecord(ctx.db, model, { tenantId: ctx.actor.tenantId, id });
  if (record === undefined || !ctx.ability.canOn('read', model.name, record)) throw new LeitwerkError('NotFound');
  return record;
}
