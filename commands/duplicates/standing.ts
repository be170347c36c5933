import type { EntityModel } from '../../core/entity.ts';
import type { Queries } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';

const mostHops = 50;

/** Id of the record that stands for this one now: a merged one leads to its winner, however often that was merged itself. */
export async function standingId(
  db: Queries,
  model: EntityModel,
  { tenantId, id }: { readonly tenantId: string; readonly id: string },
): Promise<string> {
  let standing = id;
  for (let hops = 0; hops < mostHops; hops += 1) {
    const next = (await findRecord(db, model, { tenantId, id: standing, isDeletedToo: true }))?.['mergedInto'];
    if (typeof next !== 'string') return standing;
    standing = next;
  }
  return standing;
}

/** The record that stands for a stored one now, without a read where that is itself; undefined when it was deleted. */
export async function standingOf(
  db: Queries,
  model: EntityModel,
  { tenantId, record }: { readonly tenantId: string; readonly record: RecordData },
): Promise<RecordData | undefined> {
  const next = record['mergedInto'];
  if (typeof next !== 'string') return record['deletedAt'] === null ? record : undefined;
  return await findRecord(db, model, { tenantId, id: await standingId(db, model, { tenantId, id: next }) });
}
