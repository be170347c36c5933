import { DateTime } from 'luxon';
import type { CalendarsConfig, PipelinesDuration } from '../schemas/generated/config.ts';
import { LeitwerkError } from './errors.ts';

export const weekdays = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;

/** Value of config kind `calendars`. Hours are wall clock of `timeZone`, `HH:mm-HH:mm`; `24:00` ends a day. */
export type CalendarConfig = Readonly<CalendarsConfig>;

/** A span as config writes it. Parts add up, days first; `at` then sets the time of day. */
export type Duration = Readonly<PipelinesDuration>;

/** Business time of one config. Instants in and out are ISO text in UTC with milliseconds. */
export interface Calendar {
  readonly timeZone: string;
  isWorkingDay(isoDate: string): boolean;
  /** First moment of a date (`YYYY-MM-DD`) in the calendar's time zone. */
  startOfDay(isoDate: string): string;
  /** The instant itself when it is working time, else the begin of the next working time. */
  nextWorkingInstant(instant: string): string;
  /** Negative amounts count back. Zero answers the instant itself. */
  addWorkingMinutes(instant: string, minutes: number): string;
  /** Keeps the time of day; from a day off, the first working day counts as one. */
  addWorkingDays(instant: string, days: number): string;
  add(instant: string, duration: Duration): string;
  subtract(instant: string, duration: Duration): string;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

const minuteMs = 60_000;
/** Beyond this many days without working time the calendar is taken for empty. */
const horizonDays = 4_000;
const spanPattern = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;
const timePattern = /^([01]\d|2[0-3]):([0-5]\d)$/;

interface ClockSpan {
  readonly from: number;
  readonly to: number;
}

const misconfigured = (de: string, en: string): LeitwerkError =>
  new LeitwerkError('Misconfigured', { text: { de, en } });

const parseSpan = (text: string): ClockSpan => {
  const match = spanPattern.exec(text);
  const [fromHour, fromMinute, toHour, toMinute] = (match?.slice(1) ?? []).map(Number);
  const from = (fromHour ?? 0) * 60 + (fromMinute ?? 0);
  const to = (toHour ?? 0) * 60 + (toMinute ?? 0);
  if (match === null || to <= from || to > 1440) {
    throw misconfigured(
      `„${text}“ ist keine Arbeitszeit (HH:mm-HH:mm).`,
      `"${text}" is not a working time (HH:mm-HH:mm).`,
    );
  }
  return { from, to };
};

const parseWeek = (config: CalendarConfig): ClockSpan[][] => {
  const week = weekdays.map((day) => (config.week[day] ?? []).map(parseSpan).toSorted((a, b) => a.from - b.from));
  for (const [index, spans] of week.entries()) {
    if (spans.some((span, position) => span.from < (spans[position - 1]?.to ?? 0))) {
      const day = weekdays[index] ?? '';
      throw misconfigured(`Arbeitszeiten am Tag „${day}“ überschneiden sich.`, `Working times on "${day}" overlap.`);
    }
  }
  if (week.every((spans) => spans.length === 0)) {
    throw misconfigured(
      `Kalender „${config.key}“ hat keine Arbeitszeit.`,
      `Calendar "${config.key}" has no working time.`,
    );
  }
  return week;
};

const toIso = (ms: number): string => new Date(ms).toISOString();

/** Wall clock of a day as an instant; a time that the clocks skip moves on by the gap. */
const clockMs = (day: DateTime, minutes: number): number =>
  minutes === 1440
    ? day.plus({ days: 1 }).startOf('day').toMillis()
    : day.set({ hour: Math.trunc(minutes / 60), minute: minutes % 60, second: 0, millisecond: 0 }).toMillis();

/**
 * A business calendar. `isHoliday` says whether a date (`YYYY-MM-DD`) is a public holiday; it must always say the same.
 * @throws LeitwerkError `Misconfigured` for an unknown time zone, unreadable or overlapping hours, or a week without work.
 */
export function createCalendar(
  config: CalendarConfig,
  isHoliday: (isoDate: string) => boolean = () => false,
): Calendar {
  return new BusinessCalendar(config, isHoliday);
}

class BusinessCalendar implements Calendar {
  readonly timeZone: string;
  readonly #key: string;
  readonly #week: readonly (readonly ClockSpan[])[];
  readonly #daysOff: ReadonlySet<string>;
  readonly #isHoliday: (isoDate: string) => boolean;
  readonly #spans = new Map<string, readonly Span[]>();

  constructor(config: CalendarConfig, isHoliday: (isoDate: string) => boolean) {
    this.timeZone = config.timeZone;
    if (!DateTime.now().setZone(config.timeZone).isValid) {
      throw misconfigured(`Zeitzone „${config.timeZone}“ ist unbekannt.`, `Time zone "${config.timeZone}" is unknown.`);
    }
    this.#key = config.key;
    this.#week = parseWeek(config);
    this.#daysOff = new Set((config.daysOff ?? []).map((day) => day.date));
    this.#isHoliday = isHoliday;
  }

  isWorkingDay(isoDate: string): boolean {
    return this.#isWorkingDate(DateTime.fromISO(isoDate, { zone: this.timeZone }));
  }

