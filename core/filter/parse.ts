import type { EntityModel, Field } from '../entity.ts';
import { anyOfField, isEmpty } from './build.ts';
import { toCondition } from './conditions.ts';
import { assertOperator, isOrdered, type FilterContext, type FilterOptions, type Operator } from './draft.ts';
import { allOf, anyOf, everything, negate, type Filter } from './filter.ts';
import {
  assertWithin,
  filterFault,
  nested,
  readAtom,
  skipSpace,
  startScan,
  take,
  unexpected,
  type Atom,
  type AtomEnd,
  type Scan,
} from './scan.ts';
import { foldText } from './text.ts';

/** A word, so that `order` does not begin with the word `or`. */
const word = (name: string): RegExp => new RegExp(String.raw`${name}(?![\w-])`, 'iy');
const words = {
  and: word('and'),
  or: word('or'),
  not: word('not'),
  in: word('in'),
  is: word('is'),
  empty: word('empty'),
};

/** Whether a field of this name could not be filtered: only `not` stands where a field does; the other words come behind one. */
export const isFilterWord = (name: string): boolean => name.toLowerCase() === 'not';

const fieldName = /[\p{L}_][\p{L}\p{M}\p{N}_-]*/uy;
const operator = /<=|>=|!=|<>|=|<|>|~/y;
const connective = /\s+(?:and|or)(?=[\s(]|$)/iy;

/** Whether a column expression inside a filter is over here, because ` and ` or ` or ` goes on with the filter. */
const isConnective = (scan: Scan): boolean => {
  if (scan.isColumnOnly) return false;
  connective.lastIndex = scan.at;
  return connective.test(scan.text);
};

const endsWord: AtomEnd = (scan) => /[\s(),&|]/.test(scan.text.charAt(scan.at));

const endsColumnText: AtomEnd = (scan, depth) => {
  if (depth > 0) return false;
  const character = scan.text.charAt(scan.at);
  if (character === '&' || character === '|' || character === ')') return true;
  return isConnective(scan);
};

const endsOrderedText: AtomEnd = (scan, depth) => endsColumnText(scan, depth) || scan.text.startsWith('..', scan.at);

interface Parser {
  readonly scan: Scan;
  readonly context: FilterContext;
}

const readableFields = ({ model, options }: FilterContext): Field[] =>
  [...model.fields.values()].filter((field) => !field.isHidden && (options.readable?.(field.name) ?? true));

const namesOf = ({ name, label }: Field): string[] => [name, label.de, label.en].map(foldText);

/** Fields whose label of several words stands at `at`: those with the longest. */
const labelledAt = (scan: Scan, at: number, fields: readonly Field[]): { length: number; found: readonly Field[] } => {
  let best: { length: number; found: Field[] } = { length: 0, found: [] };
  for (const field of fields)
    for (const label of new Set([field.label.de, field.label.en])) {
      if (!/\S\s/u.test(label)) continue;
      const length = label.length;
      const isHere = foldText(scan.text.slice(at, at + length)) === foldText(label);
      if (!isHere || /^[\p{L}\p{N}_]/u.test(scan.text.slice(at + length)) || length < best.length) continue;
      best = { length, found: length === best.length ? [...best.found, field] : [field] };
    }
  return best;
};

const readField = ({ scan, context }: Parser): Field => {
  const name = take(scan, fieldName);
  if (name === undefined) throw unexpected(scan, ['a field', 'not', '(']);
  const field = context.model.fields.get(name);
  if (field !== undefined && !field.isHidden && (context.options.readable?.(name) ?? true)) return field;
  const fields = readableFields(context);
  const begin = scan.at - name.length;
  const { length, found } = labelledAt(scan, begin, fields);
  const [wordy] = found;
  if (wordy !== undefined && found.length === 1) {
    scan.at = begin + length;
    return wordy;
  }
  // A label is as good as the name where only one field has it.
  const folded = foldText(name);
  const [labelled, ...others] = fields.filter((known) => namesOf(known).includes(folded));
  if (labelled !== undefined && others.length === 0) return labelled;
  const near = fields.filter((known) => namesOf(known).some((one) => one.includes(folded)));
  throw filterFault({
    at: scan.at - name.length,
    code: 'field',
    text: { de: `Das Feld „${name}“ gibt es nicht.`, en: `There is no field "${name}".` },
    expected: (near.length > 0 ? near : fields).map((known) => known.name),
  });
};

const toOperator = (found: string): Operator => {
  switch (found) {
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '=':
    case '~':
      return found;
    default:
      return '!=';
  }
};

const countCondition = (scan: Scan): void => assertWithin(scan, 'conditions', (scan.conditions += 1));

// Column expressions: `field: >=1.3.2019&<1.4.2019`

const readOr = (parser: Parser, field: Field): Filter => {
  const parts = [readAnd(parser, field)];
  while (take(parser.scan, /\|/y) !== undefined) parts.push(readAnd(parser, field));
  return parts.length === 1 ? allOf(parts) : anyOfField(field, parts);
};

const readAnd = (parser: Parser, field: Field): Filter => {
  const parts = [readTerm(parser, field)];
  while (take(parser.scan, /&/y) !== undefined) parts.push(readTerm(parser, field));
  return allOf(parts);
};

const assertTermEnd = (scan: Scan): void => {
  if (scan.at >= scan.text.length || endsColumnText(scan, 0)) return;
  skipSpace(scan);
  if (scan.at < scan.text.length && !endsColumnText(scan, 0)) throw unexpected(scan, ['&', '|', 'and', 'or']);
};

const readTerm = (parser: Parser, field: Field): Filter => {
  const { scan } = parser;
  if (isConnective(scan)) throw unexpected(scan, ['a value', 'an operator']);
  if (take(scan, /!(?!=)/y) !== undefined) return nested(scan, () => negate(readTerm(parser, field)));
  if (take(scan, /\(/y) === undefined) return readColumnCondition(parser, field);
  const inner = nested(scan, () => readOr(parser, field));
  if (take(scan, /\)/y) === undefined) throw unexpected(scan, [')']);
  assertTermEnd(scan);
  return inner;
};

const readColumnAtom = (scan: Scan, field: Field): Atom | undefined =>
  isConnective(scan) ? undefined : readAtom(scan, isOrdered(field) ? endsOrderedText : endsColumnText);

/** `a..b` with both ends, or open on one side. */
const readRange = (scan: Scan, first: Atom | undefined, field: Field): [Operator, Atom][] => {
  const last = readColumnAtom(scan, field);
  const bounds: [Operator, Atom][] = [];
  if (first !== undefined) bounds.push(['>=', first]);
  if (last !== undefined) bounds.push(['<=', last]);
  if (bounds.length === 0) throw unexpected(scan, ['a value']);
  return bounds;
};

const readColumnCondition = ({ scan, context }: Parser, field: Field): Filter => {
  countCondition(scan);
  skipSpace(scan);
  const operatorAt = scan.at;
  const found = take(scan, operator);
  const atom = readColumnAtom(scan, field);
  // Space is not skipped: the word after it may go on with the filter.
  const isRange = found === undefined && isOrdered(field) && scan.text.startsWith('..', scan.at);
  if (isRange) scan.at += 2;
  if (!isRange && atom === undefined)
    throw unexpected(scan, found === undefined ? ['a value', 'an operator'] : ['a value']);
  const single: [Operator, Atom][] = atom === undefined ? [] : [[found === undefined ? ':' : toOperator(found), atom]];
  const bounds = isRange ? readRange(scan, atom, field) : single;
  assertTermEnd(scan);
  return allOf(
    bounds.map(([meaning, value]) =>
      toCondition({ field, operator: meaning, operatorAt, atom: value, isColumn: true }, context),
    ),
  );
};

// Conditions: `field op value`, `field in (…)`, `field is empty`

const readValue = (scan: Scan): Atom => {
  skipSpace(scan);
  const isOperator = /[=<>!~]/.test(scan.text.charAt(scan.at));
  const atom = isOperator ? undefined : readAtom(scan, endsWord);
  if (atom === undefined) throw unexpected(scan, ['a value']);
  return atom;
};

const readIn = ({ scan, context }: Parser, field: Field, operatorAt: number): Filter => {
  assertOperator(field, 'in', operatorAt);
  if (take(scan, /\(/y) === undefined) throw unexpected(scan, ['(']);
  const parts: Filter[] = [];
  if (take(scan, /\)/y) !== undefined) return anyOfField(field, parts);
  do {
    assertWithin(scan, 'values', (scan.values += 1));
    const atom = readValue(scan);
    parts.push(toCondition({ field, operator: '=', operatorAt, atom, isColumn: false }, context));
  } while (take(scan, /,/y) !== undefined);
  if (take(scan, /\)/y) === undefined) throw unexpected(scan, [',', ')']);
  return anyOfField(field, parts);
};

