import { commonFields, type EntityModel } from '../core/entity.ts';
import { readLaterChanges, type Changes, type EventRow } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecordsById } from '../store/records.ts';
import type { Context } from './context.ts';
import { withoutClosedFacts } from './visibleFacts.ts';

/** Records that only the system writes are also changed without events; what they began with cannot be told. */
const isCreation = (event: EventRow, model: EntityModel | undefined): boolean =>
  event.changes === null && event.act === `${event.entity}.create` && model?.isReadOnly === false;

/** What a record was written with: what it says now, but for fields that were changed, which had the first change's former value. */
const firstValues = (record: RecordData, later: readonly EventRow[]): RecordData | undefined => {
  const versions = new Set(
    later.filter(({ changes }) => Object.keys(changes ?? {}).length > 0).map(({ version }) => version),
  );
  if (versions.size !== Number(record['version']) - 1) return undefined;
  const former: Record<string, unknown> = {};
  for (const { changes } of later)
    for (const [name, [before]] of Object.entries(changes ?? {})) if (!(name in former)) former[name] = before;
  return { ...record, ...former };
};

/**
 * The fields that creations among the events filled, by the number of the event, as `[null, value]`. Their events do not say it: they are
 * many, and quick. For each entity of the page its records are read once, and once what was changed in them since. `readLaterChanges` bounds
 * that; a creation of which not every later change was read is left out.
 */
export async function creationValues(ctx: Context, events: readonly EventRow[]): Promise<ReadonlyMap<number, Changes>> {
  const { tenantId } = ctx.actor;
  const values = new Map<number, Changes>();
  for (const [entity, all] of Map.groupBy(events, (event) => event.entity)) {
    const model = ctx.snapshot.models.get(entity);
    const creations = all.filter((event) => isCreation(event, model));
    if (model === undefined || creations.length === 0) continue;
    const ids = creations.map(({ recordId }) => recordId);
    // Records first: a change in between is among the events then, with the value that was read.
    const records = new Map((await findRecordsById(ctx.db, model, { tenantId, ids })).map((one) => [one['id'], one]));
    const later = await readLaterChanges(ctx.db, { tenantId, entity, recordIds: ids });
    for (const { seq, recordId } of creations) {
      const record = records.get(recordId);
      const first = record === undefined ? undefined : firstValues(record, later.get(recordId) ?? []);
      if (first !== undefined) values.set(seq, toChanges(model, withoutClosedFacts(ctx, model, first)));
    }
  }
  return values;
}

/** Fields that have a value; who made the record and when is what the event itself says. */
const toChanges = (model: EntityModel, first: RecordData): Changes =>
  Object.fromEntries(
    [...model.fields.keys()]
      .filter((name) => !commonFields.has(name) && (first[name] ?? null) !== null)
      .map((name) => [name, [null, first[name]] as const]),
  );
