import { createCalendar, type Calendar, type CalendarConfig } from '../../core/calendar.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { createHolidays } from '../../store/holidays.ts';
import type { Snapshot } from '../../store/registry.ts';

/** Calendars made from the values of snapshots; a value is one object as long as it is in force. */
const made = new WeakMap<object, Calendar>();
const prepared = new WeakSet<object>();

/**
 * A business calendar of the tenant, with its public holidays.
 * @throws LeitwerkError `Misconfigured` when there is none with this key.
 */
export function calendarOf(ctx: { readonly snapshot: Snapshot }, key: string): Calendar {
  const config = ctx.snapshot.config('calendars').get(key)?.value as CalendarConfig | undefined;
  if (config === undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: { de: `Den Kalender „${key}“ gibt es nicht.`, en: `There is no calendar "${key}".` },
    });
  }
  const known = made.get(config);
  if (known !== undefined) return known;
  const calendar = createCalendar(config, createHolidays(config.holidays));
  made.set(config, calendar);
  return calendar;
}

/**
 * Makes the tenant's calendars and has them read their public holidays. That takes a moment once, which must not be spent inside of a
 * transaction, where other writers would wait for it. A calendar that cannot be made is an error for whoever uses it, not here.
 */
export function prepareCalendars(ctx: { readonly snapshot: Snapshot; readonly now: () => Date }): void {
  const today = ctx.now().toISOString().slice(0, 10);
  for (const [key, { value }] of ctx.snapshot.config('calendars')) {
    if (prepared.has(value as object)) continue;
    prepared.add(value as object);
    try {
      calendarOf(ctx, key).isWorkingDay(today);
    } catch (error) {
      if (!(error instanceof LeitwerkError)) throw error;
    }
  }
}
