import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../core/calendar.ts';
import { orderPlan, planIssues, schedulePlan, shiftFollowers, type PlanStep, type Slot } from '../../core/plan.ts';

const day = ['09:00-17:00'];
const calendar = createCalendar({
  key: 'c',
  label: { de: 'c', en: 'c' },
  timeZone: 'UTC',
  week: { mo: day, tu: day, we: day, th: day, fr: day },
});
const monday = '2026-11-23T09:00:00.000Z';

const calls: PlanStep[] = [
  { key: 'second', after: ['first'], offset: { workingDays: 1 }, duration: { minutes: 30 } },
  { key: 'first', duration: { minutes: 30 } },
  { key: 'mail', after: ['first', 'second'], offset: { workingHours: 2 } },
];
const timesOf = (plan: readonly { step: PlanStep; startAt: string; dueAt: string }[]): Record<string, string> =>
  Object.fromEntries(
    plan.map(({ step, startAt, dueAt }) => [step.key, `${startAt.slice(5, 16)} ${dueAt.slice(5, 16)}`]),
  );
const slotsOf = (plan: readonly { step: PlanStep; startAt: string; dueAt: string }[]): Map<string, Slot> =>
  new Map(plan.map(({ step, startAt, dueAt }) => [step.key, { startAt, dueAt }]));

describe('schedulePlan', () => {
  it('follows dependencies, offsets and durations', () => {
    expect(timesOf(schedulePlan(calls, { start: monday, calendar }))).toEqual({
      first: '11-23T09:00 11-23T09:30',
      second: '11-24T09:30 11-24T10:00',
      mail: '11-24T12:00 11-24T12:00',
    });
  });

  it('begins in working time, unless a step may begin at any time', () => {
    const saturday = '2026-11-21T12:00:00.000Z';
    const plan = [{ key: 'a' }, { key: 'b', anyTime: true }];
    expect(timesOf(schedulePlan(plan, { start: saturday, calendar }))).toEqual({
      a: '11-23T09:00 11-23T09:00',
      b: '11-21T12:00 11-21T12:00',
    });
  });

  it('re-anchors to a new start', () => {
    const friday = '2026-11-27T09:00:00.000Z';
    expect(timesOf(schedulePlan(calls, { start: friday, calendar }))['second']).toBe('11-30T09:30 11-30T10:00');
  });

  it('names unknown keys, double keys and cycles', () => {
    expect(planIssues([{ key: 'a', after: ['b'] }])).toMatchObject([{ path: '/0/after', code: 'unknown' }]);
    expect(planIssues([{ key: 'a' }, { key: 'a' }])).toMatchObject([{ path: '/1/key', code: 'duplicate' }]);
    const circle = [
      { key: 'a', after: ['c'] },
      { key: 'b', after: ['a'] },
      { key: 'c', after: ['b'] },
      { key: 'free' },
    ];
    expect(planIssues(circle).map((issue) => [issue.path, issue.code])).toEqual([
      ['/0/after', 'cycle'],
      ['/1/after', 'cycle'],
      ['/2/after', 'cycle'],
    ]);
    expect(() => schedulePlan(circle, { start: monday, calendar })).toThrow(
      expect.objectContaining({ code: 'InvalidInput' }),
    );
  });
});

describe('shiftFollowers', () => {
  const current = slotsOf(schedulePlan(calls, { start: monday, calendar }));

  it('moves what follows and leaves the rest', () => {
    const slot = { startAt: '2026-11-25T09:00:00.000Z', dueAt: '2026-11-25T10:00:00.000Z' };
    const shifted = shiftFollowers(calls, { moved: 'first', slot, current }, { start: monday, calendar });
    expect(timesOf(shifted)).toEqual({ second: '11-26T10:00 11-26T10:30', mail: '11-26T12:30 11-26T12:30' });
  });

  it('answers nothing when nothing follows', () => {
    const slot = { startAt: monday, dueAt: '2026-12-01T09:00:00.000Z' };
    expect(shiftFollowers(calls, { moved: 'mail', slot, current }, { start: monday, calendar })).toEqual([]);
  });

  it('leaves followers alone that are done already', () => {
    const slot = { startAt: '2026-11-25T09:00:00.000Z', dueAt: '2026-11-25T10:00:00.000Z' };
    const second = current.get('second');
    const open = new Map([...current].filter(([key]) => key !== 'second'));
    const done = new Map(second === undefined ? [] : [['second', second]]);
    const shifted = shiftFollowers(calls, { moved: 'first', slot, current: open, done }, { start: monday, calendar });
    expect(timesOf(shifted)).toEqual({ mail: '11-25T12:00 11-25T12:00' });
  });
});

describe('laws', () => {
  /** Plans without cycles: a step waits for earlier ones only; then shuffled. */
  const plans = fc
    .array(
      fc.record({
        offsetMinutes: fc.nat(5_000),
        durationMinutes: fc.nat(600),
        after: fc.array(fc.nat(), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((steps) =>
      steps.map((step, index): PlanStep => ({
        key: `s${index}`,
        after: index === 0 ? [] : [...new Set(step.after.map((pick) => `s${pick % index}`))],
        offset: { workingMinutes: step.offsetMinutes },
        duration: { workingMinutes: step.durationMinutes },
      })),
    )
    .chain((plan) => fc.shuffledSubarray(plan, { minLength: plan.length }));

  it('every step is there once and begins after all it waits for has ended', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const scheduled = slotsOf(schedulePlan(plan, { start: monday, calendar }));
        expect(scheduled.size).toBe(plan.length);
        for (const step of plan) {
          const slot = scheduled.get(step.key);
          for (const key of step.after ?? [])
            expect((slot?.startAt ?? '') >= (scheduled.get(key)?.dueAt ?? '~')).toBe(true);
          expect((slot?.dueAt ?? '') >= (slot?.startAt ?? '~')).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the order written does not change the times', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const inOrder = orderPlan(plan);
        expect(Object.fromEntries(slotsOf(schedulePlan(plan, { start: monday, calendar })))).toEqual(
          Object.fromEntries(slotsOf(schedulePlan(inOrder.toReversed(), { start: monday, calendar }))),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('moving a step to where it is shifts nothing', () => {
    fc.assert(
      fc.property(plans, fc.nat(), (plan, pick) => {
        const current = slotsOf(schedulePlan(plan, { start: monday, calendar }));
        const moved = plan[pick % plan.length]?.key ?? '';
        const slot = current.get(moved) ?? { startAt: monday, dueAt: monday };
        expect(shiftFollowers(plan, { moved, slot, current }, { start: monday, calendar })).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
