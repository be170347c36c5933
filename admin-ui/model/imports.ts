import type { EntityModel, Field } from '../../core/entity.ts';
import { isMappable } from '../../core/mappable.ts';
import { parseMappingPath } from '../../core/mapping-path.ts';
import type { Mapping, MappingRow } from '../../core/mapping.ts';
import type { RecordValue } from '../api/types.ts';
import { isRetired } from './entities.ts';

/** Fields that a column may fill, in the order of the form. */
export function targetFields(model: EntityModel): readonly Field[] {
  return [...model.fields.values()].filter((field) => isMappable(field, model.name) && !isRetired(model, field));
}

const noTargets = new Set(['timeline-entry', 'saved-view', 'activity', 'import', 'intake-message']);

/** Entities that rows may become. */
export const isTarget = (model: EntityModel): boolean => !model.isReadOnly && !noTargets.has(model.name);

/** The one column that a row reads; undefined where it reads several, or a part of one. */
export function columnOf({ from }: MappingRow): string | undefined {
  return typeof from === 'string' ? parseMappingPath(from)?.root : undefined;
}

/** The mapping with the rows of one column replaced; the others stay where they are. */
export function withColumn(mapping: Mapping, column: string, rows: readonly MappingRow[]): Mapping {
  const at = mapping.rows.findIndex((row) => columnOf(row) === column);
  const others = mapping.rows.filter((row) => columnOf(row) !== column && !rows.some(({ to }) => to === row.to));
  const index = at < 0 ? others.length : Math.min(at, others.length);
  return { ...mapping, rows: [...others.slice(0, index), ...rows, ...others.slice(index)] };
}

/** Lines that say nothing of a value: `=` is missing, or what stands before it. */
export const brokenLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line.indexOf('=') < 1);

/** `alt = neu` a line, as a person writes it, and back. */
export function toValueMap(text: string): Readonly<Record<string, string>> | undefined {
  const entries = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    const from = line.slice(0, at).trim();
    return at < 0 || from === '' ? [] : [[from, line.slice(at + 1).trim()] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

export const fromValueMap = (map: MappingRow['valueMap']): string =>
  Object.entries(map ?? {})
    .map(([from, to]) => `${from} = ${String(to)}`)
    .join('\n');

const numberOf = (record: RecordValue, name: string): number => Number(record[name] ?? 0);

export const counters = ['created', 'updated', 'unchanged', 'duplicates', 'rejected'] as const;

/** Outcome of rows that a counter counts. */
export const outcomeOf: Readonly<Record<(typeof counters)[number], string>> = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  duplicates: 'duplicate',
  rejected: 'rejected',
};

export function countsOf(
  record: RecordValue,
): readonly { readonly name: (typeof counters)[number]; readonly count: number }[] {
  return counters.map((name) => ({ name, count: numberOf(record, name) }));
}

/** How much of a file has been read, 0 to 1; undefined before its size in rows is known. */
export function progressOf(record: RecordValue): number | undefined {
  const expected = numberOf(record, 'expected');
  return expected === 0 ? undefined : Math.min(numberOf(record, 'read') / expected, 1);
}

/** When what is left will be done, judged by how fast it went since the import began. */
function endOf(record: RecordValue, { done, left, now }: { done: number; left: number; now: Date }): Date | undefined {
  const { startedAt } = record;
  if (typeof startedAt !== 'string' || done <= 0 || left <= 0) return undefined;
  const elapsedMs = now.getTime() - new Date(startedAt).getTime();
  return new Date(now.getTime() + (elapsedMs / done) * left);
}

/** When a file will have been read. */
export function expectedEnd(record: RecordValue, now: Date): Date | undefined {
  const read = numberOf(record, 'read');
  return endOf(record, { done: read, left: numberOf(record, 'expected') - read, now });
}

/** When the processes of an import's records will have begun. */
export function expectedStart(record: RecordValue, waiting: number, now: Date): Date | undefined {
  return endOf(record, {
    done: numberOf(record, 'created') + numberOf(record, 'updated') - waiting,
    left: waiting,
    now,
  });
}
