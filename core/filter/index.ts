export type { Choice, FilterOptions } from './draft.ts';
export { allOf, anyOf, everything, negate, type Filter, type FilterCondition, type FilterValue } from './filter.ts';
export { formatFilter } from './format.ts';
export { matches } from './matches.ts';
export { isFilterWord, parseColumn, parseFilter } from './parse.ts';
export { foldText, isAscii } from './text.ts';
