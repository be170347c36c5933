import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CalendarConfig } from '../core/calendar.ts';
import { LeitwerkError } from '../core/errors.ts';

type Place = NonNullable<CalendarConfig['holidays']>;

interface HolidayData {
  readonly version: string;
  readonly license: string;
  readonly holidays: Readonly<Record<string, unknown>>;
  readonly names: Readonly<Record<string, unknown>>;
}

const load = createRequire(import.meta.url);

/**
 * One country out of the data of `date-holidays`. The package itself keeps all countries in memory (30 MB); its parser takes any part.
 * @throws LeitwerkError `Misconfigured` for a country without data.
 */
const readCountry = (country: string): HolidayData => {
  const folder = join(dirname(load.resolve('date-holidays/package.json')), 'data');
  const all = JSON.parse(readFileSync(join(folder, 'holidays.json'), 'utf8')) as HolidayData;
  if (!(country in all.holidays)) {
    throw new LeitwerkError('Misconfigured', {
      text: { de: `Für das Land „${country}“ gibt es keine Feiertage.`, en: `There are no public holidays for the country "${country}".` },
    });
  }
  return { version: all.version, license: all.license, holidays: { [country]: all.holidays[country] }, names: all.names };
};

interface HolidayCalendar {
  init(country: string, state?: string, region?: string): void;
  getHolidays(year: number): { readonly date: string; readonly type: string }[];
}

/**
 * Says whether a date (`YYYY-MM-DD`) is a public holiday of a place; reads the data at the first question, computes each year once.
 * Without a place no day is.
 */
export function createHolidays(place: Place | undefined): (isoDate: string) => boolean {
  const years = new Map<string, ReadonlySet<string>>();
  let calendar: HolidayCalendar | undefined;
  const open = ({ country, state, region }: Place): HolidayCalendar => {
    const { default: Parser } = load('date-holidays-parser') as { default: new (data: HolidayData, country: string) => HolidayCalendar };
    const opened = new Parser(readCountry(country), country);
    opened.init(country, state, region);
    return opened;
  };
  return (isoDate) => {
    if (place === undefined) return false;
    const year = isoDate.slice(0, 4);
    const known = years.get(year);
    if (known !== undefined) return known.has(isoDate);
    calendar ??= open(place);
    const dates = new Set(calendar.getHolidays(Number(year)).filter((day) => day.type === 'public').map((day) => day.date.slice(0, 10)));
    years.set(year, dates);
    return dates.has(isoDate);
  };
}
