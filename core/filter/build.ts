import type { Field } from '../entity.ts';
import { filterKind } from './draft.ts';
import { anyOf, negate, type CompareOperator, type Filter, type FilterValue } from './filter.ts';

export const compare = (field: Field, operator: CompareOperator, value: FilterValue): Filter => ({
  is: 'compare',
  field: field.name,
  kind: filterKind(field),
  operator,
  value,
});

/** Equal to one of the values. */
export const equalsOneOf = (field: Field, values: readonly FilterValue[]): Filter => {
  const [only] = values;
  if (only !== undefined && values.length === 1) return compare(field, '=', only);
  return { is: 'in', field: field.name, kind: filterKind(field), values };
};

/** One of several conditions on a field; plain equalities become one list. */
export const anyOfField = (field: Field, filters: readonly Filter[]): Filter => {
  const values = new Set<FilterValue>();
  const others: Filter[] = [];
  for (const filter of filters) {
    if (filter.is === 'in') for (const value of filter.values) values.add(value);
    else if (filter.is === 'compare' && filter.operator === '=') values.add(filter.value);
    else others.push(filter);
  }
  if (values.size === 0 && others.length > 0) return anyOf(others);
  return anyOf([...others, equalsOneOf(field, [...values])]);
};

export const isEmpty = (field: Field): Filter => ({ is: 'empty', field: field.name, kind: filterKind(field) });

/** First and last piece stay, also when empty: they say whether the text is open at that end. */
export const withoutGaps = (pieces: readonly string[]): string[] =>
  pieces.filter((piece, position) => piece !== '' || position === 0 || position === pieces.length - 1);

/** Matches the pieces with anything between; nothing but wildcards means "not empty". */
export const like = (field: Field, atomPieces: readonly string[]): Filter => {
  const pieces = withoutGaps(atomPieces);
  if (pieces.every((piece) => piece === '')) return negate(isEmpty(field));
  return { is: 'like', field: field.name, kind: filterKind(field), pieces };
};
