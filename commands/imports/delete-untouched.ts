import { actorName } from '../../core/actor.ts';
import type { EntityModel } from '../../core/entity.ts';
import { linkTo } from '../../core/links.ts';
import type { Tx } from '../../store/database.ts';
import { isTouchedSince } from '../../store/events.ts';
import { readDeletedActivities, readLinkedActivities } from '../../store/process-inputs.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { changeRecord } from '../record-write.ts';

interface Made {
  readonly model: EntityModel;
  readonly recordId: string;
  /** Number of the event that made it, or of one before. */
  readonly seq: number;
  /** The import with the rights of whoever takes it back. */
  readonly own: Context;
}

/**
 * Deletes a record that the import made, unless somebody has worked on it since. Its open activities are called off at once: its process
 * hears of it much later where many wait.
 * @throws LeitwerkError `Forbidden`.
 */
export async function deleteUntouched(ctx: Context, tx: Tx, made: Made): Promise<'touched' | 'undone'> {
  const { model, recordId, seq, own } = made;
  const { tenantId } = ctx.actor;
  const record = await findRecord(tx, model, { tenantId, id: recordId, isDeletedToo: true });
  // Deleted by somebody already: that is what was wanted. Merged, another record goes on with what it said.
  if (record === undefined || (record['deletedAt'] !== null && (record['mergedInto'] ?? null) === null))
    return 'undone';
  const plan = linkTo(modelOf(ctx, 'activity'), model.name);
  const planned = plan === undefined ? undefined : { tenantId, link: plan, recordId };
  const activities = planned === undefined ? [] : await readLinkedActivities(tx, planned);
  // Deleting one is work on the record as well.
  const since = String(record['createdAt']);
  const deleted = planned === undefined ? [] : await readDeletedActivities(tx, { ...planned, since });
  const link = linkTo(modelOf(ctx, 'timeline-entry'), model.name);
  const touch = { tenantId, recordId, activities: [...activities.map(({ id }) => id), ...deleted], seq, link };
  if (await isTouchedSince(tx, touch)) return 'touched';
  const deletedAt = ctx.now().toISOString();
  await changeRecord(own, tx, { model, id: recordId, verb: 'delete', act: 'delete', change: () => ({ deletedAt }) });
  for (const { id, state } of activities)
    if (state === 'open')
      await changeRecord(ctx, tx, {
        model: modelOf(ctx, 'activity'),
        id,
        verb: 'cancel',
        act: 'cancel',
        change: () => ({ state: 'cancelled' }),
      });
  if (model.name === 'person') await deleteCompanyOf(ctx, tx, { own, person: record });
  return 'undone';
}

/** Deletes the company that the same import made for a person it has just taken back, unless others have to do with it by now. */
const deleteCompanyOf = async (
  ctx: Context,
  tx: Tx,
  { own, person }: { readonly own: Context; readonly person: RecordData },
): Promise<void> => {
  const { tenantId } = ctx.actor;
  const recordId = person['organization'];
  const model = modelOf(ctx, 'organization');
  if (typeof recordId !== 'string' || !own.ability.can('delete', model.name)) return;
  const company = await findRecord(tx, model, { tenantId, id: recordId });
  if (company?.['createdBy'] !== actorName(ctx.actor) || !own.ability.canOn('delete', model.name, company)) return;
  const search = { tenantId, field: 'organization', values: [recordId], limit: 1 };
  if ((await findRecordsBy(tx, modelOf(ctx, 'person'), search)).length > 0) return;
  await deleteUntouched(ctx, tx, { own, model, recordId, seq: 0 });
};
