import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../core/calendar.ts';
import {
  createSlots,
  findErrorRate,
  findSilence,
  judgeSource,
  watchRules,
  type HourCount,
  type Watched,
} from '../../core/source-watch.ts';

const hourMs = 3_600_000;
/** Monday, 28 September 2026, 0:00 in Berlin. */
const start = Date.parse('2026-09-27T22:00:00.000Z');
const holiday = '2026-10-26';
const hours = ['09:00-17:00'];
const calendar = createCalendar(
  {
    key: 'x',
    label: { de: 'x', en: 'x' },
    timeZone: 'Europe/Berlin',
    week: { mo: hours, tu: hours, we: hours, th: hours, fr: hours },
  },
  (date) => date === holiday,
);
const slotOf = createSlots(calendar);
const at = (hour: number): string => new Date(start + hour * hourMs).toISOString();

/** Three messages an hour from nine to five on working days, for so many days. */
const officeHours = (days: number): HourCount[] =>
  Array.from({ length: days * 24 }, (_, hour) => hour)
    .filter((hour) => hour % 24 >= 9 && hour % 24 < 17 && Math.floor(hour / 24) % 7 < 5)
    .map((hour) => ({ hour: at(hour), count: 3, errors: 0 }));

const watched = (history: readonly HourCount[], nowMs: number, alerts?: Parameters<typeof watchRules>[0]): Watched => {
  const last = history.at(-1);
  const lastAt = last === undefined ? null : new Date(Date.parse(last.hour) + hourMs - 1).toISOString();
  return { history: { hours: history, lastAt }, rules: watchRules(alerts), slotOf, now: new Date(nowMs) };
};

describe('watching sources', () => {
  const fourWeeks = officeHours(26);
  const monday = start + 28 * 24 * hourMs;

  it('says nothing at night and at the weekend when nothing ever comes then', () => {
    expect(findSilence(watched(fourWeeks, monday + 8 * hourMs))).toBeUndefined();
  });

  it('says so when eight messages are missing in working time, and how many', () => {
    // The clocks were put back on Sunday: 13 hours after midnight of summer time it is noon.
    const tuesday = monday + 24 * hourMs;
    const until = officeHours(29).filter(({ hour }) => Date.parse(hour) < tuesday && !hour.startsWith(holiday));
    expect(findSilence(watched(until, tuesday + 11 * hourMs))).toBeUndefined();
    expect(findSilence(watched(until, tuesday + 13 * hourMs))).toMatchObject({ kind: 'silence', expected: 9 });
  });

  it('takes a holiday for a Sunday', () => {
    expect(findSilence(watched(fourWeeks, monday + 20 * hourMs))).toBeUndefined();
  });

  it('knows no habit of a source that has delivered little or on few days', () => {
    const few = officeHours(3);
    expect(findSilence(watched(few, monday + 500 * hourMs))).toBeUndefined();
    expect(findSilence(watched([], monday))).toBeUndefined();
  });

  it('forgives pauses such as there have been: bursts are not a clock', () => {
    const bursts = [0, 3, 7, 10, 13, 17, 20, 23].map((day) => ({ hour: at(day * 24 + 10), count: 40, errors: 0 }));
    const lastMs = Date.parse(bursts.at(-1)?.hour ?? '');
    expect(findSilence(watched(bursts, lastMs + 4 * 24 * hourMs, { silence: { missed: 1 } }))).toBeUndefined();
  });

  it('is not quiet again before the next message, whatever the habit and the threshold', () => {
    const history = fc
      .uniqueArray(fc.record({ hour: fc.nat(600), count: fc.integer({ min: 1, max: 30 }) }), {
        selector: ({ hour }) => hour,
        minLength: 1,
        maxLength: 150,
      })
      .map((list) =>
        list.toSorted((a, b) => a.hour - b.hour).map(({ hour, count }) => ({ hour: at(hour), count, errors: 0 })),
      );
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 60 }), fc.nat(400), fc.nat(400), (list, missed, first, more) => {
        const lastMs = Date.parse(list.at(-1)?.hour ?? '') + hourMs;
        const early = watched(list, lastMs + first * hourMs, { silence: { missed } });
        const late = { ...early, now: new Date(lastMs + (first + more) * hourMs) };
        const found = findSilence(early);
        if (found === undefined) return;
        expect(findSilence(late)?.expected ?? 0).toBeGreaterThanOrEqual(found.expected);
        expect(judgeSource(late, [found])).toEqual({ begun: [], ended: [] });
        const next = { ...late.history, lastAt: new Date(lastMs + hourMs).toISOString() };
        expect(judgeSource({ ...late, history: next }, [found]).ended).toEqual(['silence']);
      }),
    );
  });

  it('says so when many of the newest messages are faulty, and ends when they are right again', () => {
    const now = Date.parse(fourWeeks.at(-1)?.hour ?? '') + 6 * hourMs;
    const hour = (index: number, errors: number): HourCount => ({
      hour: new Date(Date.parse(fourWeeks.at(-1)?.hour ?? '') + index * hourMs).toISOString(),
      count: 6,
      errors,
    });
    const bad = watched([...fourWeeks, hour(1, 2), hour(2, 5)], now);
    const found = findErrorRate(bad);
    expect(found).toMatchObject({ count: 12, errors: 7, percent: 58, usualPercent: 0 });
    expect(judgeSource(bad, found === undefined ? [] : [found]).begun).toEqual([]);
    const good = watched([...fourWeeks, hour(1, 2), hour(2, 5), hour(3, 0), hour(4, 0)], now);
    expect(judgeSource(good, found === undefined ? [] : [found])).toEqual({ begun: [], ended: ['errorRate'] });
  });

  it('does not take a usual rate for a jump, and never speaks with the rule off', () => {
    const usual = officeHours(26).map((one) => ({ ...one, errors: 1 }));
    const now = Date.parse(usual.at(-1)?.hour ?? '') + hourMs;
    expect(findErrorRate(watched(usual, now))).toBeUndefined();
    const off = { silence: { isOn: false }, errorRate: { isOn: false } };
    const bad = usual.map((one, index) => (index > usual.length - 9 ? { ...one, errors: 3 } : one));
    expect(judgeSource(watched(bad, now + 900 * hourMs, off), [{ kind: 'silence', since: at(0) }])).toEqual({
      begun: [],
      ended: ['silence'],
    });
  });
});
