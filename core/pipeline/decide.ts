import { LeitwerkError } from '../errors.ts';
import { schedulePlan } from '../plan.ts';
import type { ActionConfig, EventConfig, PlanStepConfig, StageConfig } from './config.ts';
import { stageOf } from './definition.ts';
import { createRun, holds, isClosed, retryJump, runActions, type Run } from './run.ts';
import {
  cancelledIn,
  type DecideInput,
  type Decision,
  type FormerEntry,
  type PlanActivity,
  type ProcessEvent,
} from './state.ts';
import { armTimers, dueTimer, nextAction } from './timers.ts';

/** Stage entries and timer firings in one step after which a pipeline is taken to run in circles. */
const maxEntries = 25;
const maxFirings = 100;
/** So many moves can be undone one after the other. */
const mostFormer = 20;

const inCircles = (run: Run, at: string): LeitwerkError =>
  new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Pipeline „${run.definition.key}“ läuft bei „${at}“ im Kreis.`,
      en: `The pipeline "${run.definition.key}" runs in a circle at "${at}".`,
    },
    facts: { pipeline: run.definition.key, at },
  });

/**
 * One step of a process: from the rows as they are to what must be done now and when to look again. Pure; converges on the record's stage:
 * deciding again on the outcome, at the same time and without new events, does nothing.
 * @throws LeitwerkError `Misconfigured` for a stage that the pipeline does not have, or a pipeline that runs in circles.
 */
export function decide(input: DecideInput): Decision {
  const run = createRun(input);
  if (input.record === null || isClosed(input.record)) return finish(run);
  if (input.process.isDone && input.process.stage === run.record['stage'] && isEnd(run)) return finish(run);
  enterWhereItStands(run, input.process.isDone);
  if (!isEnd(run)) {
    handleEvents(run, input.events);
    finishPlan(run);
    goOn(run);
    armTimers(run);
    fireTimers(run);
  }
  if (isEnd(run)) return finish(run);
  armTimers(run);
  return { process: { ...run.process, isDone: false }, effects: run.effects, next: nextAction(run) };
}

const isEnd = (run: Run): boolean =>
  run.process.stage !== null && stageOf(run.definition, run.process.stage).end === true;

const finish = (run: Run): Decision => {
  if (!run.process.isDone) leave(run);
  return {
    process: { ...run.process, timers: {}, refused: null, isDone: true },
    effects: run.effects,
    next: undefined,
  };
};

/** What is open of a stage's plan is cancelled. Answers the steps. */
const cancelPlan = (run: Run, stage: string): string[] => {
  const isOpen = (activity: PlanActivity): boolean => activity.stage === stage && activity.state === 'open';
  const open = run.activities.filter(isOpen);
  if (open.length === 0) return [];
  run.effects.push({ kind: 'cancelActivities', stage, key: run.key('leave') });
  run.activities = run.activities.filter((activity) => !isOpen(activity));
  return open.map(({ planKey }) => planKey);
};

/** Ends the entry, and keeps how it stood for an undo. */
const leave = (run: Run): void => {
  const { stage, entry, enteredAt, timers, isPlanDone, refused, former } = run.process;
  if (stage === null) return;
  const left = { stage, entry, enteredAt, timers, isPlanDone, refused, cancelled: cancelPlan(run, stage) };
  const kept = [...former, left].toSorted((one, other) => one.entry - other.entry).slice(-mostFormer);
  run.process = { ...run.process, former: kept };
};

const standsSince = (run: Run): string =>
  typeof run.record['stageSince'] === 'string' ? run.record['stageSince'] : run.now;

/** One that the record stands in again, since then as before. */
const formerEntry = (run: Run, target: string): FormerEntry | undefined => {
  const since = Date.parse(standsSince(run));
  return run.process.former.find(
    ({ stage, enteredAt }) => stage === target && enteredAt !== null && Date.parse(enteredAt) === since,
  );
};

/** A move, and a return by hand, count from when they were made. */
const entryTime = (run: Run, isMove: boolean): string => {
  const since = standsSince(run);
  const isNewer = Date.parse(since) > Date.parse(run.process.enteredAt ?? since);
  return isMove || isNewer ? since : run.now;
};

/**
 * People move the row; the process follows. A record that came back from the archive enters its stage again. One that stands where it stood
 * before, since then, was put back by an undo: nothing is begun or sent again.
 */
const enterWhereItStands = (run: Run, wasDone: boolean): void => {
  const wanted =
    typeof run.record['stage'] === 'string' && run.record['stage'] !== '' ? run.record['stage'] : undefined;
  const target = wanted ?? run.definition.start;
  const former = formerEntry(run, target);
  if (former === undefined && run.process.stage === target && !wasDone) return;
  const at = entryTime(run, wanted !== undefined && run.process.stage !== target);
  if (wanted === undefined) {
    run.record['stage'] = target;
    run.effects.push({ kind: 'moveStage', from: '', to: target, at: run.now, key: run.key('start') });
  }
  if (!wasDone) leave(run);
  if (former !== undefined) return resume(run, former);
  if (wasDone && run.process.stage !== null) cancelPlan(run, run.process.stage);
  enter(run, target, at);
};

/** Goes on with an entry as it was left. */
const resume = (run: Run, { cancelled, ...entry }: FormerEntry): void => {
  const former = run.process.former.filter((one) => one.entry !== entry.entry);
  run.process = { ...entry, isDone: false, former };
  if (cancelled.length === 0) return;
  const { stage, enteredAt } = entry;
  const since = enteredAt ?? run.now;
  run.effects.push({ kind: 'reopenActivities', stage, steps: cancelled, since, key: run.key('resume') });
  const back = new Set(cancelledIn(run.activities, { stage, steps: cancelled, since }));
  run.activities = run.activities.map((activity) => (back.has(activity) ? { ...activity, state: 'open' } : activity));
};

/** Enters a stage and those it jumps on to. */
const enter = (run: Run, first: string, at: string): void => {
  let target: string | undefined = first;
  let enteredAt = at;
  while (target !== undefined) {
    run.entries += 1;
    if (run.entries > maxEntries) throw inCircles(run, target);
    const stage = stageOf(run.definition, target);
    run.process = {
      stage: target,
      entry: Math.max(run.process.entry, ...run.process.former.map(({ entry }) => entry)) + 1,
      enteredAt,
      timers: {},
      isPlanDone: false,
      isDone: false,
      refused: null,
      former: run.process.former,
    };
    target = runActions(run, stage.enter ?? [], 'enter');
    if (target === undefined) addPlan(run, stage);
    else leaveFor(run, target);
    enteredAt = run.now;
  }
};

const leaveFor = (run: Run, target: string): void => {
  leave(run);
  run.effects.push({ kind: 'moveStage', from: run.process.stage ?? '', to: target, at: run.now, key: run.key('goTo') });
  run.record['stage'] = target;
  run.record['stageSince'] = run.now;
};

/** Jumps from one stage to another. */
const jump = (run: Run, target: string): void => {
  leaveFor(run, target);
  enter(run, target, run.now);
};

/** Runs actions outside of an entry; a jump enters the other stage. */
const act = (run: Run, actions: readonly ActionConfig[], path: string): boolean => {
  const target = runActions(run, actions, path);
  if (target !== undefined) jump(run, target);
  return target !== undefined;
};

/** Makes the jump that was refused, where the record may by now. */
const goOn = (run: Run): void => {
  const target = retryJump(run);
  if (target !== undefined) jump(run, target);
};

const withoutLeftOut = (run: Run, plan: readonly PlanStepConfig[]): PlanStepConfig[] => {
  const kept = plan.filter((step) => holds(run, step.if));
  const keys = new Set(kept.map((step) => step.key));
  return kept.map((step) =>
    step.after === undefined ? step : { ...step, after: step.after.filter((key) => keys.has(key)) },
  );
};

const addPlan = (run: Run, stage: StageConfig): void => {
  const start = run.process.enteredAt ?? run.now;
  for (const { step, startAt, dueAt } of schedulePlan(withoutLeftOut(run, stage.plan ?? []), {
    start,
    calendar: run.calendar,
  })) {
    run.effects.push({
      kind: 'createActivity',
      key: run.key(`plan/${step.key}`),
      activity: {
        type: step.type,
        title: step.title,
        note: step.note,
        startAt,
        dueAt,
        assignee: step.assignee ?? 'owner',
        isMandatory: step.mandatory === true,
        stage: stage.key,
        planKey: step.key,
      },
    });
    run.activities.push({
      stage: stage.key,
      planKey: step.key,
      state: 'open',
      isMandatory: step.mandatory === true,
      createdAt: run.now,
    });
  }
};

const namedActs: Readonly<Record<string, string>> = {
  activityDone: 'activity.complete',
  activityCancelled: 'activity.cancel',
};

/** Where a record stands is no change of what it says. */
const isOfPlace = ({ fields }: ProcessEvent): boolean =>
  ['stage', 'state', 'deletedAt'].some((field) => fields.includes(field));

const applies = (run: Run, rule: EventConfig, event: ProcessEvent): boolean => {
  const isNamed =
    rule.event === 'recordChanged'
      ? event.fields.length > 0 &&
        !event.act.startsWith('activity.') &&
        (rule.fields !== undefined || !isOfPlace(event))
      : event.act === (namedActs[rule.event] ?? rule.event);
  if (!isNamed) return false;
  if (rule.fields !== undefined && !rule.fields.some((field) => event.fields.includes(field))) return false;
  if (rule.steps !== undefined && !rule.steps.includes(event.step)) return false;
  return run.definition.conditions.holds(rule.if, { record: run.record, now: run.now, event });
};

/** Only what happened since the stage was entered is the stage's business; `event` of the condition is each in turn. */
const handleEvents = (run: Run, events: readonly ProcessEvent[]): void => {
  for (const event of events) {
    if (run.process.stage === null || Date.parse(event.at) <= Date.parse(run.process.enteredAt ?? run.now)) continue;
    const rules = stageOf(run.definition, run.process.stage).on ?? [];
    for (const [position, rule] of rules.entries()) {
      if (!applies(run, rule, event)) continue;
      run.event = event;
      const hasJumped = act(run, rule.do, `on/${position}/${event.seq}`);
      run.event = undefined;
      if (hasJumped) break;
    }
  }
};

const fireTimers = (run: Run): void => {
  for (let count = 0, due = dueTimer(run); due !== undefined; due = dueTimer(run), count += 1) {
    const { timer, fired } = due;
    if (count > maxFirings) throw inCircles(run, timer.key);
    if (holds(run, timer.if)) act(run, timer.do, `timers/${timer.key}/${fired}`);
    armTimers(run);
  }
};

/** All mandatory steps of the plan are done: that happens once in an entry. */
const finishPlan = (run: Run): void => {
  const { stage, isPlanDone, enteredAt } = run.process;
  if (stage === null || isPlanDone) return;
  const mandatory = run.activities.filter(
    (activity) =>
      activity.stage === stage &&
      activity.isMandatory &&
      Date.parse(activity.createdAt) >= Date.parse(enteredAt ?? run.now),
  );
  if (
    mandatory.length === 0 ||
    mandatory.some((activity) => activity.state === 'open') ||
    mandatory.every((activity) => activity.state === 'cancelled')
  )
    return;
  run.process = { ...run.process, isPlanDone: true };
  for (const [position, rule] of (stageOf(run.definition, stage).on ?? []).entries()) {
    if (rule.event !== 'planDone' || !holds(run, rule.if)) continue;
    if (act(run, rule.do, `on/${position}/planDone`)) return;
  }
};
