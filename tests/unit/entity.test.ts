import { describe, expect, it } from 'vitest';
import { toEntityModel, type EntitySchema, type PropertySchema } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { parseExactJson, parseJson } from '../../core/json.ts';
import { createValidator } from '../../core/validation.ts';
import { fromColumn, toColumn, toTable } from '../../store/record-table.ts';

const label = { de: 'Ding', en: 'Thing' };
const buildSchema = (
  properties: Record<string, PropertySchema>,
  entity: Partial<EntitySchema['x-entity']> = {},
): EntitySchema => ({
  $id: 'thing',
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 10 }, ...properties },
  'x-entity': { plural: 'things', label, pluralLabel: label, titleField: 'name', ...entity },
});

const issuesOf = (schema: EntitySchema): unknown[] => {
  try {
    toEntityModel(schema, 1);
  } catch (error) {
    if (error instanceof LeitwerkError) return error.issues.map(({ path, code }) => [path, code]);
    throw error;
  }
  return [];
};

describe('an entity', () => {
  it('has the fields of every record beside its own, and those of a pipeline where it has one', () => {
    expect([...toEntityModel(buildSchema({}), 1).fields.keys()]).toEqual([
      'id',
      'tenantId',
      'version',
      'createdAt',
      'createdBy',
      'updatedAt',
      'updatedBy',
      'deletedAt',
      'name',
    ]);
    expect(toEntityModel(buildSchema({}, { pipeline: true }), 1).fields.has('stage')).toBe(true);
  });

  it('knows the kind of each field', () => {
    const { fields } = toEntityModel(
      buildSchema({
        a: { type: 'string', format: 'date' },
        b: { type: 'string', format: 'date-time' },
        c: { type: 'string', 'x-multiline': true },
        d: { type: 'number' },
        e: { type: 'number', 'x-money': true },
        f: { 'x-reference': 'user' },
        g: { type: 'string', 'x-config': 'tags' },
        h: { type: 'array' },
        i: { type: 'object' },
      }),
      1,
    );
    expect('abcdefghi'.split('').map((name) => fields.get(name)?.kind)).toEqual([
      'date',
      'instant',
      'longText',
      'decimal',
      'money',
      'reference',
      'choice',
      'list',
      'json',
    ]);
  });

  it('names every fault of its schema at once', () => {
    const schema = {
      ...buildSchema(
        { Bad: { type: 'string' }, version: { type: 'integer' }, none: {} },
        { titleField: 'nope', indexes: [['ghost']] },
      ),
      required: ['missing'],
    };
    expect(issuesOf(schema)).toEqual([
      ['/properties/version', 'taken'],
      ['/properties/Bad', 'name'],
      ['/properties/none', 'type'],
      ['/required', 'unknown'],
      ['/x-entity/titleField', 'unknown'],
      ['/x-entity/indexes', 'unknown'],
    ]);
  });

  it('becomes a table with references, unique values and indexes of the tenant', () => {
    const table = toTable(
      toEntityModel(
        buildSchema(
          {
            parent: { 'x-reference': 'thing' },
            old: { 'x-reference': 'thing', 'x-weak': true },
            serial: { type: 'string', 'x-unique': true },
          },
          { indexes: [['name']] },
        ),
        1,
      ),
    );
    expect(table).toMatchObject({
      name: 'thing',
      primaryKey: ['id'],
      references: { parent: 'thing' },
      unique: [['tenantId', 'serial']],
    });
    expect(table.indexes).toContainEqual(['tenantId', 'deletedAt', 'name']);
  });

  it('keeps every value through its column: absent is not zero, false or empty', () => {
    const { fields } = toEntityModel(
      buildSchema({
        money: { type: 'number', 'x-money': true },
        flag: { type: 'boolean' },
        list: { type: 'array' },
        n: { type: 'integer' },
      }),
      1,
    );
    for (const [name, values] of Object.entries({
      money: [0, 0.1, 19.99, 1_234_567.89, null],
      flag: [true, false, null],
      list: [[], ['a'], null],
      n: [0, -5, null],
      name: ['', 'x', null],
    })) {
      const field = fields.get(name);
      if (field === undefined) throw new Error(name);
      for (const value of values) expect(fromColumn(field, toColumn(field, value))).toEqual(value);
    }
  });
});

