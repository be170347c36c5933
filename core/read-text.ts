/**
 * Reads numbers, amounts, dates and yes/no as people and other programs write them, German first.
 * Every function answers undefined when the text cannot be meant that way.
 */
import { DateTime } from 'luxon';

const grouped = (digits: string, separator: string): boolean => {
  const [first = '', ...rest] = digits.split(separator);
  return first.length >= 1 && first.length <= 3 && rest.every((part) => part.length === 3);
};

interface Separators {
  readonly decimal: '.' | ',' | undefined;
  readonly thousands: '.' | ',' | undefined;
}

/**
 * Which of point and comma means what. With both, the last is the decimal one; one that repeats groups thousands.
 * A lone one before exactly three digits is unclear: it groups where there are no three decimals (`hasFew`), as in amounts and whole
 * numbers; for other numbers a comma is a German decimal.
 */
const separatorsOf = (text: string, hasFew: boolean): Separators => {
  const point = text.lastIndexOf('.');
  const comma = text.lastIndexOf(',');
  if (point >= 0 && comma >= 0)
    return point > comma ? { decimal: '.', thousands: ',' } : { decimal: ',', thousands: '.' };
  if (point < 0 && comma < 0) return { decimal: undefined, thousands: undefined };
  return separatorAlone(text, point >= 0 ? '.' : ',', hasFew);
};

const separatorAlone = (text: string, only: '.' | ',', hasFew: boolean): Separators => {
  const position = text.lastIndexOf(only);
  if (text.indexOf(only) !== position) return { decimal: undefined, thousands: only };
  const isUnclear = text.length - position - 1 === 3 && position > 0 && position <= 3 && !text.startsWith('0');
  const isGroup = isUnclear && (hasFew || only === '.');
  return isGroup ? { decimal: undefined, thousands: only } : { decimal: only, thousands: undefined };
};

const readDigits = (text: string, hasFew: boolean): number | undefined => {
  if (!/^\d[\d.,]*$|^[.,]\d+$/.test(text)) return undefined;
  const { decimal, thousands } = separatorsOf(text, hasFew);
  const at = decimal === undefined ? text.length : text.lastIndexOf(decimal);
  const whole = text.slice(0, at);
  if (thousands !== undefined && whole.includes(thousands) && !grouped(whole, thousands)) return undefined;
  if (decimal !== undefined && text.indexOf(decimal) !== at) return undefined;
  const plain = `${thousands === undefined ? whole : whole.replaceAll(thousands, '')}.${text.slice(at + 1) || '0'}`;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
};

const withoutBlanks = (text: string): string => text.replaceAll(/[\s'’_]/g, '');

const signed = (text: string, read: (digits: string) => number | undefined): number | undefined => {
  const isNegative = /^[-−–]/.test(text);
  const value = read(text.replace(/^[-−–+]/, ''));
  return isNegative && value !== undefined && value !== 0 ? -value : value;
};

const readPlain = (text: string, hasFew: boolean): number | undefined => {
  const bare = withoutBlanks(text).slice(0, 40);
  if (/^[-+]?\d+(\.\d+)?e[-+]?\d{1,3}$/i.test(bare)) return Number.isFinite(Number(bare)) ? Number(bare) : undefined;
  return signed(bare, (digits) => readDigits(digits, hasFew));
};

/** `1.234,5`, `1,234.5`, `1234.5`, `-3`, `1e3`. */
export const readNumber = (text: string): number | undefined => readPlain(text, false);

/** As `readNumber`, where whole numbers are meant: `1,234` is one. */
export const readWhole = (text: string): number | undefined => readPlain(text, true);

/** An amount in units of the currency with all its decimals: `12.000,50 €`, `EUR 1,234.56`, `1.500,-`. */
export function readAmount(text: string): number | undefined {
  const bare = withoutBlanks(text.slice(0, 60))
    .replaceAll(/€|\$|£|euro|eur|usd|chf|gbp/gi, '')
    .replace(/[.,][-–—]{1,2}$/, '');
  return signed(bare, (digits) => readDigits(digits, true));
}

/** An amount as it is kept. */
export const toCents = (amount: number): number => Math.round(amount * 100) / 100;

/** As `readAmount`, as it is kept. */
export function readMoney(text: string): number | undefined {
  const amount = readAmount(text);
  return amount === undefined ? undefined : toCents(amount);
}

/** Whether an amount has more than the two decimals that are kept; what binary fractions add (0.1 + 0.2) are none. */
export function isTooFine(value: unknown): boolean {
  const amount = typeof value === 'string' ? readAmount(value) : value;
  return typeof amount === 'number' && Math.abs(amount - toCents(amount)) > Math.abs(amount) * 1e-15;
}

const yes = new Set(['ja', 'j', 'yes', 'y', 'on', '1', 'true', 'wahr', 'x', 'ok', 'an']);
const no = new Set(['nein', 'n', 'no', 'off', '0', 'false', 'falsch', 'aus']);

export function readBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (yes.has(word)) return true;
  return no.has(word) ? false : undefined;
}

const germanDate =
  /^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?:[,\sT]+(?:um\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*Uhr)?)?$/;
const isoDate = /^(\d{4})-(\d{2})-(\d{2})$/;
const isoInstant = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?$/;

const century = (year: string): number =>
  year.length === 4 ? Number(year) : Number(year) + (Number(year) < 70 ? 2000 : 1900);

/** A German or ISO date, with or without a time; a time without an offset is local time of the zone. */
const readDateTime = (text: string, timeZone: string): DateTime<true> | undefined => {
  const trimmed = text.trim();
  const german = germanDate.exec(trimmed);
  const [, day, month, year = '', hour = '0', minute = '0', second = '0'] = german ?? [];
  const at =
    german === null
      ? DateTime.fromISO(trimmed.replace(' ', 'T').replace(/\s+/, ''), { zone: timeZone })
      : DateTime.fromObject(
          {
            year: century(year),
            month: Number(month),
            day: Number(day),
            hour: Number(hour),
            minute: Number(minute),
            second: Number(second),
          },
          { zone: timeZone },
        );
  const isKnownForm = german !== null || isoDate.test(trimmed) || isoInstant.test(trimmed);
  return isKnownForm && at.isValid ? at : undefined;
};

/** `YYYY-MM-DD`; of a point in time the day it is in the zone. */
export function readDate(text: string, timeZone: string): string | undefined {
  return readDateTime(text, timeZone)?.toISODate() ?? undefined;
}

/** ISO text with milliseconds and Z. */
export function readInstant(text: string, timeZone: string): string | undefined {
  return readDateTime(text, timeZone)?.toUTC().toISO() ?? undefined;
}

/** Seconds or milliseconds since 1970, between 2001 and 2286. */
export function readEpoch(value: number): string | undefined {
  if (value >= 1e9 && value < 1e10) return new Date(value * 1000).toISOString();
  return value >= 1e12 && value < 1e13 ? new Date(value).toISOString() : undefined;
}
