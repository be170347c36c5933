import type { Calendar } from '../../core/calendar.ts';
import type { EntityModel } from '../../core/entity.ts';
import { linkTo } from '../../core/links.ts';
import type { PlanStepConfig } from '../../core/pipeline/config.ts';
import type { Slot } from '../../core/plan.ts';
import type { Queries, Tx } from '../../store/database.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { pipelineOf } from '../pipelineOf.ts';
import { changeRecord } from '../record-write.ts';
import { calendarOf } from './calendarOf.ts';

/** The activity plan of a stage as a record has it now. */
export interface RecordPlan {
  /** Steps that were planned for this record, without those left out. */
  readonly steps: readonly PlanStepConfig[];
  /** Newest activity of each step by the step's key. */
  readonly activities: ReadonlyMap<string, RecordData>;
  readonly calendar: Calendar;
}

const mostOfOneRecord = 1_000;

/** Undefined where activities know nothing of the entity, or the pipeline has no such stage. */
export async function planOf(
  ctx: Context,
  db: Queries,
  of: { readonly model: EntityModel; readonly record: RecordData; readonly stage: string },
): Promise<RecordPlan | undefined> {
  const model = modelOf(ctx, 'activity');
  const link = linkTo(model, of.model.name);
  const definition = await pipelineOf(db, of.model, of.record);
  const stage = definition.stages.get(of.stage);
  if (link === undefined || stage === undefined) return undefined;
  const { tenantId } = ctx.actor;
  const search = { tenantId, field: link, values: [of.record['id']], limit: mostOfOneRecord };
  const activities = new Map<string, RecordData>();
  for (const activity of (await findRecordsBy(db, model, search)).toSorted(byCreation)) {
    const key = activity['planKey'];
    if (activity['stage'] === of.stage && typeof key === 'string' && typeof activity['dueAt'] === 'string')
      activities.set(key, activity);
  }
  const steps = (stage.plan ?? []).filter((step) => activities.has(step.key));
  return {
    steps: steps.map((step) => among(step, activities)),
    activities,
    calendar: calendarOf(ctx, definition.calendar),
  };
}

const byCreation = (one: RecordData, other: RecordData): number =>
  String(one['createdAt']) < String(other['createdAt']) ? -1 : 1;

/** A step that waits only for those that are there. */
export const among = (step: PlanStepConfig, there: { has(key: string): boolean }): PlanStepConfig =>
  step.after === undefined ? step : { ...step, after: step.after.filter((key) => there.has(key)) };

/** When an activity begins and is due. */
export const slotOf = (activity: RecordData): Slot => ({
  startAt: String(activity['startAt'] ?? activity['dueAt']),
  dueAt: String(activity['dueAt']),
});

/** Gives activities of a plan new times; each is recorded as `activity.shift`, part of the act that comes before it. */
export async function shiftActivities(
  ctx: Context,
  tx: Tx,
  shift: { readonly plan: RecordPlan; readonly to: readonly (Slot & { readonly step: PlanStepConfig })[] },
): Promise<void> {
  const model = modelOf(ctx, 'activity');
  for (const { step, startAt, dueAt } of shift.to) {
    const id = String(shift.plan.activities.get(step.key)?.['id']);
    await changeRecord(ctx, tx, { model, id, verb: 'move', act: 'shift', change: () => ({ startAt, dueAt }) });
  }
}
