import type { TimerConfig } from './config.ts';
import { stageOf } from './definition.ts';
import type { Run } from './run.ts';
import type { NextAction, TimerState } from './state.ts';

const timersOf = (run: Run): readonly TimerConfig[] =>
  run.process.stage === null ? [] : (stageOf(run.definition, run.process.stage).timers ?? []);

const datePattern = /^\d{4}-\d{2}-\d{2}$/;

/** A date or instant field as an instant; a date is its first moment in the calendar's time zone. */
const fieldInstant = (run: Run, field: string): string | undefined => {
  const value = run.record[field];
  if (typeof value !== 'string' || value === '') return undefined;
  return datePattern.test(value) ? run.calendar.startOfDay(value) : value;
};

const sinceOf = (run: Run, since: string): string | undefined => {
  const entered = run.process.enteredAt ?? run.now;
  if (since === 'stage') return entered;
  if (since === 'creation') return fieldInstant(run, 'createdAt');
  if (since === 'change')
    return run.touchedAt !== undefined && Date.parse(run.touchedAt) > Date.parse(entered) ? run.touchedAt : entered;
  return fieldInstant(run, since.slice('field:'.length));
};

/** Instant a timer counts from, undefined while the field it needs is empty. */
const baseOf = (run: Run, timer: TimerConfig): string | undefined => {
  if (timer.at !== undefined) return fieldInstant(run, timer.at.field);
  if (timer.before !== undefined) return fieldInstant(run, timer.before.field);
  return sinceOf(run, timer.since ?? 'stage');
};

const firstDue = (run: Run, timer: TimerConfig, base: string): string => {
  if (timer.before !== undefined) return run.calendar.subtract(base, timer.before.by);
  return timer.after === undefined ? base : run.calendar.add(base, timer.after);
};

/** Brings the timers to the stage and to what they count from; a changed base arms a timer anew, an emptied one disarms it. */
export function armTimers(run: Run): void {
  const timers: Record<string, TimerState> = {};
  for (const timer of timersOf(run)) {
    const base = baseOf(run, timer);
    if (base === undefined) continue;
    const known = run.process.timers[timer.key];
    timers[timer.key] = known?.base === base ? known : { base, fired: 0, dueAt: firstDue(run, timer, base) };
  }
  run.process = { ...run.process, timers };
}

const later = (one: string, other: string | undefined): string =>
  other !== undefined && Date.parse(other) > Date.parse(one) ? other : one;

/** A snoozed record's timers wait until it is back. */
const snoozeEnd = (run: Run): string | undefined => {
  const until = fieldInstant(run, 'snoozedUntil');
  return until !== undefined && Date.parse(until) > Date.parse(run.now) ? until : undefined;
};

interface Pending {
  readonly timer: TimerConfig;
  readonly state: TimerState;
  readonly dueAt: string;
}

const earliest = (run: Run): Pending | undefined => {
  const hold = snoozeEnd(run);
  let first: Pending | undefined;
  for (const timer of timersOf(run)) {
    const state = run.process.timers[timer.key];
    if (state === undefined || state.dueAt === null) continue;
    const dueAt = later(state.dueAt, hold);
    if (first === undefined || Date.parse(dueAt) < Date.parse(first.dueAt)) first = { timer, state, dueAt };
  }
  return first;
};

/** Next firing after this one; those missed while nobody was there are made up for by this one. */
const nextDue = (run: Run, timer: TimerConfig, state: TimerState): string | null => {
  if (timer.repeat === undefined || state.fired + 1 >= timer.repeat.max || state.dueAt === null) return null;
  for (let due = state.dueAt, rounds = 0; rounds < 1_000; rounds += 1) {
    const next = run.calendar.add(due, timer.repeat.every);
    if (Date.parse(next) <= Date.parse(due)) return null;
    if (Date.parse(next) > Date.parse(run.now)) return next;
    due = next;
  }
  return run.calendar.add(run.now, timer.repeat.every);
};

/** Takes the earliest timer that is due and counts its firing; `fired` is the how-manieth it is, from 1. */
export function dueTimer(run: Run): { readonly timer: TimerConfig; readonly fired: number } | undefined {
  const first = earliest(run);
  if (first === undefined || Date.parse(first.dueAt) > Date.parse(run.now)) return undefined;
  const { timer, state } = first;
  const fired = state.fired + 1;
  const next: TimerState = { base: state.base, fired, dueAt: nextDue(run, timer, state) };
  run.process = { ...run.process, timers: { ...run.process.timers, [timer.key]: next } };
  return { timer, fired };
}

/** What the process waits for now. */
export function nextAction(run: Run): NextAction | undefined {
  const first = earliest(run);
  if (first === undefined) return undefined;
  return { at: first.dueAt, kind: first.timer.kind ?? 'reminder', timer: first.timer.key, text: first.timer.label };
}
