import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, type CalendarConfig } from '../../core/calendar.ts';

const office = (more: Partial<CalendarConfig> = {}): CalendarConfig => ({
  key: 'standard',
  label: { de: 'Büro', en: 'Office' },
  timeZone: 'Europe/Berlin',
  week: {
    mo: ['09:00-12:00', '13:00-17:00'],
    tu: ['09:00-12:00', '13:00-17:00'],
    we: ['09:00-12:00', '13:00-17:00'],
    th: ['09:00-12:00', '13:00-17:00'],
    fr: ['09:00-12:00', '13:00-16:00'],
  },
  ...more,
});
const calendar = createCalendar(office());
const holidays = new Set(['2026-12-25']);
const withHoliday = createCalendar(office({ daysOff: [{ date: '2026-12-24' }] }), (date) => holidays.has(date));

describe('working hours', () => {
  it('count over lunch, night and weekend', () => {
    // Friday 20.11.2026, 15:00 in Berlin: one hour left on Friday.
    expect(calendar.add('2026-11-20T14:00:00.000Z', { workingHours: 4 })).toBe('2026-11-23T11:00:00.000Z');
    expect(calendar.add('2026-11-20T14:00:00.000Z', { workingHours: 4.5 })).toBe('2026-11-23T12:30:00.000Z');
  });

  it('begin with the next working time when started outside', () => {
    expect(calendar.nextWorkingInstant('2026-11-21T10:00:00.000Z')).toBe('2026-11-23T08:00:00.000Z');
    expect(calendar.nextWorkingInstant('2026-11-23T11:30:00.000Z')).toBe('2026-11-23T12:00:00.000Z');
    expect(calendar.add('2026-11-22T22:00:00.000Z', { workingHours: 1 })).toBe('2026-11-23T09:00:00.000Z');
  });

  it('count back with negative amounts', () => {
    expect(calendar.addWorkingMinutes('2026-11-23T11:00:00.000Z', -240)).toBe('2026-11-20T14:00:00.000Z');
    expect(calendar.subtract('2026-11-23T09:00:00.000Z', { workingHours: 2 })).toBe('2026-11-20T14:00:00.000Z');
  });

  it('leave out public holidays and own days off', () => {
    expect(withHoliday.isWorkingDay('2026-12-23')).toBe(true);
    expect(withHoliday.isWorkingDay('2026-12-24')).toBe(false);
    expect(withHoliday.isWorkingDay('2026-12-25')).toBe(false);
    expect(withHoliday.add('2026-12-23T15:00:00.000Z', { workingHours: 2 })).toBe('2026-12-28T09:00:00.000Z');
  });

  it('are real hours when the clocks change at night', () => {
    const nights = createCalendar(office({ week: { su: ['00:00-06:00'] } }));
    // 29.3.2026: 02:00 becomes 03:00, so the shift has five hours.
    expect(nights.add('2026-03-28T23:00:00.000Z', { workingHours: 5 })).toBe('2026-03-29T04:00:00.000Z');
    expect(nights.add('2026-03-28T23:00:00.000Z', { workingHours: 5.5 })).toBe('2026-04-04T22:30:00.000Z');
    // 25.10.2026: the hour from 02:00 comes twice, the shift has seven.
    expect(nights.add('2026-10-24T22:00:00.000Z', { workingHours: 7 })).toBe('2026-10-25T05:00:00.000Z');
  });
});

describe('working days', () => {
  it('keep the local time of day over a change of the clocks', () => {
    expect(calendar.addWorkingDays('2026-03-27T09:00:00.000Z', 1)).toBe('2026-03-30T08:00:00.000Z');
    expect(calendar.addWorkingDays('2026-10-23T08:00:00.000Z', 1)).toBe('2026-10-26T09:00:00.000Z');
  });

  it('count the first working day after a day off as one', () => {
    expect(calendar.addWorkingDays('2026-11-21T10:00:00.000Z', 1)).toBe('2026-11-23T10:00:00.000Z');
    expect(calendar.addWorkingDays('2026-11-22T10:00:00.000Z', -1)).toBe('2026-11-20T10:00:00.000Z');
  });

  it('know 29 February', () => {
    expect(calendar.add('2028-02-28T10:00:00.000Z', { days: 1 })).toBe('2028-02-29T10:00:00.000Z');
    expect(calendar.addWorkingDays('2028-02-28T10:00:00.000Z', 2)).toBe('2028-03-01T10:00:00.000Z');
  });

  it('end at the time of day that `at` names, never before the start', () => {
    expect(calendar.add('2026-11-20T14:00:00.000Z', { workingDays: 1, at: '09:00' })).toBe('2026-11-23T08:00:00.000Z');
    expect(calendar.add('2026-11-20T14:00:00.000Z', { at: '09:00' })).toBe('2026-11-21T08:00:00.000Z');
  });
});

describe('a calendar that cannot be', () => {
  const wrong: [string, Partial<CalendarConfig>][] = [
    ['an unknown time zone', { timeZone: 'Europe/Atlantis' }],
    ['no working time', { week: {} }],
    ['times that overlap', { week: { mo: ['09:00-12:00', '11:00-13:00'] } }],
    ['a time that runs backwards', { week: { mo: ['12:00-09:00'] } }],
  ];
  it.each(wrong)('is refused: %s', (_, more) => {
    expect(() => createCalendar(office(more))).toThrow(expect.objectContaining({ code: 'Misconfigured' }));
  });

  it('says so when every working day is a day off, instead of searching for ever', () => {
    const never = createCalendar(office(), () => true);
    expect(() => never.addWorkingDays('2026-01-01T00:00:00.000Z', 1)).toThrow(
      expect.objectContaining({ code: 'Misconfigured' }),
    );
  });
});

describe('laws', () => {
  const instants = fc
    .date({ min: new Date('2024-01-01T00:00:00Z'), max: new Date('2030-01-01T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.toISOString());
  const minutes = fc.integer({ min: 0, max: 5_000 });

  it('working minutes add up', () => {
    fc.assert(
      fc.property(instants, minutes, minutes, (start, one, two) => {
        expect(calendar.addWorkingMinutes(calendar.addWorkingMinutes(start, one), two)).toBe(
          calendar.addWorkingMinutes(start, one + two),
        );
      }),
      { numRuns: 200, examples: [['2026-11-20T14:00:00.000Z', 60, 0]] },
    );
  });

  it('going forward and back comes to the same working instant', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 5_000 }), (start, amount) => {
        const there = calendar.addWorkingMinutes(start, amount);
        expect(calendar.nextWorkingInstant(calendar.addWorkingMinutes(there, -amount))).toBe(
          calendar.nextWorkingInstant(start),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('later starts never end earlier', () => {
    fc.assert(
      fc.property(instants, instants, minutes, (one, two, amount) => {
        const [first, second] = [one, two].toSorted();
        expect(
          calendar.addWorkingMinutes(first ?? one, amount) <= calendar.addWorkingMinutes(second ?? two, amount),
        ).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('working days end on working days', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: -30, max: 30 }).filter((days) => days !== 0),
        (start, days) => {
          const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(
            new Date(calendar.addWorkingDays(start, days)),
          );
          expect(calendar.isWorkingDay(local)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
