import { createCalendar, type CalendarConfig, type Duration } from '../../core/calendar.ts';
import type { ConfigItem, RecordValue } from '../api/types.ts';
import { textOf } from './entities.ts';

/** Until when a lead has to be dealt with in its stage; undefined where its stage has no deadline. */
export type DeadlineOf = (lead: RecordValue, pipeline: ConfigItem | undefined) => string | undefined;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isCalendar = (value: unknown): value is CalendarConfig =>
  isObject(value) && typeof value['timeZone'] === 'string' && isObject(value['week']);

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** Waiting times of the stages' SLA timers, by stage. */
const slaByStage = (pipeline: ConfigItem): ReadonlyMap<string, Duration> =>
  new Map(
    listOf(pipeline.value['stages']).flatMap((stage) => {
      const timer = listOf(stage['timers']).find((one) => one['kind'] === 'sla');
      const after = timer?.['after'];
      return typeof stage['key'] === 'string' && isObject(after) ? [[stage['key'], after] as const] : [];
    }),
  );

/**
 * Works out the SLA deadline with the rules of `core/calendar`, for marking rows in a list. It knows no public holidays:
 * the process, which does, decides; here a row only turns red a little early.
 */
export function createDeadlines(calendars: readonly ConfigItem[]): DeadlineOf {
  const known = new Map(
    calendars.flatMap(({ key, value }) => (isCalendar(value) ? [[key, createCalendar(value)] as const] : [])),
  );
  const durations = new WeakMap<ConfigItem, ReadonlyMap<string, Duration>>();
  const durationsOf = (pipeline: ConfigItem): ReadonlyMap<string, Duration> => {
    const found = durations.get(pipeline) ?? slaByStage(pipeline);
    durations.set(pipeline, found);
    return found;
  };
  return (lead, pipeline) => {
    if (pipeline === undefined || lead['state'] !== 'open') return undefined;
    const calendar = known.get(String(pipeline.value['calendar']));
    const duration = durationsOf(pipeline).get(textOf(lead, 'stage') ?? '');
    const since = textOf(lead, 'stageSince');
    return duration === undefined || since === undefined ? undefined : calendar?.add(since, duration);
  };
}
