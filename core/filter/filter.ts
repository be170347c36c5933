import type { FieldKind } from '../entity.ts';

/** Instants are ISO text with milliseconds and Z, dates `YYYY-MM-DD`, money a number in units of the currency. */
export type FilterValue = string | number | boolean;

export type CompareOperator = '=' | '<' | '<=' | '>' | '>=';

interface Condition {
  readonly field: string;
  readonly kind: FieldKind;
}

/** Text pattern: the pieces between the wildcards, so `Muster*` is `['Muster', '']` and "contains x" is `['', 'x', '']`. */
export interface LikeCondition extends Condition {
  readonly is: 'like';
  readonly pieces: readonly string[];
}

export interface CompareCondition extends Condition {
  readonly is: 'compare';
  readonly operator: CompareOperator;
  readonly value: FilterValue;
}

/** Equal to one of the values; no value at all matches nothing. A single value is a `compare`. */
export interface InCondition extends Condition {
  readonly is: 'in';
  readonly values: readonly FilterValue[];
}

/** `null`, absent, `''`, an empty list or an empty object. */
export interface EmptyCondition extends Condition {
  readonly is: 'empty';
}

export type FilterCondition = LikeCondition | CompareCondition | InCondition | EmptyCondition;

/**
 * What a filter text means, with every value typed and `heute`, `me`, `team` resolved.
 * Two-valued: an empty value equals nothing and is smaller or larger than nothing, and `not` turns that round,
 * so `stage != "neu"` includes records without a stage. For lists, equal means "contains the element".
 */
export type Filter =
  | FilterCondition
  | { readonly is: 'and'; readonly parts: readonly Filter[] }
  | { readonly is: 'or'; readonly parts: readonly Filter[] }
  | { readonly is: 'not'; readonly part: Filter };

/** Matches every record. */
export const everything: Filter = { is: 'and', parts: [] };

/** Matches no record. */
export const nothing: Filter = { is: 'or', parts: [] };

const isEmptyGroup = (filter: Filter, is: 'and' | 'or'): boolean => filter.is === is && filter.parts.length === 0;

const group = (is: 'and' | 'or', filters: readonly Filter[]): Filter => {
  const parts = filters.flatMap((filter) => (filter.is === is ? filter.parts : [filter]));
  const decided = parts.find((part) => isEmptyGroup(part, is === 'and' ? 'or' : 'and'));
  if (decided !== undefined) return decided;
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : { is, parts };
};

/** Every filter must match; none given matches everything. */
export const allOf = (filters: readonly Filter[]): Filter => group('and', filters);

/** One filter must match; none given matches nothing. */
export const anyOf = (filters: readonly Filter[]): Filter => group('or', filters);

export const negate = (filter: Filter): Filter => {
  if (filter.is === 'not') return filter.part;
  if (isEmptyGroup(filter, 'and')) return nothing;
  if (isEmptyGroup(filter, 'or')) return everything;
  return { is: 'not', part: filter };
};
