import { DateTime } from 'luxon';
import type { SourcesConfig } from '../schemas/generated/config.ts';
import type { Calendar } from './calendar.ts';

/** Messages of one source in one hour. `hour` is its begin: `2026-11-24T10:00:00.000Z`. Spam is not counted. */
export interface HourCount {
  readonly hour: string;
  readonly count: number;
  readonly errors: number;
}

/** What is known of a source: hours with messages, oldest first, and when the last one came. */
export interface SourceHistory {
  readonly hours: readonly HourCount[];
  readonly lastAt: string | null;
}

export interface WatchRules {
  readonly silence: { readonly isOn: boolean; readonly missed: number; readonly atLeastHours: number };
  readonly errorRate: { readonly isOn: boolean; readonly percent: number; readonly of: number };
}

/** The thresholds of a source's config, with what holds where it says nothing. */
export const watchRules = (alerts: SourcesConfig['alerts']): WatchRules => ({
  silence: { isOn: true, missed: 8, atLeastHours: 2, ...alerts?.silence },
  errorRate: { isOn: true, percent: 30, of: 10, ...alerts?.errorRate },
});

/** Nothing has come since `since`; about `expected` messages usually would have. */
export interface Silence {
  readonly kind: 'silence';
  readonly since: string;
  readonly expected: number;
}

/** Of the newest `count` messages `errors` could not be taken in; usually it is `usualPercent`. */
export interface ErrorRate {
  readonly kind: 'errorRate';
  readonly since: string;
  readonly count: number;
  readonly errors: number;
  readonly percent: number;
  readonly usualPercent: number;
}

export type Finding = Silence | ErrorRate;

const hourMs = 3_600_000;
/** A source that has delivered less than this, or on fewer days, has no habit that could be broken. */
const fewestMessages = 20;
const fewestDays = 5;
/** Silences of the past are forgiven up to this factor: bursts are not a clock. */
const forgiven = 1.5;
const recentMs = 24 * hourMs;

/** Weekday and hour on the wall; a holiday counts as a Sunday. */
export type SlotOf = (hourStartMs: number) => string;

/** Sorts hours by the business calendar. Answers the same for the same hour, and remembers what it has worked out. */
export function createSlots(calendar: Pick<Calendar, 'timeZone' | 'isWorkingDay'>): SlotOf {
  const known = new Map<number, string>();
  const days = new Map<string, boolean>();
  return (ms) => {
    const found = known.get(ms);
    if (found !== undefined) return found;
    const local = DateTime.fromMillis(ms, { zone: calendar.timeZone });
    const date = local.toISODate() ?? '';
    const isWorking = days.get(date) ?? calendar.isWorkingDay(date);
    days.set(date, isWorking);
    const weekday = local.weekday <= 5 && !isWorking ? 7 : local.weekday;
    const slot = `${weekday}/${local.hour}`;
    known.set(ms, slot);
    return slot;
  };
}

/** How many messages usually come between two instants. */
type Expectation = (fromMs: number, toMs: number) => number;

const startOfHour = (ms: number): number => Math.floor(ms / hourMs) * hourMs;

/** The habit of a source, from its first message to its last: what came since is no part of it. */
const habitOf = (hours: readonly HourCount[], slotOf: SlotOf): Expectation => {
  const first = Date.parse(hours[0]?.hour ?? '');
  const last = Date.parse(hours.at(-1)?.hour ?? '');
  const seen = new Map<string, { hours: number; messages: number }>();
  const at = (ms: number): { hours: number; messages: number } => {
    const slot = slotOf(ms);
    const known = seen.get(slot) ?? { hours: 0, messages: 0 };
    seen.set(slot, known);
    return known;
  };
  for (let ms = first; ms <= last; ms += hourMs) at(ms).hours += 1;
  for (const { hour, count } of hours) at(Date.parse(hour)).messages += count;
  const rateOf = (ms: number): number => {
    const slot = seen.get(slotOf(ms));
    return slot === undefined || slot.hours === 0 ? 0 : slot.messages / slot.hours;
  };
  return (fromMs, toMs) => {
    let sum = 0;
    for (let ms = startOfHour(fromMs); ms < toMs; ms += hourMs) {
      const part = Math.min(ms + hourMs, toMs) - Math.max(ms, fromMs);
      sum += (rateOf(ms) * part) / hourMs;
    }
    return sum;
  };
};

