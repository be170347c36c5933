import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord, isAmongRows } from '../store/records.ts';
import { assertScopeToRead, type Context } from './context.ts';
import { standingId } from './duplicates/standing.ts';

/** Whether the actor may see a record as it is stored, deleted or not: what belongs to others is judged by these. */
export async function mayRead(
  ctx: Pick<Context, 'actor' | 'ability'> & { readonly db: Queries },
  model: EntityModel,
  record: RecordData,
): Promise<boolean> {
  if (!ctx.ability.canOn('read', model.name, record)) return false;
  const rows = ctx.ability.rowFilter('read', model.name);
  if (typeof rows !== 'object' || rows.is !== 'linked') return true;
  return await isAmongRows(ctx.db, model, { tenantId: ctx.actor.tenantId, id: String(record['id']), rows });
}

/** The record, where there is one that the actor may see. Within a transaction: `{ ...ctx, db: tx }`. */
export async function findReadable(
  ctx: Pick<Context, 'actor' | 'ability'> & { readonly db: Queries },
  model: EntityModel,
  id: string,
): Promise<RecordData | undefined> {
  const record = await findRecord(ctx.db, model, { tenantId: ctx.actor.tenantId, id });
  return record !== undefined && (await mayRead(ctx, model, record)) ? record : undefined;
}

/**
 * Reads a record for the actor.
 * @throws LeitwerkError `NotFound` when there is none or the actor may not see it: the answer does not tell which. With the fact `mergedInto`
 * where another one stands for it now.
 */
export async function readRecord(ctx: Context, model: EntityModel, id: string): Promise<RecordData> {
  assertScopeToRead(ctx, model);
  const record = await findReadable(ctx, model, id);
  if (record !== undefined) return record;
  throw (await mergedAway(ctx, model, id)) ?? new LeitwerkError('NotFound');
}

/** Says which record a merged one became, to whoever may see both. */
async function mergedAway(ctx: Context, model: EntityModel, id: string): Promise<LeitwerkError | undefined> {
  const { tenantId } = ctx.actor;
  if (!model.fields.has('mergedInto')) return undefined;
  const gone = await findRecord(ctx.db, model, { tenantId, id, isDeletedToo: true });
  if (gone === undefined || gone['mergedInto'] === null) return undefined;
  const standing = await findReadable(ctx, model, await standingId(ctx.db, model, { tenantId, id }));
  if (standing === undefined || !(await mayRead(ctx, model, gone))) return undefined;
  const [was, is] = [gone, standing].map((record) => String(record[model.titleField] ?? ''));
  return new LeitwerkError('NotFound', {
    facts: { mergedInto: standing['id'] },
    text: {
      de: `„${was}“ ist jetzt „${is}“: beide wurden zusammengeführt.`,
      en: `"${was}" is "${is}" now: both were merged.`,
    },
  });
}