const readCondition = (parser: Parser): Filter => {
  const { scan, context } = parser;
  const field = readField(parser);
  if (take(scan, /:/y) !== undefined) return nested(scan, () => readOr(parser, field));
  countCondition(scan);
  skipSpace(scan);
  const operatorAt = scan.at;
  if (take(scan, words.is) !== undefined) {
    const isNegated = take(scan, words.not) !== undefined;
    if (take(scan, words.empty) === undefined) throw unexpected(scan, isNegated ? ['empty'] : ['empty', 'not empty']);
    return isNegated ? negate(isEmpty(field)) : isEmpty(field);
  }
  if (take(scan, words.in) !== undefined) return readIn(parser, field, operatorAt);
  if (take(scan, words.not) !== undefined) {
    if (take(scan, words.in) === undefined) throw unexpected(scan, ['in']);
    return negate(readIn(parser, field, operatorAt));
  }
  const found = take(scan, operator);
  if (found === undefined) throw unexpected(scan, ['=', '!=', '<', '<=', '>', '>=', '~', 'in', 'is empty', ':']);
  const atom = readValue(scan);
  return toCondition({ field, operator: toOperator(found), operatorAt, atom, isColumn: false }, context);
};

const readUnary = (parser: Parser): Filter => {
  const { scan } = parser;
  if (take(scan, words.not) !== undefined) return nested(scan, () => negate(readUnary(parser)));
  if (take(scan, /\(/y) === undefined) return readCondition(parser);
  const inner = nested(scan, () => readAny(parser));
  if (take(scan, /\)/y) === undefined) throw unexpected(scan, ['and', 'or', ')']);
  return inner;
};

