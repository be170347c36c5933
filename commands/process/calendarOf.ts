import { createCalendar, type Calendar, type CalendarConfig } from '../../core/calendar.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { createHolidays } from '../../store/holidays.ts';
import type { Snapshot } from '../../store/registry.ts';

/** Calendars made from the values of snapshots; a value is one object as long as it is in force. */
const made = new WeakMap<object, Calendar>();

/**
 * A business calendar of the tenant, with its public holidays.
 * @throws LeitwerkError `Misconfigured` when there is none with this key.
 */
export function calendarOf(ctx: { readonly snapshot: Snapshot }, key: string): Calendar {
  const config = ctx.snapshot.config('calendars').get(key)?.value as CalendarConfig | undefined;
  if (config === undefined) {
    throw new LeitwerkError('Misconfigured', { text: { de: `Den Kalender „${key}“ gibt es nicht.`, en: `There is no calendar "${key}".` } });
  }
  const known = made.get(config);
  if (known !== undefined) return known;
  const calendar = createCalendar(config, createHolidays(config.holidays));
  made.set(config, calendar);
  return calendar;
}
