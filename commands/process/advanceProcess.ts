import type { EntityModel } from '../../core/entity.ts';
import { linkTo } from '../../core/links.ts';
import { decide } from '../../core/pipeline/decide.ts';
import { isClosed } from '../../core/pipeline/run.ts';
import {
  isExternal,
  newProcess,
  type Decision,
  type ProcessEvent,
  type ProcessState,
} from '../../core/pipeline/state.ts';
import type { Tx } from '../../store/database.ts';
import { readEffects } from '../../store/effects.ts';
import {
  readLinkedActivities,
  readLinkedEvents,
  type LinkedActivity,
  type LinkedEvent,
} from '../../store/process-inputs.ts';
import { readProcess, writeProcess, type ProcessKey, type ProcessRow } from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';
import { lockRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { pipelineOf } from '../pipelineOf.ts';
import { applyEffects, type Stand } from './applyEffects.ts';
import { calendarOf, prepareCalendars } from './calendarOf.ts';
import { newRow } from './newRow.ts';
import { release, type ProcessRequest } from './release.ts';
import { toStep, type ProcessStep } from './step.ts';

/**
 * One step of a process in one transaction: looks at the rows, decides, writes what follows, answers what is left to do outside.
 * Doing it again, for whatever reason, changes nothing. `request` is a person's wish for a process that waits or is parked.
 * @throws LeitwerkError `Misconfigured`, `InvalidInput` where the pipeline cannot go on (nothing is written), `Unavailable`.
 */
export async function advanceProcess(ctx: Context, key: ProcessKey, request?: ProcessRequest): Promise<ProcessStep> {
  const model = modelOf(ctx, key.entity);
  prepareCalendars(ctx);
  return await ctx.db.write(async (tx) => {
    const record = await lockRecord(tx, model, { tenantId: key.tenantId, id: key.recordId, isDeletedToo: true });
    const stored = await readProcess(tx, key);
    if (record === undefined) return await endWithout(ctx, tx, { key, stored });
    const process = await released(ctx, tx, { stored, record, request });
    if (process?.state === 'parked' || process?.state === 'none')
      return toStep(process, { definition: undefined, effects: [], owner: record['owner'], language: ctx.language });
    return await step(ctx, tx, { key, model, record, process });
  });
}

/** The record is gone altogether: nothing is left to do. */
const endWithout = async (
  ctx: Context,
  tx: Tx,
  { key, stored }: { key: ProcessKey; stored: ProcessRow | undefined },
): Promise<ProcessStep> => {
  const at = ctx.now().toISOString();
  const base = stored ?? newRow(key, undefined, at);
  const ended: ProcessRow = {
    ...base,
    state: 'done',
    position: { ...base.position, timers: {}, isDone: true },
    next: undefined,
    error: undefined,
    updatedAt: at,
  };
  if (stored !== undefined) await writeProcess(tx, ended, false);
  return toStep(ended, { definition: undefined, effects: [], owner: '', language: ctx.language });
};

/** A parked process goes on when someone asks for it, or when its record has been moved on or closed by hand. */
const released = async (
  ctx: Context,
  tx: Tx,
  now: { stored: ProcessRow | undefined; record: RecordData; request: ProcessRequest | undefined },
): Promise<ProcessRow | undefined> => {
  const { stored, record, request } = now;
  if (stored === undefined) return undefined;
  if (request !== undefined) return await release(ctx, tx, { process: stored, request });
  const hasMovedOn =
    isClosed(record) || record['stage'] !== stored.error?.stage || record['pipelineRevision'] !== stored.revision;
  return stored.state === 'parked' && hasMovedOn
    ? await release(ctx, tx, { process: stored, request: 'skip' })
    : stored;
};

const isByPerson = (event: LinkedEvent): boolean => event.actor.startsWith('user/') || event.actor.startsWith('key/');

/** Events do not always come in the order of their times. */
const lastTouch = (events: readonly LinkedEvent[], before: string | undefined): string | undefined => {
  const times = events.filter(isByPerson).map((event) => event.at);
  return [...(before === undefined ? [] : [before]), ...times].toSorted().at(-1);
};

/** A step that was ticked and is open again by now was not done. */
const isTakenBack = (event: LinkedEvent, activities: ReadonlyMap<string, LinkedActivity>): boolean =>
  event.act === 'activity.complete' && activities.get(event.recordId)?.state === 'open';

const toProcessEvent = (event: LinkedEvent, activities: ReadonlyMap<string, LinkedActivity>): ProcessEvent => {
  const activity = activities.get(event.recordId);
  return {
    seq: event.seq,
    at: event.at,
    act: event.act,
    fields: event.fields,
    step: activity?.planKey ?? '',
    activityType: activity?.type ?? '',
    result: activity?.result ?? '',
  };
};

/** After a migration, timers that have not fired get the new revision's times; those that have fired do not fire again. */
const positionOf = (process: ProcessRow | undefined, record: RecordData): ProcessState => {
  if (process === undefined) return newProcess;
  const { position } = process;
  if (process.revision === record['pipelineRevision']) return position;
  return {
    ...position,
    timers: Object.fromEntries(Object.entries(position.timers).filter(([, timer]) => timer.fired > 0)),
  };
};

/** What of the events has been looked at. */
type Seen = Pick<ProcessRow, 'seenSeq' | 'seenVersions'>;

interface Inputs {
  readonly activities: readonly LinkedActivity[];
  /** Only those not looked at before. */
  readonly events: readonly LinkedEvent[];
  readonly seen: Seen;
}

/** A record that nobody has touched since its creation has neither events nor activities of interest. */
const readInputs = async (
  ctx: Context,
  tx: Tx,
  from: { readonly key: ProcessKey; readonly seen: Seen; readonly isFresh: boolean },
): Promise<Inputs> => {
  const { seen } = from;
  if (from.isFresh) return { activities: [], events: [], seen };
  const { tenantId, recordId, entity } = from.key;
  const link = linkTo(modelOf(ctx, 'activity'), entity);
  const activities = link === undefined ? [] : await readLinkedActivities(tx, { tenantId, link, recordId });
  const isNew = (id: string, version: number): boolean => version > (seen.seenVersions[id] ?? 0);
  const activityIds = activities.filter(({ id, version }) => isNew(id, version)).map(({ id }) => id);
  const read = await readLinkedEvents(tx, { tenantId, recordId, afterSeq: seen.seenSeq, activityIds });
  const events = read.filter((event) => event.recordId === recordId || isNew(event.recordId, event.version));
  return { activities, events, seen: seenAfter({ seen, events, activities, recordId }) };
};

const seenAfter = (of: Omit<Inputs, 'seen'> & { readonly seen: Seen; readonly recordId: string }): Seen => {
  const { recordId, activities, events } = of;
  const versions = new Map(activities.map(({ id }) => [id, of.seen.seenVersions[id] ?? 0]));
  let { seenSeq } = of.seen;
  for (const event of events) {
    if (event.recordId === recordId) seenSeq = Math.max(seenSeq, event.seq);
    else versions.set(event.recordId, Math.max(versions.get(event.recordId) ?? 0, event.version));
  }
  return { seenSeq, seenVersions: Object.fromEntries(versions) };
};

const decisionOn = (
  ctx: Context,
  now: { stand: Stand; events: readonly LinkedEvent[]; process: ProcessRow | undefined; touchedAt: string | undefined },
): Decision => {
  const { stand, events, process, touchedAt } = now;
  const byId = new Map(stand.activities.map((activity) => [activity.id, activity]));
  return decide({
    definition: stand.definition,
    process: positionOf(process, stand.record),
    record: stand.record,
    activities: stand.activities.filter((activity) => activity.planKey !== ''),
    events: events
      .filter((event) => !event.actor.startsWith('process/') && !isTakenBack(event, byId))
      .map((event) => toProcessEvent(event, byId)),
    now: ctx.now().toISOString(),
    calendar: calendarOf(ctx, stand.definition.calendar),
    touchedAt,
  });
};

const step = async (
  ctx: Context,
  tx: Tx,
  now: { key: ProcessKey; model: EntityModel; record: RecordData; process: ProcessRow | undefined },
): Promise<ProcessStep> => {
  const { key, model, record, process } = now;
  const at = ctx.now().toISOString();
  const definition = await pipelineOf(tx, model, record);
  const isFresh = process === undefined && record['version'] === 1;
  const before: Seen = process ?? { seenSeq: 0, seenVersions: {} };
  const { activities, events, seen } = await readInputs(ctx, tx, { key, seen: before, isFresh });
  const touchedAt = lastTouch(events, process?.touchedAt);
  const stand: Stand = { model, definition, activities, record };
  const decision = decisionOn(ctx, { stand, events, process, touchedAt });
  await applyEffects(ctx, tx, { stand, effects: decision.effects });
  const after: ProcessRow = {
    ...key,
    pipeline: definition.key,
    revision: Number(record['pipelineRevision']),
    state: decision.process.isDone ? 'done' : 'running',
    position: decision.process,
    ...seen,
    touchedAt,
    next: decision.next,
    error: undefined,
    startedAt: process?.startedAt ?? at,
    updatedAt: at,
  };
  await writeProcess(tx, after, process === undefined);
  const effects = isFresh && !decision.effects.some(isExternal) ? [] : await readEffects(tx, key, 'pending');
  return toStep(after, { definition, effects, owner: stand.record['owner'], language: ctx.language });
};
