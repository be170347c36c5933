import { actorName } from '../../core/actor.ts';
import { isCertain, matchKeys, scoreLikeness, toLikeness, type Likeness } from '../../core/duplicate-score.ts';
import type { Tx } from '../../store/database.ts';
import { findByMatchKeys } from '../../store/duplicates.ts';
import { insertEvent } from '../../store/events.ts';
import { queueFor } from '../../store/idempotency.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import { findRecordsById } from '../../store/records.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { changeRecord } from '../record-write.ts';
import { mailSpellings } from '../mailSpellings.ts';
import type { Source } from '../source.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { mostOfKey } from './follow.ts';
import { followingLinks } from './mergeRecords.ts';

/** A lead that is about to be taken in, whatever way it came. */
export interface Arrival {
  readonly source: Source;
  readonly values: RecordData;
  readonly additional: RecordData;
}

/** What became of it where the sender was known. */
export interface KnownArrival {
  readonly state: 'attached' | 'updated';
  readonly lead: string;
  /** Number of the change's event; 0 when nothing changed. */
  readonly event: number;
}

/** Kinds of keys that one person or company alone has. */
const telling = ['sourceId:', 'email:', 'phone:'];

const candidates = async (ctx: Context, tx: Tx, likeness: Likeness): Promise<Map<string, RecordData>> => {
  const model = modelOf(ctx, 'lead');
  const { tenantId } = ctx.actor;
  const keys = matchKeys(likeness).filter((key) => telling.some((kind) => key.startsWith(kind)));
  // Of two messages of one person at the same moment the second one meets the lead of the first.
  await queueFor(tx, { tenantId, scope: 'arrival', keys, at: ctx.now().toISOString() });
  const ids = await findByMatchKeys(tx, { tenantId, entity: 'lead', keys, most: mostOfKey });
  // The keys are written behind the leads; the address is in the lead itself, so that two in a row meet.
  const found = [
    ...(await findRecordsById(tx, model, { tenantId, ids: [...ids] })).filter(({ deletedAt }) => deletedAt === null),
    ...(likeness.email === ''
      ? []
      : await findRecordsBy(tx, model, {
          tenantId,
          field: 'email',
          values: mailSpellings(likeness.email),
          limit: mostOfKey,
        })),
  ];
  return new Map(found.map((record) => [String(record['id']), record]));
};

/** The open lead that an arrival is certainly about; the likeliest, then the newest. */
const findKnown = async (ctx: Context, tx: Tx, { source, values }: Arrival): Promise<RecordData | undefined> => {
  const likeness = toLikeness('lead', { ...values, source: source.key });
  const found = [...(await candidates(ctx, tx, likeness)).values()]
    .filter((record) => record['state'] === 'open' && record['mergedInto'] === null)
    .map((record) => ({ record, known: toLikeness('lead', record) }))
    .filter(({ known }) => isCertain(likeness, known))
    .map(({ record, known }) => ({ record, score: scoreLikeness(likeness, known).score }))
    .toSorted(
      (one, other) => other.score - one.score || (String(one.record['id']) < String(other.record['id']) ? 1 : -1),
    );
  return found[0]?.record;
};

/** Fields that the message itself fills: neither what the source adds nor a title that was made up; the lead's own external id stays. */
const saidFields = ({ source, values }: Arrival, lead: RecordData): RecordData => {
  const defaults: RecordData = source.defaults ?? {};
  const isSaid = (name: string): boolean =>
    name !== 'title' &&
    !(name in defaults) &&
    (name !== 'externalId' || lead['externalId'] === null) &&
    values[name] !== null &&
    values[name] !== '';
  return Object.fromEntries(Object.entries(values).filter(([name]) => isSaid(name)));
};

/** What no field takes, beside what the lead keeps of that already: new values win. */
export const withAdditional = (lead: RecordData, additional: RecordData): RecordData =>
  Object.keys(additional).length === 0
    ? {}
    : { additional: { ...(lead['additional'] as RecordData | null), ...additional } };

const update = async (ctx: Context, tx: Tx, of: { arrival: Arrival; lead: RecordData }): Promise<number> => {
  const { arrival, lead } = of;
  const said = saidFields(arrival, lead);
  const { event } = await changeRecord(followingLinks(ctx), tx, {
    model: modelOf(ctx, 'lead'),
    id: String(lead['id']),
    verb: 'update',
    act: 'update',
    change: (record) => ({ ...said, ...withAdditional(record, arrival.additional) }),
  });
  return event;
};

/** Its process hears of it, as of any other act. */
const tellProcess = async (ctx: Context, tx: Tx, lead: RecordData): Promise<void> => {
  const id = String(lead['id']);
  await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    act: 'lead.attach',
    entity: 'lead',
    recordId: id,
    version: Number(lead['version']),
    changes: {},
    requestId: ctx.requestId,
    wakes: { process: `lead/${id}`, lane: ctx.lane ?? 'incoming' },
  });
};

/** What the source says is to become of an arrival about this lead: it is brought up to date, or told of it. */
export async function meetLead(
  ctx: Context,
  tx: Tx,
  { arrival, lead }: { readonly arrival: Arrival; readonly lead: RecordData },
): Promise<KnownArrival> {
  const isUpdate = arrival.source.duplicates === 'update';
  const event = isUpdate ? await update(ctx, tx, { arrival, lead }) : 0;
  if (event === 0) await tellProcess(ctx, tx, lead);
  const { message } = arrival.values;
  await addTimelineEntry(ctx, tx, {
    kind: isUpdate ? 'received-update' : 'received-again',
    text: typeof message === 'string' && message !== '' ? message : undefined,
    facts: { source: arrival.source.key },
    links: linksOf(ctx, 'lead', lead),
  });
  return { state: isUpdate ? 'updated' : 'attached', lead: String(lead['id']), event };
}

/**
 * What the source says is to become of an arrival whose sender is known as an open lead: attached to its timeline, or its fields brought up to
 * date. Undefined where a new lead is to be made. The one place that web intake, replays and imported rows ask.
 */
export async function meetKnownLead(ctx: Context, tx: Tx, arrival: Arrival): Promise<KnownArrival | undefined> {
  const policy = arrival.source.duplicates ?? 'warn';
  if (policy !== 'attach' && policy !== 'update') return undefined;
  const lead = await findKnown(ctx, tx, arrival);
  return lead === undefined ? undefined : await meetLead(ctx, tx, { arrival, lead });
}
