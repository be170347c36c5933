import { describe, expect, it } from 'vitest';
import { createHolidays } from '../../store/holidays.ts';

describe('public holidays', () => {
  it('are those of the place: Germany, a state of it, Austria, a Swiss canton', () => {
    const [germany, bavaria, austria, zurich] = [
      createHolidays({ country: 'DE' }),
      createHolidays({ country: 'DE', state: 'BY' }),
      createHolidays({ country: 'AT' }),
      createHolidays({ country: 'CH', state: 'ZH' }),
    ];
    expect(['2026-10-03', '2026-01-06', '2026-12-24'].map(germany)).toEqual([true, false, false]);
    expect(['2026-01-06', '2026-06-04', '2028-12-25'].map(bavaria)).toEqual([true, true, true]);
    expect(austria('2026-10-26')).toBe(true);
    expect(zurich('2026-08-01')).toBe(true);
  });

  it('are none without a place, and an unknown country is an error that names it', () => {
    expect(createHolidays(undefined)('2026-12-25')).toBe(false);
    expect(() => createHolidays({ country: 'XX' })('2026-12-25')).toThrow(
      expect.objectContaining({ code: 'Misconfigured' }),
    );
  });
});
