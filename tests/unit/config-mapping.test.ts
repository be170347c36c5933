import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { toEditable } from '../../admin-ui/model/format.ts';
import type { EntityModel } from '../../core/entity.ts';
import { readNumeric, type Choice } from '../../core/field-value.ts';
import { isMappable } from '../../core/mappable.ts';
import { createMapper, type Mapped, type MapperOptions, type MappingRow } from '../../core/mapping.ts';
import { parseMappingPath } from '../../core/mapping-path.ts';
import {
  isTooFine,
  readBoolean,
  readDate,
  readInstant,
  readMoney,
  readNumber,
  readWhole,
} from '../../core/read-text.ts';
import { shippedModel } from '../support/configuration.ts';

let model: EntityModel;
beforeAll(async () => {
  model = await shippedModel('lead');
});

const priorities: Choice[] = [
  { key: 'normal', label: { de: 'Normal', en: 'Normal' } },
  { key: 'hoch', label: { de: 'Hoch', en: 'High' } },
];
const options = (): MapperOptions => ({
  model,
  timeZone: 'Europe/Berlin',
  choices: (field) => (field.configKind === 'priorities' ? priorities : undefined),
});

const byName = (body: Record<string, unknown>): Mapped => createMapper(options())({ body }, 'de');
const byRows = (rows: MappingRow[], body: Record<string, unknown>, headers?: Record<string, string>): Mapped =>
  createMapper({ ...options(), mapping: { unmapped: 'additional', rows } })({ body, headers }, 'de');

