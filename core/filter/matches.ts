import type { CompareCondition, Filter, FilterCondition, FilterValue } from './filter.ts';
import { foldingFor, matchesPieces } from './text.ts';

type FilterRecord = Readonly<Record<string, unknown>>;

const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
};

const minorUnits = (units: number): number => Math.round(units * 100);

const equals = (condition: FilterCondition, wanted: FilterValue, value: unknown): boolean => {
  switch (condition.kind) {
    case 'list':
      return Array.isArray(value) && value.includes(wanted);
    case 'text':
    case 'longText': {
      const fold = foldingFor(String(wanted));
      return typeof value === 'string' && fold(value) === fold(String(wanted));
    }
    case 'money':
      return typeof value === 'number' && minorUnits(value) === minorUnits(Number(wanted));
    default:
      return value === wanted;
  }
};

const order = (condition: CompareCondition, value: unknown): number | undefined => {
  const wanted = condition.value;
  if (typeof value === 'number' && typeof wanted === 'number') {
    return condition.kind === 'money' ? minorUnits(value) - minorUnits(wanted) : value - wanted;
  }
  if (typeof value !== 'string' || typeof wanted !== 'string') return undefined;
  if (value === wanted) return 0;
  return value < wanted ? -1 : 1;
};

const compares = (condition: CompareCondition, value: unknown): boolean => {
  if (condition.operator === '=') return equals(condition, condition.value, value);
  const difference = order(condition, value);
  if (difference === undefined) return false;
  switch (condition.operator) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
  }
};

/**
 * Whether the record (as the API shows it: money in units, lists as arrays, booleans) matches.
 * Means the same as the SQL of `store/filter-sql.ts`.
 */
export function matches(filter: Filter, record: FilterRecord): boolean {
  switch (filter.is) {
    case 'and':
      return filter.parts.every((part) => matches(part, record));
    case 'or':
      return filter.parts.some((part) => matches(part, record));
    case 'not':
      return !matches(filter.part, record);
    case 'empty':
      return isEmpty(record[filter.field]);
    case 'in':
      return filter.values.some((wanted) => equals(filter, wanted, record[filter.field]));
    case 'like': {
      const value = record[filter.field];
      return typeof value === 'string' && matchesPieces(filter.pieces, value);
    }
    case 'compare':
      return compares(filter, record[filter.field]);
  }
}
