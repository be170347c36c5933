import { DateTime } from 'luxon';
import type { NumberingConfig } from '../schemas/generated/config.ts';

type Numbering = Pick<NumberingConfig, 'key' | 'pattern' | 'digits' | 'restart'>;

const dayOf = (at: Date, timeZone: string): { year: string; month: string; day: string } => {
  const [year = '', month = '', day = ''] = DateTime.fromJSDate(at, { zone: timeZone })
    .toFormat('yyyy-MM-dd')
    .split('-');
  return { year, month, day };
};

/** Name of the counter that a number is taken from: one a period where counting begins again. */
export function numberSeries(numbering: Numbering, at: Date, timeZone: string): string {
  const { year, month } = dayOf(at, timeZone);
  if (numbering.restart === 'yearly') return `${numbering.key}/${year}`;
  return numbering.restart === 'monthly' ? `${numbering.key}/${year}-${month}` : numbering.key;
}

/** Puts a counted number into the pattern: `RE-{year}-{number}` → `RE-2026-00042`. */
export function formatNumber(
  numbering: Numbering,
  counted: number,
  when: { readonly at: Date; readonly timeZone: string },
): string {
  const parts: Readonly<Record<string, string>> = {
    ...dayOf(when.at, when.timeZone),
    number: String(counted).padStart(numbering.digits ?? 0, '0'),
  };
  return numbering.pattern.replaceAll(/\{(number|year|month|day)\}/g, (_, name: string) => parts[name] ?? '');
}
