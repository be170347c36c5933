import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { shiftFollowers, type Slot } from '../core/plan.ts';
import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import { modelOf, transact, type Context } from './context.ts';
import { prepareCalendars } from './process/calendarOf.ts';
import { planOf, shiftActivities, slotOf } from './process/planOf.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

export interface ActivityMove {
  readonly id: string;
  /** Absent: keeps its distance from the due date. */
  readonly startAt?: string | undefined;
  readonly dueAt: string;
  /** Plans the open steps that follow this one anew, by their dependencies and in working time (B44, X5). */
  readonly shiftFollowers: boolean;
}

const shifted = (instant: unknown, byMs: number): string | null =>
  typeof instant === 'string' ? new Date(Date.parse(instant) + byMs).toISOString() : null;

/** The record whose process has planned the activity. */
export const carrierOf = async (
  ctx: Context,
  tx: Tx,
  activity: RecordData,
): Promise<{ model: EntityModel; record: RecordData } | undefined> => {
  const { tenantId } = ctx.actor;
  for (const { name, target } of modelOf(ctx, 'activity').fields.values()) {
    const model = target === undefined ? undefined : ctx.snapshot.models.get(target);
    const id = activity[name];
    if (model?.hasPipeline !== true || typeof id !== 'string') continue;
    const record = await findRecord(tx, model, { tenantId, id });
    return record === undefined ? undefined : { model, record };
  }
  return undefined;
};

/** Answers how many activities it moved along. */
const moveFollowers = async (ctx: Context, tx: Tx, moved: RecordData): Promise<number> => {
  const { planKey, stage } = moved;
  const carrier = typeof planKey === 'string' ? await carrierOf(ctx, tx, moved) : undefined;
  if (carrier === undefined || typeof planKey !== 'string') return 0;
  const plan = await planOf(ctx, tx, { ...carrier, stage: String(stage) });
  if (plan === undefined || !plan.steps.some(({ key }) => key === planKey)) return 0;
  // A step of an earlier entry: nothing follows it any more.
  if (plan.activities.get(planKey)?.['id'] !== moved['id']) return 0;
  const [current, done] = [new Map<string, Slot>(), new Map<string, Slot>()];
  for (const [key, activity] of plan.activities)
    (activity['state'] === 'open' ? current : done).set(key, slotOf(activity));
  const start = String(carrier.record['stageSince'] ?? carrier.record['createdAt']);
  const change = { moved: planKey, slot: slotOf(moved), current, done };
  const to = shiftFollowers(plan.steps, change, { start, calendar: plan.calendar });
  await shiftActivities(ctx, tx, { plan, to });
  return to.length;
};

const assertInstants = (ctx: Context, move: ActivityMove): void => {
  const message = ctx.language === 'de' ? 'Das ist kein Zeitpunkt (ISO 8601).' : 'This is not an instant (ISO 8601).';
  const issues = (['startAt', 'dueAt'] as const).flatMap((name) =>
    move[name] !== undefined && Number.isNaN(Date.parse(move[name]))
      ? [{ path: `/${name}`, code: 'format', message }]
      : [],
  );
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
};

/**
 * Re-plans an open activity, with those that follow it if wanted.
 * @throws LeitwerkError `InvalidInput` for an unreadable instant, `Locked` when it is not open, `NotFound`, `Forbidden`.
 */
export async function moveActivity(ctx: Context, move: ActivityMove): Promise<Written> {
  assertInstants(ctx, move);
  const dueAt = new Date(move.dueAt).toISOString();
  prepareCalendars(ctx);
  return await transact(ctx, async (tx) => {
    const moved = await changeRecord(ctx, tx, {
      model: modelOf(ctx, 'activity'),
      id: move.id,
      verb: 'move',
      act: 'move',
      change: (activity) => {
        if (activity['state'] !== 'open') throw new LeitwerkError('Locked', { facts: { state: activity['state'] } });
        const byMs = Date.parse(dueAt) - Date.parse(String(activity['dueAt'] ?? dueAt));
        const startAt =
          move.startAt === undefined ? shifted(activity['startAt'], byMs) : new Date(move.startAt).toISOString();
        return { dueAt, startAt };
      },
    });
    const followers = move.shiftFollowers && moved.event > 0 ? await moveFollowers(ctx, tx, moved.record) : 0;
    const facts = { title: moved.record['title'], dueAt, followers };
    await addTimelineEntry(ctx, tx, { kind: 'activity-move', facts, links: linksOf(ctx, 'activity', moved.record) });
    return moved;
  });
}
