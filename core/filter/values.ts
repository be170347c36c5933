import { DateTime } from 'luxon';

/** A day in the time zone of the filter, or a point in time. */
export type Moment =
  | { readonly is: 'day'; readonly date: string }
  | { readonly is: 'instant'; readonly instant: string };

export interface Clock {
  readonly now: Date;
  readonly timeZone: string;
}

const dayFormat = 'yyyy-MM-dd';

/** Years beyond these are typing errors, and ISO text would no longer sort by time. */
const inRange = (moment: DateTime): boolean => moment.isValid && moment.year >= 1000 && moment.year <= 9000;

const toDay = (moment: DateTime): Moment | undefined =>
  inRange(moment) ? { is: 'day', date: moment.toFormat(dayFormat) } : undefined;

const toInstant = (moment: DateTime): Moment | undefined =>
  inRange(moment) ? { is: 'instant', instant: moment.toJSDate().toISOString() } : undefined;

const wordDays: Readonly<Record<string, number>> = {
  heute: 0,
  today: 0,
  gestern: -1,
  yesterday: -1,
  morgen: 1,
  tomorrow: 1,
};

const wordPattern = /^([a-z]+)(?:\s*([+-])\s*(\d{1,6}))?$/i;

const readWord = (text: string, clock: Clock): Moment | undefined => {
  const [, word = '', sign, days = '0'] = wordPattern.exec(text) ?? [];
  const now = DateTime.fromJSDate(clock.now, { zone: clock.timeZone });
  if (/^(jetzt|now)$/i.test(text)) return toInstant(now);
  const base = Object.hasOwn(wordDays, word.toLowerCase()) ? wordDays[word.toLowerCase()] : undefined;
  if (base === undefined) return undefined;
  return toDay(now.plus({ days: base + (sign === '-' ? -Number(days) : Number(days)) }));
};

const germanPattern = /^(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{4}|\d{2}))?(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

const readGerman = (text: string, clock: Clock): Moment | undefined => {
  const found = germanPattern.exec(text);
  if (found === null) return undefined;
  const [, day, month, yearText, hour, minute, second = '0'] = found;
  const thisYear = DateTime.fromJSDate(clock.now, { zone: clock.timeZone }).year;
  const year = yearText === undefined ? thisYear : Number(yearText) + (yearText.length === 2 ? 2000 : 0);
  const date = { year, month: Number(month), day: Number(day) };
  if (hour === undefined) return toDay(DateTime.fromObject(date, { zone: 'utc' }));
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) };
  return toInstant(DateTime.fromObject({ ...date, ...time }, { zone: clock.timeZone }));
};

const isoPattern = /^\d{4}-\d{2}-\d{2}(?:([T ])\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

const readIso = (text: string, clock: Clock): Moment | undefined => {
  const found = isoPattern.exec(text);
  if (found === null) return undefined;
  if (found[1] === undefined) return toDay(DateTime.fromISO(text, { zone: 'utc' }));
  return toInstant(DateTime.fromISO(text.replace(' ', 'T'), { zone: clock.timeZone }));
};

/** Reads `1.3.2019`, `1.3.`, `1.3.2019 14:30`, ISO dates and instants, `heute-30`, `morgen`, `jetzt` (and English). */
export const readMoment = (text: string, clock: Clock): Moment | undefined =>
  readWord(text, clock) ?? readGerman(text, clock) ?? readIso(text, clock);

/** First instant of the day and of the next, as ISO text. Days are as long as the time zone makes them. */
export const dayBounds = (date: string, timeZone: string): { from: string; to: string } => {
  const start = DateTime.fromISO(date, { zone: timeZone }).startOf('day');
  const next = start.plus({ days: 1 }).startOf('day');
  return { from: start.toJSDate().toISOString(), to: next.toJSDate().toISOString() };
};

/** The day on which the instant falls in the time zone. */
export const dayOf = (instant: string, timeZone: string): string =>
  DateTime.fromISO(instant, { zone: timeZone }).toFormat(dayFormat);

const plainNumber = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const germanNumber = /^[+-]?(?:\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+,\d+)$/;

/** Reads a number; `1.000` is a thousand where German comes first (column heads), and one everywhere else. */
export const readNumber = (text: string, isGermanFirst: boolean): number | undefined => {
  const isGerman = germanNumber.test(text) && (isGermanFirst || !plainNumber.test(text));
  if (!isGerman && !plainNumber.test(text)) return undefined;
  const value = Number(isGerman ? text.replaceAll('.', '').replace(',', '.') : text);
  return Number.isFinite(value) && Math.abs(value) <= 1e15 ? value + 0 : undefined;
};

const booleans: readonly [RegExp, boolean][] = [
  [/^(true|ja|yes|wahr|1)$/i, true],
  [/^(false|nein|no|falsch|0)$/i, false],
];

export const readBoolean = (text: string): boolean | undefined => booleans.find(([pattern]) => pattern.test(text))?.[1];