describe('mapping by name', () => {
  it('takes camelCase, snake_case and kebab-case and keeps the rest', () => {
    const { values, additional, issues } = byName({
      first_name: 'Anna',
      'last-name': 'Meyer',
      jobTitle: 'Einkauf',
      'E-Mail': 'a@b.de',
      farbe: 'blau',
    });
    expect(values).toEqual({ firstName: 'Anna', lastName: 'Meyer', jobTitle: 'Einkauf', email: 'a@b.de' });
    expect(additional).toEqual({ farbe: 'blau' });
    expect(issues).toEqual([]);
  });

  it('prefers the exact name and loses nothing of the other', () => {
    const { values, additional } = byName({ first_name: 'A', firstName: 'B' });
    expect(values).toEqual({ firstName: 'B' });
    expect(additional).toEqual({ first_name: 'A' });
  });

  it('fills nothing that only the system or a colleague may set', () => {
    const body = {
      id: '1',
      state: 'converted',
      stage: 'erledigt',
      owner: 'u1',
      source: 'facebook',
      tenantId: 'x',
      createdAt: '2020-01-01T00:00:00Z',
      organization: 'o1',
    };
    expect(byName(body)).toMatchObject({ values: {}, additional: body });
  });

  it.each([
    ['budget', '12.000,50 €', 12000.5],
    ['budget', 1234.5, 1234.5],
    ['score', '7', 7],
    ['consent', 'on', true],
    ['consent', 'nein', false],
    ['priority', 'High', 'hoch'],
    ['priority', 'HOCH', 'hoch'],
    ['tags', 'messe, neukunde;vip', ['messe', 'neukunde', 'vip']],
    ['tags', ['a', 'b'], ['a', 'b']],
    ['postalCode', 80331, '80331'],
    ['company', ['A', 'B'], 'A, B'],
  ])('fits %s: %j becomes %j', (field, received, wanted) => {
    expect(byName({ [field]: received }).values).toEqual({ [field]: wanted });
  });

  it.each([
    ['budget', 'viel', 'money'],
    ['score', '1,5', 'integer'],
    ['consent', 'vielleicht', 'boolean'],
    ['priority', 'sofort', 'choice'],
    ['company', { name: 'A' }, 'text'],
  ])('reports %s: %j and leaves the field out', (field, received, code) => {
    const { values, issues } = byName({ [field]: received, city: 'Bonn' });
    expect(values).toEqual({ city: 'Bonn' });
    expect(issues.map((issue) => [issue.path, issue.code])).toEqual([[`/${field}`, code]]);
  });

  it('keeps absent, null, empty, zero and false apart', () => {
    expect(byName({}).values).toEqual({});
    expect(byName({ company: null, score: 0, consent: false, city: '', budget: '' }).values).toEqual({
      company: null,
      score: 0,
      consent: false,
      city: '',
      budget: null,
    });
  });

  it('leaves out what nobody can type or see, ends lines with LF, and joins letters that came in two', () => {
    expect(
      byName({ lastName: 'M\u0000ey\u007Fer', message: 'a\r\n\tb\u0008', city: 'Ko\u0308ln', street: 'K\uD800öln' })
        .values,
    ).toEqual({
      lastName: 'Meyer',
      message: 'a\n\tb',
      city: 'Köln',
      street: 'K\uFFFDöln',
    });
  });

  it.each([
    ['1.234,567 €', 1234.57],
    [1234.567, 1234.57],
    ['0,001', 0],
  ])('rounds the amount %j to %j and keeps beside what it was', (budget, kept) => {
    expect(byName({ budget, city: 'Bonn' })).toMatchObject({
      values: { budget: kept, city: 'Bonn' },
      additional: { budget },
      issues: [],
    });
    const body = { order: { total: budget, city: 'Bonn' } };
    const rows: MappingRow[] = [
      { from: 'order.total', to: 'budget', transform: 'money' },
      { from: 'order.city', to: 'city' },
    ];
    expect(byRows(rows, body)).toMatchObject({ values: { budget: kept }, additional: body });
  });

  it.each([['1.234,56 €'], ['1,234'], [0.1 + 0.2], [90_071_992_547_409.91]])(
    'keeps nothing beside of the amount %j',
    (budget) => expect(byName({ budget }).additional).toEqual({}),
  );

  it('reads the decimals of an amount that is typed into a form, for the server to refuse them', () => {
    const budget = model.fields.get('budget') ?? raise('budget');
    expect(readNumeric(budget, '1.234,567')).toBe(1234.567);
    expect([1234.567, 1234.5, 1234].map((amount) => toEditable(amount, true, 'de'))).toEqual([
      '1234,567',
      '1234,50',
      '1234',
    ]);
  });

  it('takes every member exactly once, into a field or into the rest', () => {
    const name = fc.oneof(
      fc.constantFrom('firstName', 'first_name', 'email', 'budget', 'tags', 'owner', 'constructor', 'toString'),
      fc.stringMatching(/^[a-z_]{1,8}$/),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          name,
          fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.object({ maxDepth: 1 })),
        ),
        (body) => {
          const { values, used, additional, issues } = byName(body);
          const rest = Object.keys(additional).filter((key) => !(key === 'budget' && isTooFine(body[key])));
          expect([...used, ...rest].toSorted()).toEqual(Object.keys(body).toSorted());
          expect(Object.keys(values).every((key) => isMappable(model.fields.get(key) ?? raise(key), model.name))).toBe(
            true,
          );
          expect(Object.keys(values).length + issues.length).toBe(used.length);
        },
      ),
    );
  });
});

const raise = (key: string): never => {
  throw new Error(`${key} is not a field`);
};