/** The longest of the usual pauses, in messages that were expected meanwhile: all but the rarest hundredth of them are shorter. */
const longestPause = (hours: readonly HourCount[], expected: Expectation): number => {
  const pauses = hours
    .slice(1)
    .map(({ hour }, index) => expected(Date.parse(hours[index]?.hour ?? '') + hourMs, Date.parse(hour)))
    .toSorted((one, other) => one - other);
  return pauses[Math.ceil(pauses.length * 0.99) - 1] ?? 0;
};

const hasHabit = (hours: readonly HourCount[]): boolean =>
  hours.reduce((sum, { count }) => sum + count, 0) >= fewestMessages &&
  new Set(hours.map(({ hour }) => hour.slice(0, 10))).size >= fewestDays;

export interface Watched {
  readonly history: SourceHistory;
  readonly rules: WatchRules;
  readonly slotOf: SlotOf;
  readonly now: Date;
}

/**
 * Whether a source that usually delivers has fallen silent: more messages are missing than its rule allows and than were ever missing in
 * its usual pauses, by weekday and hour, holidays as Sundays.
 */
export function findSilence({ history, rules, slotOf, now }: Watched): Silence | undefined {
  const { hours, lastAt } = history;
  const { isOn, missed, atLeastHours } = rules.silence;
  if (!isOn || lastAt === null || !hasHabit(hours)) return undefined;
  const lastMs = Date.parse(lastAt);
  if (now.getTime() - lastMs < atLeastHours * hourMs) return undefined;
  const expectation = habitOf(hours, slotOf);
  const expected = expectation(lastMs, now.getTime());
  if (expected < missed || expected < forgiven * longestPause(hours, expectation)) return undefined;
  return { kind: 'silence', since: lastAt, expected: Math.round(expected) };
}

const percentOf = ({ errors, count }: { readonly errors: number; readonly count: number }): number =>
  count === 0 ? 0 : Math.round((errors / count) * 100);

interface Tally {
  readonly count: number;
  readonly errors: number;
}

const sum = (hours: readonly HourCount[]): Tally =>
  hours.reduce((total, { count, errors }) => ({ count: total.count + count, errors: total.errors + errors }), {
    count: 0,
    errors: 0,
  });

/** The newest hours with messages, until there are enough of them; none that are older than a day. */
const newestHours = ({ history, rules, now }: Watched): readonly HourCount[] => {
  const from = now.getTime() - recentMs;
  const newest: HourCount[] = [];
  let count = 0;
  for (const hour of history.hours.toReversed()) {
    if (count >= rules.errorRate.of || Date.parse(hour.hour) + hourMs <= from) break;
    newest.unshift(hour);
    count += hour.count;
  }
  return newest;
};

/** Whether too many of the newest messages could not be taken in, and more than twice as many as usual. */
export function findErrorRate(watched: Watched): ErrorRate | undefined {
  const { rules, history } = watched;
  const { isOn, percent, of } = rules.errorRate;
  const newest = newestHours(watched);
  const { count, errors } = sum(newest);
  if (!isOn || count < of) return undefined;
  const rate = percentOf({ count, errors });
  const usualPercent = percentOf(sum(history.hours.slice(0, history.hours.length - newest.length)));
  if (rate < percent || rate < 2 * usualPercent) return undefined;
  return { kind: 'errorRate', since: newest[0]?.hour ?? '', count, errors, percent: rate, usualPercent };
}

/** An alert that was given and has not ended. */
export interface OpenAlert {
  readonly kind: Finding['kind'];
  readonly since: string;
}

/** Silence ends with the next message, not with the habit's being forgotten; a rate ends when the newest messages are below the threshold. */
const hasEnded = (alert: OpenAlert, watched: Watched): boolean => {
  const { rules, history } = watched;
  if (!rules[alert.kind].isOn) return true;
  if (alert.kind === 'silence') return history.lastAt !== null && history.lastAt > alert.since;
  const newest = newestHours(watched);
  return newest.length > 0 && percentOf(sum(newest)) < rules.errorRate.percent;
};

/** What is to be said now: alerts that begin, and kinds of open ones that have ended. An open one is not said again. */
export function judgeSource(
  watched: Watched,
  open: readonly OpenAlert[],
): { readonly begun: readonly Finding[]; readonly ended: readonly Finding['kind'][] } {
  const ended = open.filter((alert) => hasEnded(alert, watched)).map(({ kind }) => kind);
  const found = [findSilence(watched), findErrorRate(watched)].filter((finding) => finding !== undefined);
  return { begun: found.filter(({ kind }) => !open.some((alert) => alert.kind === kind)), ended };
}
