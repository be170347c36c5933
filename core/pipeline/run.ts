import type { Calendar } from '../calendar.ts';
import type { Text } from '../errors.ts';
import { canEnter } from './enter.ts';
import type { ActionConfig, FieldValue } from './config.ts';
import { stageOf, type PipelineDefinition } from './definition.ts';
import type { DecideInput, Effect, PlanActivity, ProcessEvent, ProcessState, RefusedJump } from './state.ts';

/** The working copy of one decision: what it has done so far is visible to what comes after. Never leaves `decide`. */
export interface Run {
  readonly definition: PipelineDefinition;
  readonly calendar: Calendar;
  readonly now: string;
  readonly touchedAt: string | undefined;
  readonly record: Record<string, unknown>;
  readonly effects: Effect[];
  readonly key: (path: string) => string;
  activities: PlanActivity[];
  process: ProcessState;
  event: ProcessEvent | undefined;
  entries: number;
}

/** States of a record that end its process. */
export const closedStates: ReadonlySet<string> = new Set(['archived', 'converted', 'won', 'lost', 'closed']);

/** A process ends where its record is closed or deleted. */
export const isClosed = (record: Readonly<Record<string, unknown>>): boolean =>
  (record['deletedAt'] !== null && record['deletedAt'] !== undefined) || closedStates.has(String(record['state']));

export function createRun(input: DecideInput): Run {
  const run: Run = {
    definition: input.definition,
    calendar: input.calendar,
    now: input.now,
    touchedAt: input.touchedAt,
    record: { ...input.record },
    effects: [],
    key: (path) =>
      `${input.definition.entity}/${String(run.record['id'])}/${run.process.stage ?? '-'}/${run.process.entry}/${path}`,
    activities: [...input.activities],
    process: input.process,
    event: undefined,
    entries: 0,
  };
  return run;
}

export const holds = (run: Run, condition: string | undefined): boolean =>
  run.definition.conditions.holds(condition, {
    record: run.record,
    now: run.now,
    ...(run.event === undefined ? {} : { event: run.event }),
  });

/** Carries actions out on the working copy. Answers the stage to go to when one of them jumps; the rest is then left. */
export function runActions(run: Run, actions: readonly ActionConfig[], path: string): string | undefined {
  for (const [position, action] of actions.entries()) {
    if (!holds(run, action.if)) continue;
    const at = `${path}/${position}`;
    if (action.goTo === undefined) carryOut(run, action, run.key(at));
    else if (mayGo(run, { stage: action.goTo, if: action.if ?? null }, run.key(at))) return action.goTo;
  }
  return undefined;
}

/** What keeps the record out of a stage, in a sentence or several; undefined = nothing. */
const refusal = (run: Run, stage: string): Text | undefined => {
  const faults = canEnter(run.definition, stage, { record: run.record, now: run.now });
  if (faults.length === 0) return undefined;
  const reasons = (language: 'de' | 'en'): string => faults.map((fault) => fault.text[language]).join(' ');
  return { de: reasons('de'), en: reasons('en') };
};

/** A jump that the record may not make yet waits, and its owner is told, or whoever else there is. */
const mayGo = (run: Run, jump: Pick<RefusedJump, 'stage' | 'if'>, key: string): boolean => {
  const { stage } = jump;
  if (stage === run.process.stage) return false;
  const text = refusal(run, stage);
  if (text === undefined) return true;
  run.process = { ...run.process, refused: { ...jump, event: run.event ?? null, text } };
  const { label } = stageOf(run.definition, stage);
  const { owner } = run.record;
  run.effects.push({
    kind: 'notify',
    key,
    to: [owner === null || owner === undefined || owner === '' ? 'team' : 'owner'],
    text: {
      de: `Kann noch nicht zu „${label.de}“ weitergehen. ${text.de}`,
      en: `Cannot move on to "${label.en}" yet. ${text.en}`,
    },
    mustReach: true,
  });
  return false;
};

