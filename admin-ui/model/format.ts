import type { Language } from '../../core/errors.ts';

const locale = (language: Language): string => (language === 'de' ? 'de-DE' : 'en-GB');
const formats = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

const dateFormat = (language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = language + JSON.stringify(options);
  const known = formats.get(key);
  if (known instanceof Intl.DateTimeFormat) return known;
  const made = new Intl.DateTimeFormat(locale(language), options);
  formats.set(key, made);
  return made;
};

const numberFormat = (language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
  const key = `n${language}${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known instanceof Intl.NumberFormat) return known;
  const made = new Intl.NumberFormat(locale(language), options);
  formats.set(key, made);
  return made;
};

/** Amount in units of the currency; cents only where there are some. */
export function formatMoney(amount: number, language: Language): string {
  const digits = Number.isInteger(amount) ? 0 : 2;
  return numberFormat(language, {
    style: 'currency',
    currency: 'EUR',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount);
}

/** A number as it is edited: without groups, so that it is read again as it is meant. */
export function toEditable(value: number, isMoney: boolean, language: Language): string {
  const digits = isMoney && !Number.isInteger(value) ? 2 : 0;
  const options = { useGrouping: false, minimumFractionDigits: digits, maximumFractionDigits: 20 };
  return numberFormat(language, options).format(value);
}

export function formatNumber(value: number, language: Language): string {
  return numberFormat(language, { maximumFractionDigits: 4 }).format(value);
}

export function formatInstant(iso: string, language: Language): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return dateFormat(language, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at);
}

export function formatTime(iso: string, language: Language): string {
  return dateFormat(language, { hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** Weekday, day and time, for what is near: "Fr, 27. Nov., 14:00". */
export function formatSoon(iso: string, language: Language): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  };
  return dateFormat(language, options).format(new Date(iso));
}

/** A plain date (`YYYY-MM-DD`), without any time zone. */
export function formatDate(date: string, language: Language): string {
  const at = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return date;
  return dateFormat(language, { day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' }).format(at);
}

export type AgeUnit = 'minutes' | 'hours' | 'days' | 'months' | 'years';

/** How long ago, in the one unit that a person would say. */
export function ageOf(iso: string, now: Date): { readonly unit: AgeUnit; readonly count: number } {
  const minutes = Math.max(0, Math.floor((now.getTime() - new Date(iso).getTime()) / 60_000));
  if (minutes < 60) return { unit: 'minutes', count: minutes };
  if (minutes < 48 * 60) return { unit: 'hours', count: Math.floor(minutes / 60) };
  const days = Math.floor(minutes / 1440);
  if (days < 90) return { unit: 'days', count: days };
  return days < 730
    ? { unit: 'months', count: Math.floor(days / 30) }
    : { unit: 'years', count: Math.floor(days / 365) };
}

/** For `<input type="datetime-local">`: local time without a zone. */
export function toLocalInput(iso: string | undefined): string {
  if (iso === undefined || iso === '') return '';
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(value: string): string | null {
  if (value === '') return null;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