const readAll = (parser: Parser): Filter => {
  const parts = [readUnary(parser)];
  while (take(parser.scan, words.and) !== undefined) parts.push(readUnary(parser));
  return allOf(parts);
};

const readAny = (parser: Parser): Filter => {
  const parts = [readAll(parser)];
  while (take(parser.scan, words.or) !== undefined) parts.push(readAll(parser));
  return anyOf(parts);
};

const assertEnd = (scan: Scan, expected: readonly string[]): void => {
  skipSpace(scan);
  if (scan.at < scan.text.length) throw unexpected(scan, expected);
};

/**
 * Reads a filter: conditions `field op value` or `field: column expression`, joined with `and`, `or`, `not`, parentheses.
 * A field goes by its name, or by its label where no other has it. Empty text matches everything. Hidden fields and fields that are not `readable` do not exist here.
 * @throws LeitwerkError `InvalidFilter` with `issues[0].column` (from 1) and `facts: {position, expected}`.
 */
export function parseFilter(text: string, model: EntityModel, options: FilterOptions): Filter {
  const scan = startScan(text, false);
  skipSpace(scan);
  if (scan.at === scan.text.length) return everything;
  const filter = readAny({ scan, context: { model, options } });
  assertEnd(scan, ['and', 'or']);
  return filter;
}

/**
 * Reads what someone typed into the head of a column; positions count from the start of that text.
 * Here ` and ` is text like any other. Empty text matches everything.
 * @throws LeitwerkError `InvalidFilter` as `parseFilter`.
 */
export function parseColumn(
  text: string,
  column: { model: EntityModel; field: string },
  options: FilterOptions,
): Filter {
  const scan = startScan(text, true);
  skipSpace(scan);
  if (scan.at === scan.text.length) return everything;
  const context = { model: column.model, options };
  const field = readField({ scan: startScan(column.field, false), context });
  const filter = readOr({ scan, context }, field);
  assertEnd(scan, ['&', '|']);
  return filter;
}
