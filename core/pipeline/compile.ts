import type { Text } from '../errors.ts';
import { planIssues } from '../plan.ts';
import { checkActions } from './check-actions.ts';
import {
  checkExpression,
  checkField,
  checkSteps,
  unknown,
  unknownStage,
  type Checks,
  type PipelineIssue,
  type PipelineLookup,
  type Report,
} from './checks.ts';
import type { EventConfig, PipelineConfig, RequiresConfig, StageConfig, TimerConfig } from './config.ts';
import { standardCalendar, toDefinition, type PipelineDefinition } from './definition.ts';

export type { PipelineIssue, PipelineLookup } from './checks.ts';

/**
 * Checks the meaning of a pipeline whose shape has passed its JSON schema, and makes it usable.
 * `definition` is absent when the entity is unknown; it is only fit to run when `issues` is empty. Every fault is reported at once.
 */
export function compilePipeline(
  value: PipelineConfig,
  lookup: PipelineLookup,
): { definition: PipelineDefinition | undefined; issues: PipelineIssue[] } {
  const issues: PipelineIssue[] = [];
  const report: Report = (path, code, text) => void issues.push({ path, code, text });
  const model = lookup.model(value.entity);
  if (model === undefined || !model.hasPipeline) {
    report('/entity', 'unknown', {
      de: `„${value.entity}“ ist keine Datenart mit Pipeline.`,
      en: `"${value.entity}" is not an entity with a pipeline.`,
    });
    return { definition: undefined, issues };
  }
  const checks: Checks = { definition: toDefinition(value, model), lookup, report };
  if (!lookup.has('calendars', value.calendar ?? standardCalendar))
    report('/calendar', 'unknown', unknown('Kalender', 'calendar', value.calendar ?? standardCalendar));
  checkDoubles(value.stages, '/stages', report);
  for (const [position, stage] of value.stages.entries()) checkStage(stage, `/stages/${position}`, checks);
  checkReachable(value, report);
  checkJumpLoops(value, report);
  return { definition: checks.definition, issues };
}

const checkDoubles = (items: readonly { readonly key: string }[], path: string, report: Report): void => {
  const seen = new Set<string>();
  for (const [position, item] of items.entries()) {
    if (seen.has(item.key)) {
      report(`${path}/${position}/key`, 'duplicate', {
        de: `„${item.key}“ ist doppelt.`,
        en: `"${item.key}" is used twice.`,
      });
    }
    seen.add(item.key);
  }
};

const checkStage = (stage: StageConfig, path: string, checks: Checks): void => {
  for (const [position, key] of (stage.next ?? []).entries()) {
    if (!checks.definition.stages.has(key))
      checks.report(`${path}/next/${position}`, 'unknown', unknownStage(key, checks));
  }
  if (stage.requires !== undefined) checkRequires(stage.requires, `${path}/requires`, checks);
  checkActions(stage.enter ?? [], `${path}/enter`, { ...checks, stage });
  checkPlan(stage, `${path}/plan`, checks);
  checkDoubles(stage.timers ?? [], `${path}/timers`, checks.report);
  for (const [position, timer] of (stage.timers ?? []).entries())
    checkTimer(timer, `${path}/timers/${position}`, { ...checks, stage });
  for (const [position, rule] of (stage.on ?? []).entries())
    checkRule(rule, `${path}/on/${position}`, { ...checks, stage });
};

const checkFields = (names: readonly string[] | undefined, path: string, checks: Checks): void => {
  for (const [position, name] of (names ?? []).entries()) checkField(name, `${path}/${position}`, checks);
};

const checkRequires = (requires: RequiresConfig, path: string, checks: Checks): void => {
  checkFields(requires.fields, `${path}/fields`, checks);
  for (const [group, names] of (requires.anyOf ?? []).entries()) checkFields(names, `${path}/anyOf/${group}`, checks);
  for (const [position, condition] of (requires.conditions ?? []).entries())
    checkExpression(condition.if, `${path}/conditions/${position}/if`, checks);
};

const checkRule = (rule: EventConfig, path: string, checks: Checks & { readonly stage: StageConfig }): void => {
  checkEventName(rule.event, `${path}/event`, checks);
  checkFields(rule.fields, `${path}/fields`, checks);
  checkSteps(rule.steps ?? [], `${path}/steps`, checks);
  checkExpression(rule.if, `${path}/if`, checks);
  checkActions(rule.do, `${path}/do`, checks);
};

const namedEvents = new Set(['recordChanged', 'activityDone', 'activityCancelled', 'planDone']);

const checkEventName = (event: string, path: string, { definition, report }: Checks): void => {
  const [entity] = event.split('.');
  if (namedEvents.has(event) || (event.includes('.') && (entity === definition.entity || entity === 'activity')))
    return;
  report(path, 'unknown', {
    de: `„${event}“ ist kein Ereignis: ${[...namedEvents].join(', ')} oder „${definition.entity}.<Vorgang>“.`,
    en: `"${event}" is not an event: ${[...namedEvents].join(', ')} or "${definition.entity}.<act>".`,
  });
};