describe('validation', () => {
  const model = toEntityModel(
    buildSchema({
      mail: { type: 'string', format: 'email' },
      kind: { type: 'string', 'x-config': 'kinds' },
      n: { type: 'integer', minimum: 1 },
    }),
    1,
  );
  const validator = createValidator(model, () => ['a', 'b']);

  it('takes mail addresses with an international domain', () => {
    const isTaken = (mail: string): boolean => validator.issues({ name: 'x', mail }, 'de').length === 0;
    expect(['info@müller.de', 'info@xn--mller-kva.de', 'a@straße.example', 'a@例え.jp'].filter(isTaken)).toHaveLength(
      4,
    );
    expect(
      ['info@mü ller.de', 'info@müller', 'info@-müller-.de', 'info@müller..de', 'a@mül/ler.de'].filter(isTaken),
    ).toEqual([]);
  });

  it('names every fault in the language of the reader', () => {
    const record = { mail: 'x', kind: 'c', n: 0, other: 1 };
    expect(
      validator
        .issues(record, 'de')
        .map(({ path, message }) => `${path}: ${message}`)
        .toSorted(),
    ).toEqual([
      '/kind: „c“ gibt es nicht. Erlaubt sind: a, b.',
      '/mail: Das ist keine E-Mail-Adresse.',
      '/n: Mindestens 1.',
      '/name: Dieses Feld fehlt.',
      '/other: Dieses Feld gibt es nicht.',
    ]);
    const text = { de: 'Höchstens 10 Zeichen.', en: 'At most 10 characters.' };
    expect(validator.issues({ name: 'x'.repeat(11) }, 'en')).toEqual([
      { path: '/name', code: 'maxLength', message: text.en, text },
    ]);
  });

  it('takes null for absent and lets the fields of the system be', () => {
    expect(validator.issues({ name: 'x', mail: null, kind: null, id: '1', version: 3 }, 'de')).toEqual([]);
    expect(validator.issues({ name: null }, 'de')).toHaveLength(1);
  });
});

describe('JSON from outside', () => {
  const parse = (text: string): unknown => parseJson(Buffer.from(text));

  it.each([
    '{"a":',
    '',
    '\u0000',
    '{"__proto__": {"admin": true}}',
    '{"a": {"constructor": 1}}',
    `${'['.repeat(60)}${']'.repeat(60)}`,
  ])('is refused when it reads %j', (text) => {
    expect(() => parse(text)).toThrow(LeitwerkError);
  });

  it('is refused when it is not UTF-8', () =>
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(LeitwerkError));

  it('is read otherwise', () => expect(parse('{"a":[1,{"b":"ü"}]}')).toEqual({ a: [1, { b: 'ü' }] }));

  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['-9007199254740993', '-9007199254740993'],
    ['12345678.901234567890', '12345678.901234567890'],
    ['0.10000000000000001', '0.10000000000000001'],
    ['9007199254740991', 9007199254740991],
    ['0.30000000000000004', 0.30000000000000004],
    ['-0.001234500000000000000', -0.0012345],
    ['1.2500000000000000', 1.25],
    ['1234567890123456e3', 1234567890123456e3],
    ['"12345678901234567890"', '12345678901234567890'],
  ])('keeps the digits of %s that others send', (text, value) => {
    expect(parseExactJson(Buffer.from(`{"a":[1,${text}]}`))).toEqual({ a: [1, value] });
  });

  it('reads a prototype in a text with long numbers, too', () => {
    expect(() => parseExactJson(Buffer.from('{"a":12345678901234567890,"__proto__":{"b":1}}'))).toThrow(LeitwerkError);
  });
});
