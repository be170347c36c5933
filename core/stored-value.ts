import type { EntityModel, Field } from './entity.ts';
import { toCents } from './read-text.ts';

const stored = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** RFC 3339, as the format `date-time` of JSON Schema has it. */
const written = /^(\d{4}-\d\d-\d\d)[Tt ](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

const isDay = (date: string): boolean => {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
};

/** In UTC with milliseconds, so that texts are in the order of time. */
const toUtc = (text: string): string => {
  const [, date] = stored.test(text) ? [] : (written.exec(text) ?? []);
  // `Date` takes 30 February for 2 March.
  const ms = date === undefined || !isDay(date) ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
};

const toStored = (field: Field | undefined, value: unknown): unknown => {
  if (typeof value === 'string') {
    if (field?.kind === 'instant') return toUtc(value);
    return field?.format === 'email' ? value.toWellFormed().normalize('NFC') : value.toWellFormed();
  }
  return typeof value === 'number' && field?.kind === 'money' ? toCents(value) : value;
};

/**
 * Values as they are kept and answered: instants in UTC, money in whole minor units, texts well formed, mail addresses
 * in the one form that they are found in.
 * What is not valid stays as it is, for the validation to name.
 */
export const storedValues = (
  model: Pick<EntityModel, 'fields'>,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toStored(model.fields.get(name), value)]));
