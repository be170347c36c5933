import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CalendarConfig } from '../core/calendar.ts';
import { LeitwerkError } from '../core/errors.ts';

type Place = NonNullable<CalendarConfig['holidays']>;

export interface HolidayQuestion {
  readonly place: Place;
  readonly fromYear: number;
  readonly years: number;
}

/** `dates` is absent for a country without data. */
export interface HolidayAnswer {
  readonly dates: readonly string[] | undefined;
}

const yearsAtOnce = 10;
const patienceMs = 10_000;

const program = fileURLToPath(new URL('holidays-program.ts', import.meta.url));

/**
 * Asks in a process of its own and waits for it (0.3 s): calendars are synchronous, this happens once a place and ten years,
 * and neither the rules of `date-holidays` nor a thread's heap stay in our memory.
 */
const ask = (question: HolidayQuestion): readonly string[] => {
  const output = execFileSync(process.execPath, [program], {
    input: JSON.stringify(question),
    timeout: patienceMs,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { dates } = JSON.parse(output) as HolidayAnswer;
  if (dates !== undefined) return dates;
  const { country } = question.place;
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Für das Land „${country}“ gibt es keine Feiertage.`,
      en: `There are no public holidays for the country "${country}".`,
    },
  });
};

/**
 * Says whether a date (`YYYY-MM-DD`) is a public holiday of a place (rules of `date-holidays`). Without a place no day is.
 * @throws LeitwerkError `Misconfigured`, at the first question, for a country without data.
 */
export function createHolidays(place: Place | undefined): (isoDate: string) => boolean {
  const decades = new Map<number, ReadonlySet<string>>();
  return (isoDate) => {
    if (place === undefined) return false;
    const year = Number(isoDate.slice(0, 4));
    const fromYear = year - (year % yearsAtOnce);
    const known = decades.get(fromYear);
    if (known !== undefined) return known.has(isoDate);
    const dates = new Set(ask({ place, fromYear, years: yearsAtOnce }));
    decades.set(fromYear, dates);
    return dates.has(isoDate);
  };
}
