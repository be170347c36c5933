import Sqlite from 'better-sqlite3';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allOf,
  anyOf,
  foldText,
  formatFilter,
  matches,
  negate,
  parseFilter,
  type Filter,
} from '../../core/filter/index.ts';
import type { Value } from '../../store/database.ts';
import { filterSql } from '../../store/filter-sql.ts';
import { toColumn, toTable, tableName, type RecordData } from '../../store/record-table.ts';
import { filterModel as model } from '../support/filter-model.ts';

const now = new Date('2024-03-15T10:00:00Z');
const options = { now, me: 'u1', team: 'Süd' };

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
  '\u212A',
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

const anyRecord: fc.Arbitrary<RecordData> = fc.record({
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

const { text: anyText } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyCondition,
    fc
      .tuple(tie('text'), fc.constantFrom('and', 'or'), tie('text'))
      .map(([left, joint, right]) => `(${left}) ${joint} (${right})`),
    tie('text').map((text) => `not (${text})`),
  ),
}));

const anyFilter = anyText.map((text) => parseFilter(text, model, options));

const createTable = (): Sqlite.Database => {
  const db = new Sqlite(':memory:');
  db.function('fold', { deterministic: true }, (text: unknown) => (typeof text === 'string' ? foldText(text) : null));
  const columns = Object.entries(toTable(model).columns).map(([name, type]) => {
    const isText = typeof type === 'object' || type === 'longText';
    const other = type === 'integer' || type === 'boolean' ? 'INTEGER' : 'TEXT';
    return `\`${name}\` ${isText ? 'TEXT COLLATE NOCASE' : type === 'decimal' ? 'REAL' : other}`;
  });
  db.exec(`CREATE TABLE \`${tableName(model.name)}\` (${columns.join(', ')})`);
  return db;
};

const db = createTable();
const fields = [...model.fields.values()];

const insert = (records: readonly RecordData[]): void => {
  db.exec(`DELETE FROM \`${tableName(model.name)}\``);
  const statement = db.prepare(`INSERT INTO \`${tableName(model.name)}\` VALUES (${fields.map(() => '?').join(', ')})`);
  for (const [position, record] of records.entries()) {
    statement.run(
      ...fields.map((field): Value => (field.name === 'id' ? String(position) : toColumn(field, record[field.name]))),
    );
  }
};

const selected = (filter: Filter): number[] => {
  const { sql, params } = filterSql(filter, model, 'sqlite');
  const rows = db
    .prepare<unknown[], { id: string }>(`SELECT id FROM \`${tableName(model.name)}\` WHERE ${sql}`)
    .all(...params);
  return rows.map((row) => Number(row.id)).toSorted((left, right) => left - right);
};

const matching = (filter: Filter, records: readonly RecordData[]): number[] =>
  records.flatMap((record, position) => (matches(filter, record) ? [position] : []));

const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 12 });

test('SQL selects exactly the records that match', () => {
  fc.assert(
    fc.property(anyText, anyRecords, (text, records) => {
      const filter = parseFilter(text, model, options);
      insert(records);
      expect(selected(filter)).toEqual(matching(filter, records));
    }),
    { numRuns: 1500 },
  );
});

test('a filter written out parses to the same filter', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(parseFilter(formatFilter(filter), model, { now: new Date(0) })).toEqual(filter);
    }),
    { numRuns: 1500 },
  );
});

test('not selects the other records, and twice not is nothing', () => {
  fc.assert(
    fc.property(anyFilter, anyRecords, (filter, records) => {
      insert(records);
      const chosen = new Set(selected(filter));
      expect(selected(negate(filter))).toEqual(
        records.map((_, position) => position).filter((position) => !chosen.has(position)),
      );
      expect(negate(negate(filter))).toEqual(filter);
    }),
  );
});

test('not of "and" is "or" of the nots', () => {
  fc.assert(
    fc.property(anyFilter, anyFilter, anyRecords, (one, other, records) => {
      const left = negate(allOf([one, other]));
      const right = anyOf([negate(one), negate(other)]);
      expect(matching(left, records)).toEqual(matching(right, records));
    }),
  );
});

test('values are never part of the SQL', () => {
  const filter = parseFilter(`name = "x' OR 1=1 --" and name ~ "%'; DROP" and score > 3`, model, options);
  const { sql, params } = filterSql(filter, model, 'sqlite');
  expect(sql).not.toMatch(/OR 1|DROP|3/);
  expect(params).toEqual(["x' OR 1=1 --", "%!%'; DROP%", 3]);
});

test('a filter of another entity is refused', () => {
  const filter: Filter = { is: 'compare', field: 'x` OR 1', kind: 'text', operator: '=', value: '' };
  expect(() => filterSql(filter, model, 'sqlite')).toThrow('No field');
});
