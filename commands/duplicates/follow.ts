import {
  comparedFields,
  likelyScore,
  matchKeys,
  scoreLikeness,
  toLikeness,
  type Likeness,
} from '../../core/duplicate-score.ts';
import type { EntityModel } from '../../core/entity.ts';
import {
  addOpenPair,
  findByMatchKeys,
  forgetOpenPairs,
  orderedPair,
  readFollower,
  writeFollower,
  writeMatchKeys,
  type DuplicatePair,
} from '../../store/duplicates.ts';
import { readEventsAbout, readLastSeq, readSettledSeq, type EventRow } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord, findRecordsById } from '../../store/records.ts';
import type { Context } from '../context.ts';
import type { Source } from '../source.ts';

/** Entities in which doubles are looked for. */
export const comparedEntities: readonly string[] = ['lead', 'organization', 'person'];

/** A key that more records have tells nothing. */
export const mostOfKey = 30;

/** Two places are kept, so that whoever writes to us is known at once, whatever an import has left to look at. */
export type FollowedLine = 'arrivals' | 'processes';

const followers: Readonly<Record<FollowedLine, string>> = { arrivals: 'duplicates-arrivals', processes: 'duplicates' };

/** Events that are looked through at once for those that concern doubles. */
const mostSkimmed = 20_000;

/** Whether a record can be half of a pair: what is closed, deleted or merged needs no decision any more. */
const isComparable = (record: RecordData): boolean =>
  record['deletedAt'] === null && record['mergedInto'] === null && (record['state'] ?? 'open') === 'open';

const isKnown = (record: RecordData): boolean => record['deletedAt'] === null && record['mergedInto'] === null;

/** Its source wants a new lead every time, and nothing said. */
const isAlwaysNew = (ctx: Context, record: RecordData): boolean => {
  const source = ctx.snapshot.config('sources').get(String(record['source']))?.value as Source | undefined;
  return source?.duplicates === 'new';
};

/** A record that has been written, as it is now. */
interface Fresh {
  readonly ctx: Context;
  readonly model: EntityModel;
  readonly id: string;
  readonly record: RecordData | undefined;
  readonly likeness: Likeness;
  readonly keys: readonly string[];
}

const readFresh = async (ctx: Context, model: EntityModel, id: string): Promise<Fresh> => {
  const record = await findRecord(ctx.db, model, { tenantId: ctx.actor.tenantId, id, isDeletedToo: true });
  const likeness = toLikeness(model.name, record ?? {});
  return { ctx, model, id, record, likeness, keys: record !== undefined && isKnown(record) ? matchKeys(likeness) : [] };
};

/** The pairs that a record makes with others now. */
const pairsOf = async ({ ctx, model, id, record, likeness, keys }: Fresh): Promise<DuplicatePair[]> => {
  if (record === undefined || !isComparable(record) || isAlwaysNew(ctx, record)) return [];
  const { tenantId } = ctx.actor;
  const entity = model.name;
  const found = await findByMatchKeys(ctx.db, { tenantId, entity, keys, most: mostOfKey });
  const ids = [...found].filter((one) => one !== id);
  const others = await findRecordsById(ctx.db, model, { tenantId, ids });
  return others
    .filter((other) => isComparable(other) && !isAlwaysNew(ctx, other))
    .flatMap((other): DuplicatePair[] => {
      const { score, reasons } = scoreLikeness(likeness, toLikeness(entity, other));
      if (score < likelyScore) return [];
      const [first, second] = orderedPair(id, String(other['id']));
      const pair = { tenantId, entity, one: first, other: second, score, reasons };
      return [{ ...pair, state: 'open', decidedAt: null, decidedBy: null }];
    });
};

export interface Following {
  readonly tenants: ReadonlyMap<string, Context>;
  readonly line: FollowedLine;
  readonly limit: number;
  /** The place is kept before younger events: on MySQL one with a lower number may still be on its way. Undefined: none can be. */
  readonly until: string | undefined;
  /** Numbers of arrivals behind the place that have been looked at already. */
  readonly met: Set<number>;
}

/** Number of the event up to which everything of a line has been looked at. */
export const readDuplicatesSeq = async (db: Context['db'], line: FollowedLine): Promise<number> =>
  (await readFollower(db, followers[line])) ?? (line === 'processes' ? 0 : await readDuplicatesSeq(db, 'processes'));

/** A creation says everything; a change that names nothing which is compared changes no key and no pair. */
const isConcerned = ({ changes }: EventRow): boolean =>
  changes === null || Object.keys(changes).some((name) => comparedFields.has(name));

const changed = (events: readonly EventRow[]): Map<string, EventRow> =>
  new Map(events.filter(isConcerned).map((event) => [`${event.tenantId}/${event.recordId}`, event]));

interface Part {
  readonly events: readonly EventRow[];
  /** Where the line stands once these have been looked at. */
  readonly place: number;
  readonly hasMore: boolean;
}

const readPart = async (db: Context['db'], { line, limit, until, met }: Following): Promise<Part | undefined> => {
  const after = await readDuplicatesSeq(db, line);
  const newest = await readLastSeq(db);
  const to = Math.min(newest, after + mostSkimmed);
  const settled = until === undefined ? to : await readSettledSeq(db, { after, to, until });
  const isByProcess = line === 'processes';
  const about = { entities: comparedEntities, isByProcess, after, to: isByProcess ? settled : to, limit };
  const found = await readEventsAbout(db, about);
  const last = found.length < limit ? undefined : found.at(-1)?.seq;
  const events = found.filter(({ seq }) => !met.has(seq));
  const place = Math.min(last ?? to, settled);
  if (place <= after && events.length === 0) return undefined;
  return { events, place, hasMore: last !== undefined || to < newest };
};

/**
 * Looks at what has been written since the last time and brings keys and pairs up to date, behind the writers, so that taking a lead in costs
 * nothing for it. Answers whether there is more to look at; repeating it changes nothing. Whoever calls it holds a lease.
 */
export async function followForDuplicates(db: Context['db'], of: Following): Promise<boolean> {
  const part = await readPart(db, of);
  if (part === undefined) return false;
  const { events, place, hasMore } = part;
  const fresh: Fresh[] = [];
  for (const { tenantId, entity, recordId } of changed(events).values()) {
    const ctx = of.tenants.get(tenantId);
    const model = ctx?.snapshot.models.get(entity);
    if (ctx !== undefined && model !== undefined) fresh.push(await readFresh(ctx, model, recordId));
  }
  if (fresh.length > 0)
    await db.write(async (tx) => {
      for (const { ctx, model, id, keys } of fresh)
        await writeMatchKeys(tx, { tenantId: ctx.actor.tenantId, entity: model.name, recordId: id, keys });
    });
  // Looking for others keeps no writer waiting, and finds those of this batch by the keys that have just been written.
  const pairs: DuplicatePair[] = [];
  for (const one of fresh) pairs.push(...(await pairsOf(one)));
  await db.write(async (tx) => {
    for (const { id } of fresh) await forgetOpenPairs(tx, id);
    for (const pair of pairs) await addOpenPair(tx, pair);
    await writeFollower(tx, followers[of.line], place);
  });
  for (const { seq } of events) of.met.add(seq);
  for (const seq of of.met) if (seq <= place) of.met.delete(seq);
  return hasMore;
}
