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
import { anyFilterText, anyRecord, filterOptions } from '../support/filter-arbitraries.ts';
import { filterModel as model } from '../support/filter-model.ts';

const anyFilter = anyFilterText.map((text) => parseFilter(text, model, filterOptions));

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
    fc.property(anyFilterText, anyRecords, (text, records) => {
      const filter = parseFilter(text, model, filterOptions);
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

test('a letter that only looks like k is another letter, in SQL and in memory', () => {
  const records = [{ name: '\u212A' }, { name: 'K' }];
  insert(records);
  for (const text of ['name = k', 'name ~ k']) {
    const filter = parseFilter(text, model, filterOptions);
    expect(selected(filter)).toEqual([1]);
    expect(matching(filter, records)).toEqual([1]);
  }
});

test('values are never part of the SQL', () => {
  const filter = parseFilter(`name = "x' OR 1=1 --" and name ~ "%'; DROP" and score > 3`, model, filterOptions);
  const { sql, params } = filterSql(filter, model, 'sqlite');
  expect(sql).not.toMatch(/OR 1|DROP|3/);
  expect(params).toEqual(["x' OR 1=1 --", "%!%'; DROP%", 3]);
});

test('a filter of another entity is refused', () => {
  const filter: Filter = { is: 'compare', field: 'x` OR 1', kind: 'text', operator: '=', value: '' };
  expect(() => filterSql(filter, model, 'sqlite')).toThrow('No field');
});
