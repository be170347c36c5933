import { actorName } from '../../core/actor.ts';
import type { EntityModel } from '../../core/entity.ts';
import { splitRecipient } from '../../core/pipeline/config.ts';
import type { PipelineDefinition } from '../../core/pipeline/definition.ts';
import { cancelledIn, isExternal, type Effect, type NewActivity } from '../../core/pipeline/state.ts';
import type { Tx } from '../../store/database.ts';
import { addEffect } from '../../store/effects.ts';
import { insertEvent } from '../../store/events.ts';
import type { LinkedActivity } from '../../store/process-inputs.ts';
import { insertNotice, insertNoticeOnce } from '../../store/notices.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { addRecord, changeRecord } from '../record-write.ts';
import { settingUsers } from '../settingUsers.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { largeImportOf, noticeOfMany } from './notice-of-many.ts';
import { pickAssignee, usersOf } from './recipients.ts';

/** What carrying out effects needs to know beyond the context. `record` is replaced as it changes. */
export interface Stand {
  readonly model: EntityModel;
  readonly definition: PipelineDefinition;
  readonly activities: readonly LinkedActivity[];
  record: RecordData;
}

/** Writes what a step has decided, in order, in the caller's transaction. Mails and webhooks are recorded here and sent later. */
export async function applyEffects(
  ctx: Context,
  tx: Tx,
  run: { readonly stand: Stand; readonly effects: readonly Effect[] },
): Promise<void> {
  for (const effect of run.effects) await applyEffect(ctx, tx, { stand: run.stand, effect });
}

type One = { readonly stand: Stand; readonly effect: Effect };

const applyEffect = async (ctx: Context, tx: Tx, { stand, effect }: One): Promise<void> => {
  if (isExternal(effect)) {
    const { tenantId } = ctx.actor;
    return await addEffect(tx, {
      tenantId,
      entity: stand.model.name,
      recordId: String(stand.record['id']),
      stage: String(stand.record['stage'] ?? ''),
      effect,
      at: ctx.now().toISOString(),
    });
  }
  switch (effect.kind) {
    case 'createActivity':
      return await createActivity(ctx, tx, { stand, activity: effect.activity });
    case 'cancelActivities':
      return await cancelActivities(ctx, tx, { stand, stage: effect.stage, steps: effect.steps });
    case 'reopenActivities':
      return await reopenActivities(ctx, tx, cancelledIn(stand.activities, effect));
    case 'notify':
      return await notify(ctx, tx, { stand, effect });
    case 'assign':
      return await assign(ctx, tx, { stand, effect });
    case 'setFields':
      return await change(ctx, tx, { stand, act: 'update', values: effect.values });
    case 'addTags': {
      const tags: unknown[] = Array.isArray(stand.record['tags']) ? stand.record['tags'] : [];
      return await change(ctx, tx, { stand, act: 'update', values: { tags: [...new Set([...tags, ...effect.tags])] } });
    }
    case 'timeline':
      return await addTimelineEntry(ctx, tx, {
        kind: 'process',
        text: effect.text[ctx.language],
        links: linksOf(ctx, stand.model.name, stand.record),
      });
    case 'moveStage':
      await change(ctx, tx, { stand, act: 'move', values: { stage: effect.to, stageSince: effect.at } });
      return await addTimelineEntry(ctx, tx, {
        kind: 'moved',
        facts: { from: effect.from, to: effect.to },
        links: linksOf(ctx, stand.model.name, stand.record),
      });
  }
};

const change = async (
  ctx: Context,
  tx: Tx,
  write: { readonly stand: Stand; readonly act: 'update' | 'move' | 'assign'; readonly values: RecordData },
): Promise<void> => {
  const { stand, act, values } = write;
  const written = await changeRecord(ctx, tx, {
    model: stand.model,
    id: String(stand.record['id']),
    verb: act,
    act,
    change: () => values,
  });
  stand.record = written.record;
};

const maxTitle = 200;

const createActivity = async (
  ctx: Context,
  tx: Tx,
  { stand, activity }: { readonly stand: Stand; readonly activity: NewActivity },
): Promise<void> => {
  const responsible = await assigneeOf(ctx, tx, { stand, activity });
  const model = modelOf(ctx, 'activity');
  await addRecord(ctx, tx, {
    model,
    input: {
      ...taskLinks(ctx, model, stand),
      title: activity.title[ctx.language].slice(0, maxTitle),
      note: activity.note?.[ctx.language] ?? null,
      type: activity.type,
      state: 'open',
      startAt: activity.startAt,
      dueAt: activity.dueAt,
      durationMinutes: Math.round((Date.parse(activity.dueAt) - Date.parse(activity.startAt)) / 60_000),
      stage: activity.stage,
      planKey: activity.planKey ?? null,
      isMandatory: activity.isMandatory,
      ...responsible,
    },
  });
};

