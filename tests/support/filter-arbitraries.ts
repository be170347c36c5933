import * as fc from 'fast-check';
import type { RecordData } from '../../store/record-table.ts';

const now = new Date('2024-03-15T10:00:00Z');
/** What `anyFilterText` is read with. */
export const filterOptions = { now, me: 'u1', team: 'Süd' };

const words = [
  '',
  'a',
  'A',
  'ä',
  'Ä',
  'Müller',
  'MÜLLER',
  'Muster GmbH',
  'muster',
  '50%',
  'a_b',
  'a!b',
  'a\\b',
  '"q"',
  "it's",
  'x*y',
  'ß',
  'k',
  'a"',
  'a" and b',
  '(',
  ' &|',
];
const word = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: 'grapheme', maxLength: 4 }).filter((text) => !text.includes('\0')),
);
const key = fc.constantFrom('open', 'done', 'late');
const free = fc.constantFrom('neu', 'Neu', 'alt', 'a');
const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, 1.005, 2.5, 1e-7, 1234.56, 0.57, -0.29));
const day = fc.constantFrom('2024-03-14', '2024-03-15', '2024-03-31', '2019-03-01');
const instant = fc.constantFrom(
  '2024-03-14T22:59:59.999Z',
  '2024-03-14T23:00:00.000Z',
  '2024-03-31T00:30:00.000Z',
  '2019-02-28T23:00:00.000Z',
);
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 });

/** A record of `filterModel` without its system fields. */
export const anyRecord: fc.Arbitrary<RecordData> = fc.record({
  name: orNull(word),
  note: orNull(word),
  state: orNull(key),
  source: orNull(free),
  stage: orNull(free),
  owner: orNull(fc.constantFrom('u1', 'u2')),
  team: orNull(fc.constantFrom('Süd', 'SÜD', 'Nord')),
  score: orNull(fc.integer({ min: -3, max: 3 })),
  rate: orNull(number),
  budget: orNull(number.map((value) => Math.round(value * 100) / 100)),
  consent: orNull(fc.boolean()),
  due: orNull(day),
  doneAt: orNull(instant),
  type: orNull(fc.array(word, { maxLength: 2 })),
  tags: orNull(fc.array(word, { maxLength: 2 })),
  extra: orNull(fc.constantFrom({}, { a: 1 })),
});

const quoted = (text: string): string => JSON.stringify(text).replaceAll(/\\u[0-9a-f]{4}/g, '?');
const column = (text: string): string =>
  /^[\p{L}\d]+$/u.test(text) && !/^(leer|empty|and|or|me|team)$/i.test(text) ? text : quoted(text);

const conditionText = (
  names: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> =>
  fc.oneof(
    fc.tuple(fc.constantFrom(...names), fc.constantFrom(...operators), value).map((parts) => parts.join(' ')),
    fc
      .tuple(fc.constantFrom(...names), fc.constantFrom('in', 'not in'), fc.array(value, { maxLength: 3 }))
      .map(([name, word_, values]) => `${name} ${word_} (${values.join(', ')})`),
  );

const order = ['=', '!=', '<', '<=', '>', '>='];
const equal = ['=', '!='];
const anyCondition = fc.oneof(
  conditionText(['name', 'note', 'team'], ['=', '!='], word.map(quoted)),
  conditionText(['name', 'note', 'source', 'stage'], ['~'], word.filter((text) => text !== '').map(quoted)).filter(
    (text) => !text.includes(' in '),
  ),
  fc
    .tuple(fc.constantFrom('name', 'note', 'stage'), word.map(column), fc.constantFrom('*', ''))
    .map(([name, text, star]) => `${name}: !${text}${star}|*${text}`),
  conditionText(['state'], equal, key),
  conditionText(['source', 'stage'], equal, free),
  conditionText(['owner'], equal, fc.constantFrom('me', '"u2"', '"nobody"')),
  conditionText(['team'], equal, fc.constantFrom('team', '"nord"')),
  conditionText(['score', 'rate', 'budget'], order, number.map(String)),
  conditionText(['consent'], equal, fc.constantFrom('true', 'false')),
  conditionText(['due', 'doneAt'], order, fc.oneof(day, fc.constantFrom('heute', 'heute-1', 'heute+16', '1.3.2019'))),
  conditionText(['doneAt'], order, instant),
  conditionText(['tags', 'type'], equal, word.map(quoted)),
  fc.constantFrom(
    'due: heute-1..heute',
    'budget: -1..2,5',
    'score: ..1|3',
    'doneAt: 14.3.2024..',
    'name: leer',
    'tags: !leer',
  ),
  fc
    .tuple(
      fc.constantFrom('name', 'state', 'owner', 'score', 'due', 'tags', 'extra', 'consent'),
      fc.constantFrom('is empty', 'is not empty'),
    )
    .map((parts) => parts.join(' ')),
);

/** A filter over `filterModel` that can be read, as text. */
export const { text: anyFilterText } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyCondition,
    fc
      .tuple(tie('text'), fc.constantFrom('and', 'or'), tie('text'))
      .map(([left, joint, right]) => `(${left}) ${joint} (${right})`),
    tie('text').map((text) => `not (${text})`),
  ),
}));
