import type { Calendar, Duration } from './calendar.ts';
import { LeitwerkError, type Issue } from './errors.ts';

/** What scheduling needs to know of a step; `after` names steps that must have ended. */
export interface PlanStep {
  readonly key: string;
  readonly after?: readonly string[];
  /** Wait after the plan's start, or after the last step of `after` has ended. */
  readonly offset?: Duration;
  /** From begin to due. Absent: due at its begin. */
  readonly duration?: Duration;
  /** Begins whenever it falls, also at night and on days off. */
  readonly anyTime?: boolean;
}

export interface Scheduled<S extends PlanStep = PlanStep> {
  readonly step: S;
  readonly startAt: string;
  readonly dueAt: string;
}

/** A step that exists already: its own times hold, its followers are planned from them. */
export interface Slot {
  readonly startAt: string;
  readonly dueAt: string;
}

export interface PlanOptions {
  readonly start: string;
  readonly calendar: Calendar;
  readonly fixed?: ReadonlyMap<string, Slot>;
}

/**
 * Steps in an order in which every step follows what it depends on; equal ones keep the order written.
 * @throws LeitwerkError `InvalidInput` naming double keys, unknown keys and cycles, all at once, by `/<position>`.
 */
export function orderPlan<S extends PlanStep>(plan: readonly S[]): S[] {
  const issues = planIssues(plan);
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  return sorted(plan).order;
}

const sorted = <S extends PlanStep>(plan: readonly S[]): { order: S[]; rest: S[] } => {
  const order: S[] = [];
  const placed = new Set<string>();
  let rest = [...plan];
  for (;;) {
    const ready = rest.find((step) => (step.after ?? []).every((key) => placed.has(key)));
    if (ready === undefined) return { order, rest };
    order.push(ready);
    placed.add(ready.key);
    rest = rest.filter((step) => step !== ready);
  }
};

/** Faults of a plan: `duplicate` and `unknown` keys, `cycle`. Empty when it can be scheduled. */
export function planIssues(plan: readonly PlanStep[]): Issue[] {
  const issues: Issue[] = [];
  const keys = new Set(plan.map((step) => step.key));
  const seen = new Set<string>();
  for (const [position, step] of plan.entries()) {
    if (seen.has(step.key))
      issues.push({ path: `/${position}/key`, code: 'duplicate', message: `"${step.key}" is used twice.` });
    seen.add(step.key);
    for (const key of step.after ?? []) {
      if (!keys.has(key))
        issues.push({ path: `/${position}/after`, code: 'unknown', message: `"${key}" is not a step of this plan.` });
    }
  }
  if (issues.length > 0) return issues;
  const { rest } = sorted(plan);
  return rest.map((step) => ({
    path: `/${plan.indexOf(step)}/after`,
    code: 'cycle',
    message: `"${step.key}" waits for itself through "${(step.after ?? []).join('", "')}".`,
  }));
}

const latest = (instants: readonly string[]): string | undefined =>
  instants.reduce<string | undefined>(
    (last, instant) => (last === undefined || Date.parse(instant) > Date.parse(last) ? instant : last),
    undefined,
  );

/**
 * Gives every step its begin and due date, in dependency order. Steps in `fixed` keep their times.
 * Re-anchoring a plan is scheduling it again with another start.
 * @throws LeitwerkError `InvalidInput` for a plan that cannot be scheduled.
 */
export function schedulePlan<S extends PlanStep>(plan: readonly S[], options: PlanOptions): Scheduled<S>[] {
  const { calendar, fixed } = options;
  const ends = new Map<string, string>();
  return orderPlan(plan).map((step) => {
    const slot =
      fixed?.get(step.key) ??
      place(step, latest((step.after ?? []).map((key) => ends.get(key) ?? options.start)) ?? options.start, calendar);
    ends.set(step.key, slot.dueAt);
    return { step, startAt: slot.startAt, dueAt: slot.dueAt };
  });
}

const place = (step: PlanStep, base: string, calendar: Calendar): Slot => {
  const begin = step.offset === undefined ? calendar.add(base, {}) : calendar.add(base, step.offset);
  const startAt = step.anyTime === true ? begin : calendar.nextWorkingInstant(begin);
  return { startAt, dueAt: step.duration === undefined ? startAt : calendar.add(startAt, step.duration) };
};

const followersOf = (plan: readonly PlanStep[], moved: string): Set<string> => {
  const followers = new Set([moved]);
  for (const step of orderPlan(plan)) {
    if ((step.after ?? []).some((key) => followers.has(key))) followers.add(step.key);
  }
  followers.delete(moved);
  return followers;
};

/**
 * New times of all steps that follow `moved`, after it got `slot`; only those that change are answered.
 * Steps missing in `current` (done, cancelled) are left alone, and what follows them is planned from their old times in `done`.
 */
export function shiftFollowers<S extends PlanStep>(
  plan: readonly S[],
  change: {
    readonly moved: string;
    readonly slot: Slot;
    readonly current: ReadonlyMap<string, Slot>;
    readonly done?: ReadonlyMap<string, Slot>;
  },
  options: { readonly start: string; readonly calendar: Calendar },
): Scheduled<S>[] {
  const followers = followersOf(plan, change.moved);
  const fixed = new Map<string, Slot>(change.done ?? []);
  for (const [key, slot] of change.current) if (!followers.has(key)) fixed.set(key, slot);
  fixed.set(change.moved, change.slot);
  return schedulePlan(plan, { ...options, fixed }).filter(({ step, startAt, dueAt }) => {
    const before = change.current.get(step.key);
    return followers.has(step.key) && before !== undefined && (before.startAt !== startAt || before.dueAt !== dueAt);
  });
}