/**
 * What an activity of a process links to: its record and whom that is about. Never to another record with a process,
 * which would take the activity for one of its own plan.
 */
export const taskLinks = (
  ctx: Context,
  activity: EntityModel,
  of: { readonly model: EntityModel; readonly record: RecordData },
): Record<string, string> => {
  const links: Record<string, string> = {};
  for (const { name, target } of activity.fields.values()) {
    if (target === undefined || target === 'user') continue;
    const isOwn = target === of.model.name;
    const id = isOwn ? of.record['id'] : of.record[name];
    if (typeof id === 'string' && (isOwn || ctx.snapshot.models.get(target)?.hasPipeline !== true)) links[name] = id;
  }
  return links;
};

const assigneeOf = async (
  ctx: Context,
  tx: Tx,
  { stand, activity }: { readonly stand: Stand; readonly activity: NewActivity },
): Promise<RecordData> => {
  const [kind, name] = splitRecipient(activity.assignee);
  const ofRecord = { owner: stand.record['owner'] ?? null, team: stand.record['team'] ?? null };
  if (kind === 'owner') return ofRecord;
  if (kind === 'team') return { ...ofRecord, owner: null };
  const assign = kind === 'role' ? { role: name } : { user: name };
  const user = await pickAssignee(ctx, tx, {
    assign,
    entity: stand.model.name,
    turn: `activity/${stand.definition.key}/${name}`,
  });
  return user === undefined ? ofRecord : { owner: user.id, team: user.team };
};

const cancelActivities = async (
  ctx: Context,
  tx: Tx,
  which: { readonly stand: Stand; readonly stage: string; readonly steps: readonly string[] | undefined },
): Promise<void> => {
  const model = modelOf(ctx, 'activity');
  for (const activity of which.stand.activities) {
    if (activity.stage !== which.stage || activity.planKey === '' || activity.state !== 'open') continue;
    if (which.steps !== undefined && !which.steps.includes(activity.planKey)) continue;
    await changeRecord(ctx, tx, {
      model,
      id: activity.id,
      verb: 'cancel',
      act: 'cancel',
      change: () => ({ state: 'cancelled' }),
    });
  }
};

const reopenActivities = async (ctx: Context, tx: Tx, activities: readonly LinkedActivity[]): Promise<void> => {
  const model = modelOf(ctx, 'activity');
  for (const { id } of activities)
    await changeRecord(ctx, tx, { model, id, verb: 'reopen', act: 'reopen', change: () => ({ state: 'open' }) });
};

const notify = async (
  ctx: Context,
  tx: Tx,
  { stand, effect }: { readonly stand: Stand; readonly effect: Extract<Effect, { kind: 'notify' }> },
): Promise<void> => {
  const meant = usersOf(ctx, stand.record, effect.to);
  const to = (meant.length === 0 && effect.mustReach === true ? settingUsers(ctx) : meant).map((user) => user.id);
  // Nobody was there to be assigned: that is no news for anybody.
  if (to.length === 0) return;
  const links = linksOf(ctx, stand.model.name, stand.record);
  await addTimelineEntry(ctx, tx, { kind: 'notice', text: effect.text[ctx.language], facts: { to }, links });
  const notice = {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    entity: stand.model.name,
    recordId: String(stand.record['id']),
    text: effect.text,
  };
  const file = await largeImportOf(ctx, tx, stand.record);
  if (file === undefined) for (const userId of to) await insertNotice(tx, { ...notice, id: ctx.newId(), userId });
  else
    for (const userId of to)
      await insertNoticeOnce(tx, { ...notice, ...noticeOfMany({ file, userId, text: effect.text }), userId });
  await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    act: `${stand.model.name}.notify`,
    entity: stand.model.name,
    recordId: String(stand.record['id']),
    version: Number(stand.record['version']),
  });
};

const assign = async (
  ctx: Context,
  tx: Tx,
  { stand, effect }: { readonly stand: Stand; readonly effect: Extract<Effect, { kind: 'assign' }> },
): Promise<void> => {
  const turn = `${stand.definition.key}/${effect.assign.role ?? ''}`;
  const user = await pickAssignee(ctx, tx, { assign: effect.assign, entity: stand.model.name, turn });
  if (user === undefined) return;
  const team = user.team === null || !stand.model.fields.has('team') ? {} : { team: user.team };
  await change(ctx, tx, { stand, act: 'assign', values: { owner: user.id, ...team } });
  await addTimelineEntry(ctx, tx, {
    kind: 'assigned',
    facts: { owner: user.id },
    links: linksOf(ctx, stand.model.name, stand.record),
  });
};