describe('mapping by rows', () => {
  it('follows paths into objects, lists and headers', () => {
    const rows: MappingRow[] = [
      { from: 'contact.email', to: 'email' },
      { from: 'items[1].name', to: 'company' },
      { from: 'fields[key=ort].values[0]', to: 'city' },
      { from: '["odd.name"]', to: 'jobTitle' },
      { from: '$header.X-Campaign', to: 'campaign' },
    ];
    const body = {
      contact: { email: 'a@b.de' },
      items: [{}, { name: 'B' }],
      fields: [{ key: 'plz' }, { key: 'ort', values: ['Bonn'] }],
      'odd.name': 'Chef',
      rest: 1,
    };
    const { values, additional } = byRows(rows, body, { 'x-campaign': 'Herbst' });
    expect(values).toEqual({ email: 'a@b.de', company: 'B', city: 'Bonn', jobTitle: 'Chef', campaign: 'Herbst' });
    expect(additional).toEqual({ items: [{}], fields: { plz: {} }, rest: 1 });
  });

  it('keeps of a member what no row took', () => {
    const rows: MappingRow[] = [
      { from: 'kontakt.mail', to: 'email' },
      { from: 'kontakt.ort.name', to: 'city' },
      { from: 'firma.name', to: 'company' },
      { from: 'leer.name', to: 'jobTitle' },
    ];
    const body = {
      kontakt: { mail: 'a@b.de', mobil: '0171', ort: { name: 'Bonn', plz: '53111' } },
      firma: { name: 'Muster' },
      leer: {},
    };
    const { used, additional } = byRows(rows, body);
    expect(additional).toEqual({ kontakt: { mobil: '0171', ort: { plz: '53111' } }, leer: {} });
    expect(used).toEqual(['firma']);
  });

  it('keeps the answers of a list that no row took, by their names', () => {
    const rows: MappingRow[] = [
      { from: 'field_data[name=email].values[0]', to: 'email' },
      { from: 'field_data[name=city].values[0]', to: 'city' },
    ];
    const answer = (name: string, ...values: string[]): object => ({ name, values });
    const rest = (...field_data: object[]): unknown => byRows(rows, { field_data }).additional;
    expect(
      rest(answer('email', 'a@b.de'), answer('wie_viele_mitarbeiter?', '10–50'), answer('themen', 'CRM', 'Mail')),
    ).toEqual({ field_data: { 'wie_viele_mitarbeiter?': '10–50', themen: ['CRM', 'Mail'] } });
    expect(rest(answer('email', 'a@b.de', 'c@d.de'))).toEqual({ field_data: { email: 'c@d.de' } });
    expect(rest(answer('email', 'a@b.de'))).toEqual({});
    expect(rest(answer('farbe', 'rot'))).toEqual({ field_data: { farbe: 'rot' } });
    expect(rest(answer('farbe', 'rot'), answer('farbe', 'blau'))).toEqual({
      field_data: [answer('farbe', 'rot'), answer('farbe', 'blau')],
    });
    expect(rest(answer('__proto__', 'rot'))).toEqual({ field_data: [answer('__proto__', 'rot')] });
  });

  it.each<readonly [string, MappingRow, unknown, unknown]>([
    ['trims', { from: 'a', to: 'company', transform: 'trim' }, '  A  ', 'A'],
    [
      'repairs names',
      { from: 'a', to: 'lastName', transform: 'name' },
      'hans-peter VON der LEYEN',
      'Hans-Peter von der Leyen',
    ],
    ['has no first name in a single word', { from: 'a', to: 'firstName', transform: 'firstName' }, 'Solo', null],
    ['takes the first name', { from: 'a', to: 'firstName', transform: 'firstName' }, 'Anna Maria Meyer', 'Anna Maria'],
    ['takes the last name', { from: 'a', to: 'lastName', transform: 'lastName' }, 'Meyer, Jörg', 'Meyer'],
    [
      'writes phone numbers internationally',
      { from: 'a', to: 'phone', transform: 'phone' },
      '0171/1234567',
      '+49 171 1234567',
    ],
    ['chains', { from: 'a', to: 'email', transform: ['trim', 'lower'] }, ' A@B.de ', 'a@b.de'],
    ['joins', { from: ['a', 'b'], to: 'title', transform: 'join' }, 'x', 'x y'],
    ['splits', { from: 'a', to: 'tags', transform: 'split' }, 'x, y', ['x', 'y']],
    ['translates', { from: 'a', to: 'priority', valueMap: { A: 'hoch', '*': 'normal' } }, 'a', 'hoch'],
    ['translates the rest', { from: 'a', to: 'priority', valueMap: { A: 'hoch', '*': 'normal' } }, 'zzz', 'normal'],
    ['translates numbers', { from: 'a', to: 'priority', valueMap: { '1': 'hoch' } }, 1, 'hoch'],
    ['does not translate by inherited names', { from: 'a', to: 'company', valueMap: {} }, 'constructor', 'constructor'],
  ])('%s', (...[, row, received, wanted]) => {
    expect(byRows([row], { a: received, b: 'y' }).values).toEqual({ [row.to]: wanted });
  });

  it('takes the default only when the message does not have the field', () => {
    const rows: MappingRow[] = [{ from: 'a', to: 'company', default: 'Unbekannt' }];
    expect(byRows(rows, {}).values).toEqual({ company: 'Unbekannt' });
    expect(byRows(rows, { a: null }).values).toEqual({ company: null });
    expect(byRows(rows, { a: '' }).values).toEqual({ company: '' });
  });

  it('lets a later row that finds something win', () => {
    const rows: MappingRow[] = [
      { from: 'a', to: 'company' },
      { from: 'b', to: 'company' },
    ];
    expect(byRows(rows, { a: 'A', b: 'B' }).values).toEqual({ company: 'B' });
    expect(byRows(rows, { a: 'A' }).values).toEqual({ company: 'A' });
  });

  it('never reads what an object inherits', () => {
    const rows: MappingRow[] = [
      { from: 'constructor.name', to: 'company' },
      { from: '__proto__.x', to: 'city' },
    ];
    expect(byRows(rows, JSON.parse('{"a":1}') as Record<string, unknown>).values).toEqual({});
  });

  it.each(['', '.a', 'a.', 'a..b', 'a[', 'a]', 'a[b]', '[0]', '$header.', 'a[1].', 'a.[b]'])(
    'does not read %j as a path',
    (text) => {
      expect(parseMappingPath(text)).toBeUndefined();
    },
  );
});

