import { actorName } from '../../core/actor.ts';
import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { isClosed } from '../../core/pipeline/run.ts';
import { schedulePlan, type Slot } from '../../core/plan.ts';
import type { PlanStepConfig } from '../../core/pipeline/config.ts';
import type { Queries } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { transact, type Context } from '../context.ts';
import { readRecord } from '../readRecord.ts';
import { assertMayAct, loadRecord, type Written } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { prepareCalendars } from './calendarOf.ts';
import { among, planOf, shiftActivities, type RecordPlan } from './planOf.ts';

export interface Replan {
  readonly id: string;
  /** Where the open steps of the plan begin from now on. */
  readonly start: string;
}

interface NewTimes {
  readonly plan: RecordPlan;
  readonly to: readonly (Slot & { readonly step: PlanStepConfig })[];
}

/** Steps that are done no longer hold the others: what follows them begins at the new start. */
const newTimes = async (
  ctx: Context,
  db: Queries,
  of: { readonly model: EntityModel; readonly record: RecordData; readonly start: string },
): Promise<NewTimes> => {
  const { model, record, start } = of;
  const plan = isClosed(record) ? undefined : await planOf(ctx, db, { model, record, stage: String(record['stage']) });
  const isOpen = ({ key }: PlanStepConfig): boolean => plan?.activities.get(key)?.['state'] === 'open';
  const open = new Set((plan?.steps ?? []).filter(isOpen).map((step) => step.key));
  if (plan === undefined || open.size === 0) {
    throw new LeitwerkError('Locked', {
      text: {
        de: 'In dieser Stufe ist kein Schritt des Plans mehr offen.',
        en: 'No step of the plan is open in this stage.',
      },
    });
  }
  const steps = plan.steps.filter(isOpen).map((step) => among(step, open));
  return { plan, to: schedulePlan(steps, { start, calendar: plan.calendar }) };
};

const startOf = (ctx: Context, start: string): string => {
  if (!Number.isNaN(Date.parse(start))) return new Date(start).toISOString();
  const message = ctx.language === 'de' ? 'Das ist kein Zeitpunkt (ISO 8601).' : 'This is not an instant (ISO 8601).';
  throw new LeitwerkError('InvalidInput', { issues: [{ path: '/start', code: 'format', message }] });
};

/**
 * Anchors what is open of a record's plan to a new start (X5): every open step gets its times again, by dependencies and working time.
 * @throws LeitwerkError `InvalidInput` for an unreadable start, `Locked` when no step is open, `NotFound`, `Forbidden`.
 */
export async function replanProcess(ctx: Context, model: EntityModel, replan: Replan): Promise<Written> {
  const start = startOf(ctx, replan.start);
  prepareCalendars(ctx);
  return await transact(ctx, async (tx) => {
    const record = await loadRecord(ctx, tx, { model, id: replan.id });
    assertMayAct(ctx, model, { verb: 'move', record });
    const { plan, to } = await newTimes(ctx, tx, { model, record, start });
    const event = await insertEvent(tx, {
      tenantId: ctx.actor.tenantId,
      at: ctx.now().toISOString(),
      actor: actorName(ctx.actor),
      act: `${model.name}.process-replan`,
      entity: model.name,
      recordId: replan.id,
      version: Number(record['version']),
      requestId: ctx.requestId,
    });
    await shiftActivities(ctx, tx, { plan, to });
    const links = linksOf(ctx, model.name, record);
    await addTimelineEntry(ctx, tx, { kind: 'process-replan', facts: { start, steps: to.length }, links });
    return { record, event };
  });
}

export interface ReplanPreview {
  readonly activities: readonly {
    readonly id: string;
    readonly title: string;
    readonly from: string;
    readonly to: string;
  }[];
}

/** When the open steps would be due. Throws as `replanProcess`; nothing is written. */
export async function previewReplan(ctx: Context, model: EntityModel, replan: Replan): Promise<ReplanPreview> {
  const start = startOf(ctx, replan.start);
  prepareCalendars(ctx);
  const record = await readRecord(ctx, model, replan.id);
  const { plan, to } = await newTimes(ctx, ctx.db, { model, record, start });
  const activities = to.flatMap(({ step, dueAt }) => {
    const activity = plan.activities.get(step.key) ?? {};
    if (!ctx.ability.canOn('read', 'activity', activity)) return [];
    const { id, title, dueAt: from } = activity;
    return [{ id: String(id), title: String(title), from: String(from), to: dueAt }];
  });
  return { activities };
}
