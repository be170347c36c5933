import { likelyScore, matchKeys, scoreLikeness, toLikeness } from '../../core/duplicate-score.ts';
import type { EntityModel } from '../../core/entity.ts';
import type { Tx } from '../../store/database.ts';
import {
  findByMatchKeys,
  forgetOpenPairs,
  orderedPair,
  readFollower,
  readPair,
  writeFollower,
  writeMatchKeys,
  writePair,
} from '../../store/duplicates.ts';
import { readEventsAfter, type EventRow } from '../../store/events.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import type { Context } from '../context.ts';
import type { Source } from '../source.ts';

/** Entities in which doubles are looked for. */
export const comparedEntities: readonly string[] = ['lead', 'organization', 'person'];

/** A key that more records have tells nothing. */
export const mostOfKey = 30;

const followerName = 'duplicates';

/** Whether a record can be half of a pair: what is closed, deleted or merged needs no decision any more. */
const isComparable = (record: RecordData): boolean =>
  record['deletedAt'] === null && record['mergedInto'] === null && (record['state'] ?? 'open') === 'open';

const isKnown = (record: RecordData): boolean => record['deletedAt'] === null && record['mergedInto'] === null;

/** Its source wants a new lead every time, and nothing said. */
const isAlwaysNew = (ctx: Context, record: RecordData): boolean => {
  const source = ctx.snapshot.config('sources').get(String(record['source']))?.value as Source | undefined;
  return source?.duplicates === 'new';
};

/** Writes the keys of a record anew and the pairs that it makes with others. */
async function comparePairs(ctx: Context, tx: Tx, of: { model: EntityModel; id: string }): Promise<void> {
  const { model, id } = of;
  const { tenantId } = ctx.actor;
  const entity = model.name;
  const record = await findRecord(tx, model, { tenantId, id, isDeletedToo: true });
  await forgetOpenPairs(tx, id);
  const likeness = record === undefined ? undefined : toLikeness(entity, record);
  const keys = record === undefined || likeness === undefined || !isKnown(record) ? [] : matchKeys(likeness);
  await writeMatchKeys(tx, { tenantId, entity, recordId: id, keys });
  if (record === undefined || likeness === undefined || !isComparable(record) || isAlwaysNew(ctx, record)) return;
  const found = await findByMatchKeys(tx, { tenantId, entity, keys, most: mostOfKey });
  const values = [...found].filter((one) => one !== id);
  for (const other of await findRecordsBy(tx, model, { tenantId, field: 'id', values, limit: values.length })) {
    if (!isComparable(other)) continue;
    const { score, reasons } = scoreLikeness(likeness, toLikeness(entity, other));
    if (score < likelyScore) continue;
    const ids = orderedPair(id, String(other['id']));
    if ((await readPair(tx, { tenantId, ids })) !== undefined) continue;
    const pair = { tenantId, entity, one: ids[0], other: ids[1], score, reasons };
    await writePair(tx, { ...pair, state: 'open', decidedAt: null, decidedBy: null });
  }
}

export interface Following {
  readonly tenants: ReadonlyMap<string, Context>;
  readonly limit: number;
  /** Younger events wait: on MySQL one with a lower number may still be on its way. */
  readonly until: string;
}

/** Number of the event that was looked at last. */
export const readDuplicatesSeq = async (db: Context['db']): Promise<number> => await readFollower(db, followerName);

const changed = (events: readonly EventRow[]): Map<string, EventRow> =>
  new Map(
    events
      .filter(({ entity }) => comparedEntities.includes(entity))
      .map((event) => [`${event.tenantId}/${event.recordId}`, event]),
  );

/**
 * Looks at what has been written since the last time and brings keys and pairs up to date, behind the writers, so that taking a lead in costs
 * nothing for it. Answers how many events it has looked at; repeating it changes nothing. Whoever calls it holds a lease.
 */
export async function followForDuplicates(db: Context['db'], of: Following): Promise<number> {
  const from = await readFollower(db, followerName);
  const events = (await readEventsAfter(db, from, of.limit)).filter(({ at }) => at <= of.until);
  const last = events.at(-1);
  if (last === undefined) return 0;
  const records = [...changed(events).values()];
  await db.write(async (tx) => {
    for (const { tenantId, entity, recordId } of records) {
      const ctx = of.tenants.get(tenantId);
      const model = ctx?.snapshot.models.get(entity);
      if (ctx !== undefined && model !== undefined) await comparePairs(ctx, tx, { model, id: recordId });
    }
    await writeFollower(tx, followerName, last.seq);
  });
  return events.length;
}