  startOfDay(isoDate: string): string {
    return toIso(DateTime.fromISO(isoDate, { zone: this.timeZone }).startOf('day').toMillis());
  }

  nextWorkingInstant(instant: string): string {
    return toIso(this.#forward(Date.parse(instant), 0));
  }

  addWorkingMinutes(instant: string, minutes: number): string {
    const start = Date.parse(instant);
    const ms = Math.round(minutes * minuteMs);
    if (ms === 0) return toIso(start);
    return toIso(ms > 0 ? this.#forward(start, ms) : this.#backward(start, -ms));
  }

  addWorkingDays(instant: string, days: number): string {
    if (days === 0) return toIso(Date.parse(instant));
    const step = days > 0 ? 1 : -1;
    const start = this.#local(instant);
    let left = Math.abs(days);
    const date = this.#walk(start.startOf('day').plus({ days: step }), step, (day) => {
      if (this.#isWorkingDate(day)) left -= 1;
      return left <= 0 ? day : undefined;
    });
    const { hour, minute, second, millisecond } = start;
    return toIso(date.set({ hour, minute, second, millisecond }).toMillis());
  }

  add(instant: string, duration: Duration): string {
    return this.#shift(instant, duration, 1);
  }

  subtract(instant: string, duration: Duration): string {
    return this.#shift(instant, duration, -1);
  }

  #shift(instant: string, duration: Duration, sign: 1 | -1): string {
    const of = (unit: Exclude<keyof Duration, 'at'>): number => sign * (duration[unit] ?? 0);
    const days = this.#addDays(instant, of('days'));
    const workingDays = this.addWorkingDays(days, of('workingDays'));
    const plain = toIso(Date.parse(workingDays) + Math.round((of('hours') * 60 + of('minutes')) * minuteMs));
    const result = this.addWorkingMinutes(plain, of('workingHours') * 60 + of('workingMinutes'));
    return duration.at === undefined ? result : this.#atTime(result, duration.at, sign > 0 ? instant : undefined);
  }

  #addDays(instant: string, days: number): string {
    return toIso(days === 0 ? Date.parse(instant) : this.#local(instant).plus({ days }).toMillis());
  }

  /** The time of day on the instant's date; the next day where that would lie before `after`. */
  #atTime(instant: string, at: string, after: string | undefined): string {
    const match = timePattern.exec(at);
    if (match === null)
      throw misconfigured(`„${at}“ ist keine Uhrzeit (HH:mm).`, `"${at}" is not a time of day (HH:mm).`);
    const day = this.#local(instant);
    const minutes = Number(match[1]) * 60 + Number(match[2]);
    const ms = clockMs(day, minutes);
    return toIso(after !== undefined && ms < Date.parse(after) ? clockMs(day.plus({ days: 1 }), minutes) : ms);
  }

  #local(instant: string): DateTime {
    return DateTime.fromISO(instant, { zone: this.timeZone });
  }

  #isWorkingDate(day: DateTime): boolean {
    const date = day.toISODate() ?? '';
    return (this.#week[day.weekday - 1]?.length ?? 0) > 0 && !this.#daysOff.has(date) && !this.#isHoliday(date);
  }

  #spansOn(day: DateTime): readonly Span[] {
    const date = day.toISODate() ?? '';
    const known = this.#spans.get(date);
    if (known !== undefined) return known;
    const clock = this.#isWorkingDate(day) ? (this.#week[day.weekday - 1] ?? []) : [];
    const spans = clock
      .map((span) => ({ from: clockMs(day, span.from), to: clockMs(day, span.to) }))
      .filter((span) => span.to > span.from);
    if (this.#spans.size > 1_000) this.#spans.clear();
    this.#spans.set(date, spans);
    return spans;
  }

  #walk<T>(start: DateTime, step: 1 | -1, found: (day: DateTime) => T | undefined): T {
    let day = start;
    for (let count = 0; count <= horizonDays; count += 1) {
      const answer = found(day);
      if (answer !== undefined) return answer;
      day = day.plus({ days: step });
    }
    throw misconfigured(
      `Kalender „${this.#key}“ findet keine Arbeitszeit.`,
      `Calendar "${this.#key}" finds no working time.`,
    );
  }

  #forward(startMs: number, wantedMs: number): number {
    let left = wantedMs;
    return this.#walk(DateTime.fromMillis(startMs, { zone: this.timeZone }).startOf('day'), 1, (day) => {
      for (const span of this.#spansOn(day)) {
        const from = Math.max(span.from, startMs);
        const available = span.to - from;
        if (available <= 0) continue;
        if (left <= available) return from + left;
        left -= available;
      }
      return undefined;
    });
  }

  #backward(startMs: number, wantedMs: number): number {
    let left = wantedMs;
    return this.#walk(DateTime.fromMillis(startMs, { zone: this.timeZone }).startOf('day'), -1, (day) => {
      for (const span of this.#spansOn(day).toReversed()) {
        const to = Math.min(span.to, startMs);
        const available = to - span.from;
        if (available <= 0) continue;
        if (left <= available) return to - left;
        left -= available;
      }
      return undefined;
    });
  }
}