describe('reading numbers, amounts and dates as people write them', () => {
  it.each([
    ['12.000,50 €', 12000.5],
    ['1,234.56', 1234.56],
    ['EUR 99', 99],
    ['1.500,-', 1500],
    ['1.234', 1234],
    ['1,234', 1234],
    ['1.5', 1.5],
    ['1,5', 1.5],
    ["1'234.50", 1234.5],
    ['1 234,50', 1234.5],
    ['-5,00', -5],
    ['12.34.56', undefined],
    ['1,2,3', undefined],
    ['', undefined],
    ['12a', undefined],
    ['--5', undefined],
  ])('reads the amount %j as %j', (text, wanted) => {
    expect(readMoney(text)).toBe(wanted);
  });

  it.each([
    ['2,000', 2000],
    ['2.000', 2000],
    ['1.000.000', 1_000_000],
    ['2000', 2000],
    ['2,5', 2.5],
    ['abc', undefined],
  ])('reads %j, where whole numbers are meant, as %j', (text, wanted) => {
    expect(readWhole(text)).toBe(wanted);
  });

  it('reads every amount that either language writes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e11, max: 1e11 }),
        fc.constantFrom('de-DE', 'en-US', 'de-CH'),
        (cents, locale) => {
          const text = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' }).format(cents / 100);
          expect(readMoney(text)).toBe(cents / 100);
        },
      ),
    );
  });

  it('reads every number that JavaScript or a German writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (number) => {
        expect(readNumber(String(number))).toBe(number);
        expect(readNumber(new Intl.NumberFormat('de-DE', { maximumFractionDigits: 2 }).format(number + 0.25))).toBe(
          number + 0.25,
        );
      }),
    );
  });

  it.each([
    ['31.12.2026', '2026-12-31'],
    ['1.3.26', '2026-03-01'],
    ['2026-12-31', '2026-12-31'],
    ['2026-12-31T23:30:00Z', '2027-01-01'],
    ['29.2.2028', '2028-02-29'],
    ['29.2.2027', undefined],
    ['12/31/2026', undefined],
    ['2026-13-01', undefined],
    ['morgen', undefined],
  ])('reads the date %j as %j', (text, wanted) => {
    expect(readDate(text, 'Europe/Berlin')).toBe(wanted);
  });

  it.each([
    ['31.12.2026 14:30', '2026-12-31T13:30:00.000Z'],
    ['31.12.2026, 14:30 Uhr', '2026-12-31T13:30:00.000Z'],
    ['2026-07-01T10:00', '2026-07-01T08:00:00.000Z'],
    ['2026-07-01T10:00:00+05:00', '2026-07-01T05:00:00.000Z'],
    ['2026-07-01', '2026-06-30T22:00:00.000Z'],
  ])('reads the instant %j as %j', (text, wanted) => {
    expect(readInstant(text, 'Europe/Berlin')).toBe(wanted);
  });

  it('reads yes and no', () => {
    expect(['ja', 'Yes', '1', 'on', 'WAHR', 'x'].map(readBoolean)).toEqual([true, true, true, true, true, true]);
    expect(['nein', 'No', '0', 'off', 'false'].map(readBoolean)).toEqual([false, false, false, false, false]);
    expect(readBoolean('vielleicht')).toBeUndefined();
  });
});