const planTexts: Readonly<Record<string, Text>> = {
  duplicate: { de: 'Der Schlüssel des Planschritts ist doppelt.', en: 'The key of this plan step is used twice.' },
  unknown: {
    de: 'Der Planschritt wartet auf einen, den es nicht gibt.',
    en: 'This plan step waits for one that does not exist.',
  },
  cycle: { de: 'Der Planschritt wartet im Kreis auf sich selbst.', en: 'This plan step waits for itself in a circle.' },
};

const checkPlan = (stage: StageConfig, path: string, checks: Checks): void => {
  for (const issue of planIssues(stage.plan ?? [])) {
    checks.report(
      `${path}${issue.path}`,
      issue.code,
      planTexts[issue.code] ?? { de: issue.message, en: issue.message },
    );
  }
  for (const [position, step] of (stage.plan ?? []).entries()) {
    checkExpression(step.if, `${path}/${position}/if`, checks);
    checkActions([{ createActivity: step }], `${path}/${position}`, { ...checks, stage, isPlanStep: true });
  }
};

const checkInstantField = (name: string, path: string, checks: Checks): void => {
  const field = checks.definition.model.fields.get(name);
  if (field === undefined) checkField(name, path, checks);
  else if (field.kind !== 'date' && field.kind !== 'instant') {
    checks.report(path, 'type', { de: `„${name}“ ist kein Datum.`, en: `"${name}" is not a date.` });
  }
};

const isNothing = (duration: object): boolean =>
  Object.entries(duration).every(([unit, amount]) => unit !== 'at' && amount === 0);

const checkTimer = (timer: TimerConfig, path: string, checks: Checks & { readonly stage: StageConfig }): void => {
  const starts = [timer.after, timer.at, timer.before].filter((start) => start !== undefined);
  if (starts.length !== 1) {
    checks.report(path, 'start', {
      de: 'Ein Zeitgeber hat genau eins von after, at, before.',
      en: 'A timer has exactly one of after, at, before.',
    });
  }
  if (timer.since !== undefined && timer.after === undefined) {
    checks.report(`${path}/since`, 'start', { de: '„since“ gehört zu „after“.', en: '"since" belongs to "after".' });
  }
  if (timer.since?.startsWith('field:') === true)
    checkInstantField(timer.since.slice('field:'.length), `${path}/since`, checks);
  if (timer.at !== undefined) checkInstantField(timer.at.field, `${path}/at/field`, checks);
  if (timer.before !== undefined) checkInstantField(timer.before.field, `${path}/before/field`, checks);
  if (timer.repeat !== undefined && isNothing(timer.repeat.every)) {
    checks.report(`${path}/repeat/every`, 'zero', {
      de: 'Eine Wiederholung braucht einen Abstand.',
      en: 'A repetition needs an interval.',
    });
  }
  checkExpression(timer.if, `${path}/if`, checks);
  checkActions(timer.do, `${path}/do`, checks);
};

const jumpsOf = (stage: StageConfig): string[] =>
  [stage.enter ?? [], ...(stage.timers ?? []).map((timer) => timer.do), ...(stage.on ?? []).map((rule) => rule.do)]
    .flat()
    .flatMap((action) => (action.goTo === undefined ? [] : [action.goTo]));

/** Every stage can be reached from the first by moves of people (`next`, absent = any) or jumps. */
const checkReachable = (value: PipelineConfig, report: Report): void => {
  const byKey = new Map(value.stages.map((stage) => [stage.key, stage]));
  const reached = new Set<string>();
  const open = [value.stages[0]?.key];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const stage = byKey.get(key);
    if (stage === undefined || reached.has(key)) continue;
    reached.add(key);
    open.push(...(stage.next ?? byKey.keys()), ...jumpsOf(stage));
  }
  for (const [position, stage] of value.stages.entries()) {
    if (!reached.has(stage.key)) {
      report(`/stages/${position}`, 'unreachable', {
        de: `Die Stufe „${stage.key}“ ist von keiner anderen zu erreichen.`,
        en: `The stage "${stage.key}" cannot be reached from any other.`,
      });
    }
  }
};

/** Entering that always jumps on and comes back would never end. */
const checkJumpLoops = (value: PipelineConfig, report: Report): void => {
  const jump = new Map(
    value.stages.map((stage) => [
      stage.key,
      (stage.enter ?? []).find((action) => action.if === undefined && action.goTo !== undefined)?.goTo,
    ]),
  );
  for (const [position, stage] of value.stages.entries()) {
    let next = jump.get(stage.key);
    for (let steps = 0; next !== undefined && next !== stage.key && steps < value.stages.length; steps += 1)
      next = jump.get(next);
    if (next === stage.key) {
      report(`/stages/${position}/enter`, 'loop', {
        de: `Die Stufe „${stage.key}“ springt beim Betreten im Kreis.`,
        en: `Entering the stage "${stage.key}" jumps in a circle.`,
      });
    }
  }
};
