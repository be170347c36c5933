import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { HolidayAnswer, HolidayQuestion } from './holidays.ts';

/** Answers one question about public holidays, JSON in and out, and ends; the memory of its rules (25 MB) goes with it. */
interface HolidayData {
  readonly version: string;
  readonly license: string;
  readonly holidays: Readonly<Record<string, unknown>>;
  readonly names: Readonly<Record<string, unknown>>;
}

interface HolidayCalendar {
  init(country: string, state?: string, region?: string): void;
  getHolidays(year: number): { readonly date: string; readonly type: string }[];
}

const load = createRequire(import.meta.url);

const readCountry = (country: string): HolidayData | undefined => {
  const folder = join(dirname(load.resolve('date-holidays/package.json')), 'data');
  const all = JSON.parse(readFileSync(join(folder, 'holidays.json'), 'utf8')) as HolidayData;
  return country in all.holidays ? { ...all, holidays: { [country]: all.holidays[country] } } : undefined;
};

const answer = ({ place, fromYear, years }: HolidayQuestion): HolidayAnswer => {
  const data = readCountry(place.country);
  if (data === undefined) return { dates: undefined };
  const { default: Parser } = load('date-holidays-parser') as {
    default: new (data: HolidayData, country: string) => HolidayCalendar;
  };
  const calendar = new Parser(data, place.country);
  calendar.init(place.country, place.state, place.region);
  const dates = Array.from({ length: years }, (_, index) => calendar.getHolidays(fromYear + index)).flat();
  return { dates: dates.filter((day) => day.type === 'public').map((day) => day.date.slice(0, 10)) };
};

process.stdout.write(JSON.stringify(answer(JSON.parse(await text(process.stdin)) as HolidayQuestion)));
