import type { Field } from '../entity.ts';
import { compare, equalsOneOf, like, withoutGaps } from './build.ts';
import {
  filterKind,
  unreadable,
  written,
  type Choice,
  type Draft,
  type FilterContext,
  type FilterOptions,
} from './draft.ts';
import type { Filter } from './filter.ts';
import { matchesPieces } from './text.ts';

const piecesOf = ({ operator, atom, field, isColumn }: Draft): readonly string[] | undefined => {
  const isText = field.kind === 'text' || field.kind === 'longText';
  if (operator === '~' || (operator === ':' && isColumn && isText && atom.pieces.length === 1))
    return ['', ...atom.pieces, ''];
  return atom.pieces.length > 1 ? atom.pieces : undefined;
};

/** Text fields that name an actor as events do: `user/<id>`. */
const actorFields = new Set(['createdBy', 'updatedBy', 'actor']);

const isPersonal = (field: Field, word: string): boolean =>
  word === 'team'
    ? field.target === 'team' || field.name === 'team'
    : field.target === 'user' || actorFields.has(field.name);

const actorValue = (field: Field, word: string, { me, team, actor }: FilterOptions): string | undefined => {
  if (word === 'team') return team;
  if (!actorFields.has(field.name)) return me;
  return actor ?? (me === undefined ? undefined : `user/${me}`);
};

/** `me` and `team` without quotes. In a column expression only where a person or team is what the field holds. */
const readActor = ({ field, atom, isColumn, operator }: Draft, { options }: FilterContext): Filter | undefined => {
  const word = atom.isQuoted || operator === '~' ? '' : written(atom).toLowerCase();
  if (!['me', 'ich', 'team'].includes(word) || (isColumn && !isPersonal(field, word))) return undefined;
  const value = actorValue(field, word, options);
  return equalsOneOf(field, value === undefined ? [] : [value]);
};

const choicesOf = (field: Field, { options }: FilterContext): readonly Choice[] | undefined => {
  const named = options.choices?.(field.name);
  const fixed = (field.values ?? []).map((key) => ({ key, label: { de: key, en: key } }));
  if (named === undefined) return field.values === undefined ? undefined : fixed;
  return [...named, ...fixed.filter(({ key }) => named.every((choice) => choice.key !== key))];
};

const sameWord = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

const keysNamed = (choices: readonly Choice[], text: string): string[] => {
  if (choices.some(({ key }) => key === text)) return [text];
  return choices
    .filter(({ key, label }) => sameWord(key, text) || sameWord(label.de, text) || sameWord(label.en, text))
    .map(({ key }) => key);
};

const keysLike = (
  choices: readonly Choice[],
  pieces: readonly string[],
  wordsFor: (choice: Choice) => string[],
): string[] =>
  choices
    .filter((choice) => wordsFor(choice).some((word) => matchesPieces(withoutGaps(pieces), word)))
    .map(({ key }) => key);

const wordsOf = ({ key, label }: Choice): string[] => [key, label.de, label.en];
const namesOf = ({ label }: Choice): string[] => [label.de, label.en];

/** Text among known values: their keys or labels. Only kind `choice` refuses what it does not know. */
const chosen = (draft: Draft, choices: readonly Choice[]): Filter | undefined => {
  const { field, atom } = draft;
  const pieces = field.kind === 'choice' ? piecesOf(draft) : undefined;
  const keys = pieces === undefined ? keysNamed(choices, written(atom)) : keysLike(choices, pieces, wordsOf);
  if (keys.length > 0) return equalsOneOf(field, [...new Set(keys)]);
  if (field.kind !== 'choice') return undefined;
  const expected = choices.map(({ key }) => key);
  throw unreadable(draft, { de: 'keiner der Werte', en: 'none of the values' }, expected);
};

const userId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Users go by their names, or a part of one; an id stays one, also of a user who is not known here. */
const chosenUser = (draft: Draft, users: readonly Choice[]): Filter => {
  const { field, atom } = draft;
  const text = written(atom);
  const pieces = piecesOf(draft);
  const named = pieces === undefined ? keysNamed(users, text) : keysLike(users, pieces, namesOf);
  const keys = named.length > 0 || pieces !== undefined ? named : keysLike(users, ['', text, ''], namesOf);
  if (keys.length > 0) return equalsOneOf(field, keys);
  if (userId.test(text)) return equalsOneOf(field, [text.toLowerCase()]);
  throw unreadable(
    draft,
    { de: 'niemand', en: 'nobody' },
    users.map(({ label }) => label.en),
  );
};

const readWhole = (draft: Draft): Filter => {
  const { field, atom } = draft;
  const pieces = piecesOf(draft);
  const kind = filterKind(field);
  if (pieces === undefined)
    return compare(field, '=', field.format === 'uuid' ? written(atom).toLowerCase() : written(atom));
  if (kind !== 'reference' && kind !== 'list') return like(field, pieces);
  throw unreadable(draft, { de: 'kein ganzer Wert', en: 'not a whole value' }, ['a value without *']);
};

/** What text means for fields that hold text, keys or ids: labels, names of users, `me`, `team`, wildcards, or just the text. */
export const readText = (draft: Draft, context: FilterContext): Filter => {
  const { field, atom, operator } = draft;
  if (operator === '~' && written(atom) === '') throw unreadable(draft, { de: 'kein Text', en: 'no text' }, ['text']);
  const choices = choicesOf(field, context);
  const find = field.target === 'user' ? chosenUser : chosen;
  const meant = readActor(draft, context) ?? (choices === undefined ? undefined : find(draft, choices));
  return meant ?? readWhole(draft);
};
