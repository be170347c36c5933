import type { Filter, FilterCondition, FilterValue, LikeCondition } from './filter.ts';

const escapes: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\t': String.raw`\t`, '\r': String.raw`\r` };

const quote = (text: string): string =>
  `"${text.replaceAll(/["\\\n\t\r]/g, (character) => escapes[character] ?? `\\${character}`)}"`;

const formatValue = (condition: FilterCondition, value: FilterValue): string =>
  typeof value === 'string' && condition.kind !== 'date' && condition.kind !== 'instant' ? quote(value) : String(value);

const formatPieces = (pieces: readonly string[]): string =>
  pieces.map((piece) => (piece === '' ? '' : quote(piece))).join('*');

const formatLike = ({ field, pieces }: LikeCondition): string => {
  const [before, piece = '', after] = pieces;
  const isContains = pieces.length === 3 && before === '' && after === '';
  return isContains ? `${field} ~ ${quote(piece)}` : `${field} = ${formatPieces(pieces)}`;
};

const formatCondition = (condition: FilterCondition, isNegated: boolean): string => {
  const { field } = condition;
  const not = isNegated ? 'not ' : '';
  switch (condition.is) {
    case 'empty':
      return `${field} is ${not}empty`;
    case 'in':
      return `${field} ${not}in (${condition.values.map((value) => formatValue(condition, value)).join(', ')})`;
    case 'like':
      return not + formatLike(condition);
    case 'compare': {
      const value = formatValue(condition, condition.value);
      if (condition.operator === '=') return `${field} ${isNegated ? '!=' : '='} ${value}`;
      return `${not}${field} ${condition.operator} ${value}`;
    }
  }
};

const formatGroup = (filters: readonly Filter[], word: 'and' | 'or'): string =>
  filters
    .map((part) => (part.is === 'or' || part.is === 'and' ? `(${formatFilter(part)})` : formatFilter(part)))
    .join(` ${word} `);

/** Writes the filter as text that parses to the same filter; values are written out, so `heute` becomes its date. */
export function formatFilter(filter: Filter): string {
  switch (filter.is) {
    case 'and':
      return formatGroup(filter.parts, 'and');
    case 'or':
      return filter.parts.length === 0 ? 'id in ()' : formatGroup(filter.parts, 'or');
    case 'not': {
      const { part } = filter;
      if (part.is === 'and' || part.is === 'or' || part.is === 'not') return `not (${formatFilter(part)})`;
      return formatCondition(part, true);
    }
    default:
      return formatCondition(filter, false);
  }
}
