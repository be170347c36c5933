import { DateTime } from 'luxon';

const months = ['jan', 'feb', 'mär|mar|mrz', 'apr', 'mai|may', 'jun', 'jul', 'aug', 'sep', 'okt|oct', 'nov', 'dez|dec'];

const monthOf = (word: string): number =>
  months.findIndex((names) => names.split('|').some((name) => word.toLowerCase().startsWith(name))) + 1;

const zoneNames: Readonly<Record<string, string>> = {
  MEZ: 'UTC+1',
  CET: 'UTC+1',
  MESZ: 'UTC+2',
  CEST: 'UTC+2',
  GMT: 'UTC',
  UTC: 'UTC',
};

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const toDay = (year = '', month = '', day = ''): Day => ({
  year: Number(year) + (year.length === 2 ? 2_000 : 0),
  month: /^\d/.test(month) ? Number(month) : monthOf(month),
  day: Number(day),
});

const readDay = (text: string): Day | undefined => {
  const iso = /\b(\d{4})-(\d{2})-(\d{2})/.exec(text);
  if (iso !== null) return toDay(iso[1], iso[2], iso[3]);
  const dotted = /\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})\b/.exec(text);
  if (dotted !== null) return toDay(dotted[3], dotted[2], dotted[1]);
  const dayFirst = /\b(\d{1,2})\.?\s([\p{L}]{3,10})\.?\s(\d{4})\b/u.exec(text);
  if (dayFirst !== null) return toDay(dayFirst[3], dayFirst[2], dayFirst[1]);
  const monthFirst = /\b([A-Z][a-z]{2,9})\s(\d{1,2}),?\s(\d{4})\b/.exec(text);
  return monthFirst === null ? undefined : toDay(monthFirst[3], monthFirst[1], monthFirst[2]);
};

const readZone = (text: string): string | undefined => {
  const offset = /(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?\s*(?:\(|$)/.exec(text);
  if (offset !== null) return `UTC${offset[1]}${Number(offset[2])}:${offset[3] ?? '00'}`;
  const name = /\b(MESZ|MEZ|CEST|CET|GMT|UTC)\b/.exec(text)?.[1];
  if (name !== undefined) return zoneNames[name];
  return /\dZ$/.test(text) ? 'UTC' : undefined;
};

/**
 * Instant, as ISO 8601 in UTC, of a date as a mail client writes it above a quoted mail, in German or English
 * (`Montag, 23. November 2026 um 10:12`, `23.11.2026 10:12`, `Nov 23, 2026, 9:12 PM`). Without a zone it is one of `zone`.
 */
export function readQuotedDate(written: string, zone = 'Europe/Berlin'): string | null {
  const text = written
    .slice(0, 200)
    .replace(/[\u00a0\u202f]/g, ' ')
    .trim();
  const iso = DateTime.fromISO(text, { zone: 'utc' });
  if (/^\d{4}-\d{2}-\d{2}T.*Z$/.test(text) && iso.isValid) return iso.toISO();
  const day = readDay(text);
  if (day === undefined) return null;
  const [, hour = '0', minute = '0', second = '0', half] =
    /\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s?([AaPp]\.?[Mm]\b)?/.exec(text) ?? [];
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/^p/i.test(half) ? 12 : 0);
  const time = { hour: hours, minute: Number(minute), second: Number(second) };
  const date = DateTime.fromObject({ ...day, ...time }, { zone: readZone(text) ?? zone });
  return date.isValid ? date.toUTC().toISO() : null;
}
