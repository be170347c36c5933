import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PipelineConfig, StageConfig } from '../../core/pipeline/config.ts';
import { newProcess } from '../../core/pipeline/state.ts';
import { text, stage, pipeline, note, monday, at, lead, step, words } from './pipeline-fixtures.ts';

describe('timers', () => {
  const timers = (...list: NonNullable<StageConfig['timers']>): PipelineConfig =>
    pipeline(stage('a', { timers: list }), stage('b'));
  const repeat = {
    key: 'r',
    label: text('r'),
    after: { hours: 1 },
    repeat: { every: { hours: 1 }, max: 3 },
    do: [note('r')],
  };

  it('fire in the order they are due, once each', () => {
    const value = timers(
      { key: 'late', label: text('late'), after: { hours: 3 }, do: [note('late')] },
      { key: 'early', label: text('early'), after: { hours: 1 }, do: [note('early')] },
    );
    const { process } = step(value);
    const both = step(value, { process, now: at('23T20:00') });
    expect(words(both.effects)).toEqual(['early', 'late']);
    expect(both.next).toBeUndefined();
  });

  it('repeat up to their number with a key for each', () => {
    let { process } = step(timers(repeat));
    const keys: string[] = [];
    for (const hour of ['10', '11', '12', '13', '14']) {
      const next = step(timers(repeat), { process, now: at(`23T${hour}:00`) });
      keys.push(...next.effects.map((effect) => effect.key));
      process = next.process;
    }
    expect(keys).toEqual(['lead/l1/a/1/timers/r/1/0', 'lead/l1/a/1/timers/r/2/0', 'lead/l1/a/1/timers/r/3/0']);
  });

  it('make up once for what was missed while nobody was there', () => {
    const { process } = step(timers(repeat));
    const back = step(timers(repeat), { process, now: at('23T20:30') });
    expect(words(back.effects)).toEqual(['r']);
    expect(back.next?.at).toBe(at('23T21:00'));
  });

  it('do nothing when their condition does not hold at that time', () => {
    const value = timers({ key: 't', label: text('t'), after: { hours: 1 }, if: 'record.budget > 5', do: [note('t')] });
    const { process } = step(value);
    expect(step(value, { process, now: at('23T11:00') }).effects).toEqual([]);
  });

  it('count anew when a person does something, where they count from the last change', () => {
    const value = timers({ key: 'rot', label: text('rot'), after: { hours: 5 }, since: 'change', do: [note('rot')] });
    const { process } = step(value);
    const touched = step(value, { process, touchedAt: at('23T13:00'), now: at('23T15:00') });
    expect(touched).toMatchObject({ effects: [], next: { at: at('23T18:00') } });
  });

  it('follow a date field, before and at, and wait while it is empty', () => {
    const value = timers(
      {
        key: 'before',
        label: text('before'),
        before: { field: 'qualifiedAt', by: { workingDays: 1 } },
        do: [note('before')],
      },
      { key: 'at', label: text('at'), at: { field: 'qualifiedAt' }, do: [note('at')] },
    );
    const empty = step(value);
    expect(empty.next).toBeUndefined();
    const filled = step(value, { process: empty.process, record: lead({ qualifiedAt: at('25T12:00') }) });
    expect(filled.next).toMatchObject({ at: at('24T12:00'), timer: 'before' });
    const shifted = step(value, { process: filled.process, record: lead({ qualifiedAt: at('26T12:00') }) });
    expect(shifted.next?.at).toBe(at('25T12:00'));
  });

  it('wait while the record is snoozed', () => {
    const value = timers(repeat);
    const { process } = step(value);
    const snoozed = step(value, { process, record: lead({ snoozedUntil: at('24T09:00') }), now: at('23T12:00') });
    expect(snoozed).toMatchObject({ effects: [], next: { at: at('24T09:00') } });
  });

  it('can move the record on; the new stage has its own timers', () => {
    const value = pipeline(
      stage('a', { timers: [{ key: 't', label: text('t'), after: { hours: 1 }, do: [{ goTo: 'b' }] }] }),
      stage('b', { timers: [{ key: 't', label: text('t'), after: { hours: 1 }, do: [note('b')] }] }),
    );
    const { process } = step(value);
    const moved = step(value, { process, now: at('23T10:30') });
    expect(moved.process.stage).toBe('b');
    expect(moved.next?.at).toBe(at('23T11:30'));
  });
});

describe('laws', () => {
  const hours = fc.integer({ min: 0, max: 30 });
  const timerLists = fc.array(
    fc.record({ hours, every: fc.integer({ min: 1, max: 9 }), max: fc.integer({ min: 2, max: 5 }) }),
    { maxLength: 5 },
  );

  it('whenever it looks, a process fires the same timers no more often than configured, and never looks back', () => {
    fc.assert(
      fc.property(
        timerLists,
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 20 }),
        (list, looks) => {
          const value = pipeline(
            stage('a', {
              timers: list.map((timer, index) => ({
                key: `t${index}`,
                label: text('t'),
                after: { hours: timer.hours },
                repeat: { every: { hours: timer.every }, max: timer.max },
                do: [note(`t${index}`)],
              })),
            }),
          );
          let process = newProcess;
          const keys: string[] = [];
          for (const look of looks.toSorted((a, b) => a - b)) {
            const now = new Date(Date.parse(monday) + look * 3_600_000).toISOString();
            const result = step(value, { process, now });
            expect((result.next?.at ?? '9') > now).toBe(true);
            keys.push(...result.effects.map((effect) => effect.key));
            process = result.process;
          }
          expect(new Set(keys).size).toBe(keys.length);
          for (const [index, timer] of list.entries())
            expect(keys.filter((key) => key.includes(`/t${index}/`)).length).toBeLessThanOrEqual(timer.max);
        },
      ),
      { numRuns: 100 },
    );
  });
});