/** A step that was ticked and is open again, or a condition that holds no more, takes the jump back. */
const isCalledOff = (run: Run, { if: condition, event }: RefusedJump): boolean =>
  !run.definition.conditions.holds(condition ?? undefined, {
    record: run.record,
    now: run.now,
    ...(event === null ? {} : { event }),
  }) ||
  run.activities.some(
    ({ stage, planKey, state }) =>
      event?.act === 'activity.complete' && stage === run.process.stage && planKey === event.step && state === 'open',
  );

/** The stage that a refused jump can go to by now. */
export function retryJump(run: Run): string | undefined {
  const { refused } = run.process;
  if (refused === null) return undefined;
  const text = isCalledOff(run, refused) ? null : refusal(run, refused.stage);
  if (text === undefined) return refused.stage;
  run.process = { ...run.process, refused: text === null ? null : { ...refused, text } };
  return undefined;
}

const carryOut = (run: Run, action: ActionConfig, key: string): void => {
  const { createActivity, cancelActivities, notify, assign, setFields, addTags, timeline, sendMail, callWebhook } =
    action;
  const { effects } = run;
  if (createActivity !== undefined) addActivity(run, createActivity, key);
  if (cancelActivities !== undefined) cancel(run, cancelActivities.steps, key);
  if (notify !== undefined) effects.push({ kind: 'notify', key, ...notify });
  if (assign !== undefined) assignRecord(run, assign, key);
  if (setFields !== undefined) setValues(run, setFields, key);
  if (addTags !== undefined) tag(run, addTags, key);
  if (timeline !== undefined) effects.push({ kind: 'timeline', key, text: timeline });
  if (sendMail !== undefined) effects.push({ kind: 'sendMail', key, ...sendMail });
  if (callWebhook !== undefined) effects.push({ kind: 'callWebhook', key, ...callWebhook });
};

const addActivity = (run: Run, activity: NonNullable<ActionConfig['createActivity']>, key: string): void => {
  const begin = run.calendar.add(run.now, activity.offset ?? {});
  const startAt = activity.anyTime === true ? begin : run.calendar.nextWorkingInstant(begin);
  run.effects.push({
    kind: 'createActivity',
    key,
    activity: {
      type: activity.type,
      title: activity.title,
      note: activity.note,
      startAt,
      dueAt: activity.duration === undefined ? startAt : run.calendar.add(startAt, activity.duration),
      assignee: activity.assignee ?? 'owner',
      isMandatory: activity.mandatory === true,
      stage: run.process.stage ?? '',
      planKey: undefined,
    },
  });
};

const cancel = (run: Run, steps: readonly string[] | undefined, key: string): void => {
  const { stage } = run.process;
  if (stage === null) return;
  run.effects.push({ kind: 'cancelActivities', key, stage, ...(steps === undefined ? {} : { steps }) });
  run.activities = run.activities.map((activity) =>
    activity.stage === stage && activity.state === 'open' && (steps?.includes(activity.planKey) ?? true)
      ? { ...activity, state: 'cancelled' }
      : activity,
  );
};

/** Who it will be is found when the effect is carried out; until then conditions see that there is someone. */
const assignRecord = (run: Run, assign: NonNullable<ActionConfig['assign']>, key: string): void => {
  const { owner } = run.record;
  if (typeof owner === 'string' && owner !== '' && assign.replace !== true) return;
  run.effects.push({ kind: 'assign', key, assign });
  run.record['owner'] = assign.user ?? `role:${assign.role ?? ''}`;
};

const valueOf = (run: Run, value: FieldValue): unknown =>
  typeof value === 'object' && value !== null && 'cel' in value
    ? run.definition.conditions.value(value.cel, {
        record: run.record,
        now: run.now,
        ...(run.event === undefined ? {} : { event: run.event }),
      })
    : value;

const setValues = (run: Run, fields: Readonly<Record<string, FieldValue>>, key: string): void => {
  const values = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueOf(run, value)]));
  run.effects.push({ kind: 'setFields', key, values });
  Object.assign(run.record, values);
};

const tag = (run: Run, tags: readonly string[], key: string): void => {
  const present: unknown[] = Array.isArray(run.record['tags']) ? run.record['tags'] : [];
  const missing = tags.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  run.effects.push({ kind: 'addTags', key, tags: missing });
  run.record['tags'] = [...present, ...missing];
};
