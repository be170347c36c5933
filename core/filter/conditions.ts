import type { Field } from '../entity.ts';
import { compare, isEmpty } from './build.ts';
import { assertOperator, unreadable, written, type Draft, type FilterContext, type Operator } from './draft.ts';
import { allOf, negate, type CompareOperator, type Filter } from './filter.ts';
import { readText } from './text-condition.ts';
import { dayBounds, dayOf, readBoolean, readMoment, readNumber } from './values.ts';

const orderOf = (operator: Operator): CompareOperator =>
  operator === ':' || operator === '~' || operator === '!=' ? '=' : operator;

const readNumeric = (draft: Draft): Filter => {
  const { field, atom, isColumn, operator } = draft;
  const text = written(atom).replace(field.kind === 'money' ? /\s*(€|EUR)$/i : /$/, '');
  const value = readNumber(text, isColumn);
  if (value === undefined) throw unreadable(draft, { de: 'keine Zahl', en: 'not a number' }, ['1000', '1000.5']);
  const rounded = field.kind === 'money' ? Math.round(value * 100) / 100 + 0 : value;
  return compare(field, orderOf(operator), rounded);
};

const compareDay = (field: Field, operator: CompareOperator, bounds: { from: string; to: string }): Filter => {
  switch (operator) {
    case '=':
      return allOf([compare(field, '>=', bounds.from), compare(field, '<', bounds.to)]);
    case '<':
    case '>=':
      return compare(field, operator, bounds.from);
    case '<=':
      return compare(field, '<', bounds.to);
    case '>':
      return compare(field, '>=', bounds.to);
  }
};

const readTime = (draft: Draft, { options }: FilterContext): Filter => {
  const { field, atom } = draft;
  const timeZone = options.timeZone ?? 'Europe/Berlin';
  const moment = readMoment(written(atom), { now: options.now, timeZone });
  if (moment === undefined) {
    throw unreadable(draft, { de: 'kein Datum', en: 'not a date' }, ['1.3.2019', '2019-03-01', 'heute-30', 'today']);
  }
  const operator = orderOf(draft.operator);
  if (field.kind === 'date')
    return compare(field, operator, moment.is === 'day' ? moment.date : dayOf(moment.instant, timeZone));
  return moment.is === 'instant'
    ? compare(field, operator, moment.instant)
    : compareDay(field, operator, dayBounds(moment.date, timeZone));
};

const readFlag = (draft: Draft): Filter => {
  const value = readBoolean(written(draft.atom));
  if (value !== undefined) return compare(draft.field, '=', value);
  throw unreadable(draft, { de: 'weder ja noch nein', en: 'neither yes nor no' }, ['true', 'false']);
};

const readByKind = (draft: Draft, context: FilterContext): Filter => {
  switch (draft.field.kind) {
    case 'integer':
    case 'decimal':
    case 'money':
      return readNumeric(draft);
    case 'date':
    case 'instant':
      return readTime(draft, context);
    case 'boolean':
      return readFlag(draft);
    default:
      return readText(draft, context);
  }
};

const isEmptyWord = ({ atom, isColumn, operator }: Draft): boolean => {
  if (operator !== '=' && operator !== ':') return false;
  return atom.isQuoted ? written(atom) === '' : isColumn && /^(leer|empty)$/i.test(written(atom));
};

/** Turns a condition as read into what it means. */
export const toCondition = (draft: Draft, context: FilterContext): Filter => {
  if (draft.operator === '!=') {
    assertOperator(draft.field, '!=', draft.operatorAt);
    return negate(toCondition({ ...draft, operator: '=' }, context));
  }
  if (isEmptyWord(draft)) return isEmpty(draft.field);
  assertOperator(draft.field, draft.operator, draft.operatorAt);
  return readByKind(draft, context);
};
