import { describe, expect, it } from 'vitest';
import { formatNumber, numberSeries } from '../../core/numbering.ts';

const berlin = 'Europe/Berlin';
/** New year has begun in Berlin, not in London. */
const newYear = new Date('2026-12-31T23:30:00.000Z');

describe('numbers', () => {
  it('are put into their pattern with leading zeros', () => {
    const numbering = { key: 'invoice', pattern: 'RE-{year}-{number}', digits: 5 };
    expect(formatNumber(numbering, 42, { at: newYear, timeZone: berlin })).toBe('RE-2027-00042');
  });

  it('are never cut', () => {
    const when = { at: newYear, timeZone: berlin };
    expect(formatNumber({ key: 'x', pattern: 'X-{number}', digits: 2 }, 12_345, when)).toBe('X-12345');
  });

  it('begin again where their setting says so, by the day of the company', () => {
    const series = (restart: 'never' | 'yearly' | 'monthly'): string =>
      numberSeries({ key: 'x', pattern: '{number}', restart }, newYear, berlin);
    expect([series('never'), series('yearly'), series('monthly')]).toEqual(['x', 'x/2027', 'x/2027-01']);
  });
});
