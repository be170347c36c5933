import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toEntityModel } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import {
  everything,
  formatFilter,
  isFilterWord,
  matches,
  parseColumn,
  parseFilter,
  type Filter,
  type FilterOptions,
} from '../../core/filter/index.ts';
import { filterModel as model } from '../support/filter-model.ts';

const options: FilterOptions = { now: new Date('2024-03-15T22:30:00Z'), me: 'u1', team: 'nord' };

/** The filter written out: dates, choices and actors resolved. */
const meaning = (text: string, more: Partial<FilterOptions> = {}): string =>
  formatFilter(parseFilter(text, model, { ...options, ...more }));

const column = (field: string, text: string, more: Partial<FilterOptions> = {}): string =>
  formatFilter(parseColumn(text, { model, field }, { ...options, ...more }));

const fault = (text: string, more: Partial<FilterOptions> = {}): LeitwerkError => {
  try {
    parseFilter(text, model, { ...options, ...more });
  } catch (error) {
    if (error instanceof LeitwerkError) return error;
    throw error;
  }
  throw new Error(`No fault in: ${text}`);
};

describe('conditions', () => {
  test.each([
    ['stage = "neu" and budget >= 1000', 'stage = "neu" and budget >= 1000'],
    ["stage = 'neu'", 'stage = "neu"'],
    ['state=open', 'state = "open"'],
    ['state in (open, done)', 'state in ("open", "done")'],
    ['state not in (open,done)', 'state not in ("open", "done")'],
    ['state in (open)', 'state = "open"'],
    ['state in ()', 'state in ()'],
    ['name ~ "GmbH & Co"', 'name ~ "GmbH & Co"'],
    ['name is empty or note is not empty', 'name is empty or note is not empty'],
    ['name = ""', 'name is empty'],
    ['consent = ja', 'consent = true'],
    ['score <> 3', 'score != 3'],
    ['budget = -1.005', 'budget = -1'],
    ['score = 1e3', 'score = 1000'],
    ['name = Muster*', 'name = "Muster"*'],
    ['name = "Muster*"', 'name = "Muster*"'],
    ['name = "a"*"b c"', 'name = "a"*"b c"'],
    ['name = *', 'name is not empty'],
    [String.raw`name = "a\"b\\c\n"`, String.raw`name = "a\"b\\c\n"`],
    ['owner = me', 'owner = "u1"'],
    ['owner = "me"', 'owner = "me"'],
    ['team = team', 'team = "nord"'],
    ['createdBy = me', 'createdBy = "user/u1"'],
    ['id = 0190A1B2-0000-7000-8000-000000000000', 'id = "0190a1b2-0000-7000-8000-000000000000"'],
    ['tags = vip', 'tags = "vip"'],
  ])('%s means %s', (text, expected) => {
    expect(meaning(text)).toBe(expected);
  });

  test.each([
    ['score = 1 or score = 2 and score = 3', 'score = 1 or (score = 2 and score = 3)'],
    ['(score = 1 or score = 2) and score = 3', '(score = 1 or score = 2) and score = 3'],
    ['not score = 1 and score = 2', 'score != 1 and score = 2'],
    ['not (score = 1 and score = 2)', 'not (score = 1 and score = 2)'],
    ['NOT not score = 1', 'score = 1'],
    ['((score = 1))', 'score = 1'],
    ['name = order and note = "x and y"', 'name = "order" and note = "x and y"'],
  ])('%s is read as %s', (text, expected) => {
    expect(meaning(text)).toBe(expected);
  });

  test('no text matches everything', () => {
    expect(parseFilter('  ', model, options)).toBe(everything);
    expect(matches(everything, {})).toBe(true);
  });

  test('without a user, "me" equals nothing', () => {
    const filter = parseFilter('owner = me', model, { now: options.now });
    expect(matches(filter, { owner: null })).toBe(false);
  });
});

describe('names of users', () => {
  const nele = '0190a1b2-0000-7000-8000-000000000001';
  const jonas = '0190a1b2-0000-7000-8000-000000000002';
  const named = (key: string, name: string) => ({ key, label: { de: name, en: name } });
  const users = [named(nele, 'Nele Brandt'), named(jonas, 'Jonas Brandt')];
  const choices = (field: string) => (field === 'owner' ? users : undefined);

  test.each([
    ['owner = "Nele Brandt"', `owner = "${nele}"`],
    ['owner = "nele"', `owner = "${nele}"`],
    ['owner: Nele', `owner = "${nele}"`],
    ['owner: Jon*', `owner = "${jonas}"`],
    ['owner: !Nele', `owner != "${nele}"`],
    ['owner = Brandt', `owner in ("${nele}", "${jonas}")`],
    ['owner in (Nele, Jonas)', `owner in ("${nele}", "${jonas}")`],
    [`owner = ${nele}`, `owner = "${nele}"`],
    ['owner = 0190a1b2-0000-7000-8000-000000000003', 'owner = "0190a1b2-0000-7000-8000-000000000003"'],
    ['owner = me', 'owner = "u1"'],
    ['owner: leer', 'owner is empty'],
  ])('%s means %s', (text, expected) => {
    expect(meaning(text, { choices })).toBe(expected);
  });

  test('nobody of that name is a fault that names who there is', () => {
    const { text, facts } = fault('owner = Nils', { choices });
    expect(text.de).toBe('Filter, Stelle 9: „Nils“ ist niemand (Verantwortlich). Erwartet: Nele Brandt, Jonas Brandt.');
    expect(facts['position']).toBe(9);
  });
});

describe('labels of fields', () => {
  test.each([
    ['Herkunft = "facebook"', 'source = "facebook"'],
    ['herkunft: facebook', 'source = "facebook"'],
    ['fällig = 2019-03-01', 'due = 2019-03-01'],
    ['not Punkte = 3', 'score != 3'],
    ['erledigt am is empty and Erledigt am: >1.3.2019', 'doneAt is empty and doneAt >= 2019-03-01T23:00:00.000Z'],
  ])('%s means %s', (text, expected) => {
    expect(meaning(text)).toBe(expected);
  });

  test('a part of one is answered with the fields that may be meant', () => {
    expect(fault('verantw = me').facts['expected']).toEqual(['owner']);
  });

  test('of a hidden field it is no name', () => {
    expect(fault('Geheim = 1').issues[0]?.code).toBe('field');
  });
});

describe('dates', () => {
  test.each([
    ['doneAt = 1.3.2019', 'doneAt >= 2019-02-28T23:00:00.000Z and doneAt < 2019-03-01T23:00:00.000Z'],
    ['doneAt <= 31.3.2019', 'doneAt < 2019-03-31T22:00:00.000Z'],
    ['doneAt < 2019-03-31', 'doneAt < 2019-03-30T23:00:00.000Z'],
    ['doneAt > 31.03.2019', 'doneAt >= 2019-03-31T22:00:00.000Z'],
    ['doneAt >= 2019-03-01T10:00:00+01:00', 'doneAt >= 2019-03-01T09:00:00.000Z'],
    ['doneAt >= "1.3.2019 10:30"', 'doneAt >= 2019-03-01T09:30:00.000Z'],
    ['doneAt < jetzt', 'doneAt < 2024-03-15T22:30:00.000Z'],
    ['due >= heute-30', 'due >= 2024-02-14'],
    ['due = tomorrow', 'due = 2024-03-16'],
    ['due <= 1.4.', 'due <= 2024-04-01'],
    ['due = 1.3.19', 'due = 2019-03-01'],
  ])('%s means %s', (text, expected) => {
    expect(meaning(text)).toBe(expected);
  });

  test('today is the day of the time zone, not of UTC', () => {
    const late = new Date('2024-03-15T23:30:00Z');
    expect(meaning('due = heute', { now: late })).toBe('due = 2024-03-16');
    expect(meaning('due = heute', { now: late, timeZone: 'America/New_York' })).toBe('due = 2024-03-15');
  });

  test('the days of a changing clock are 23 and 25 hours long', () => {
    expect(meaning('doneAt = 31.3.2024')).toBe(
      'doneAt >= 2024-03-30T23:00:00.000Z and doneAt < 2024-03-31T22:00:00.000Z',
    );
    expect(meaning('doneAt = 27.10.2024')).toBe(
      'doneAt >= 2024-10-26T22:00:00.000Z and doneAt < 2024-10-27T23:00:00.000Z',
    );
  });
});

describe('column expressions', () => {
  test.each([
    ['doneAt', '>=1.3.2019&<1.4.2019', 'doneAt >= 2019-02-28T23:00:00.000Z and doneAt < 2019-03-31T22:00:00.000Z'],
    ['due', 'heute-30..heute', 'due >= 2024-02-14 and due <= 2024-03-15'],
    ['due', '1.3.2019 .. 31.3.2019', 'due >= 2019-03-01 and due <= 2019-03-31'],
    ['due', '..heute', 'due <= 2024-03-15'],
    ['budget', '1000..5000', 'budget >= 1000 and budget <= 5000'],
    ['budget', '>1.000,50 €', 'budget > 1000.5'],
    ['budget', '1.000', 'budget = 1000'],
    ['budget', '0,5|2.5', 'budget in (0.5, 2.5)'],
    ['state', 'open|late', 'state in ("open", "late")'],
    ['state', '!open', 'state != "open"'],
    ['state', '!(open|done)', 'state not in ("open", "done")'],
    ['name', '!Muster*', 'not name = "Muster"*'],
    ['name', 'Muster GmbH', 'name ~ "Muster GmbH"'],
    ['name', '=Muster GmbH', 'name = "Muster GmbH"'],
    ['name', 'Muster (Berlin) & !AG', 'name ~ "Muster (Berlin)" and not name ~ "AG"'],
    ['name', '*GmbH|*AG', 'name = *"GmbH" or name = *"AG"'],
    ['name', "O'Neil", 'name ~ "O\'Neil"'],
    ['name', '"a & b"', 'name ~ "a & b"'],
    ['name', '""', 'name is empty'],
    ['name', '!leer', 'name is not empty'],
    ['due', 'empty|<heute', 'due is empty or due < 2024-03-15'],
    ['name', 'Rock and Roll', 'name ~ "Rock and Roll"'],
    ['name', 'me', 'name ~ "me"'],
    ['owner', 'me', 'owner = "u1"'],
    ['tags', 'vip&!alt', 'tags = "vip" and tags != "alt"'],
    ['score', '!=3', 'score != 3'],
    ['consent', 'nein', 'consent = false'],
  ])('%s: %s means %s', (field, text, expected) => {
    expect(column(field, text)).toBe(expected);
  });

  test('& binds tighter than |, and parentheses tighter than both', () => {
    expect(column('score', '1|2&<5')).toBe('(score = 2 and score < 5) or score = 1');
    expect(column('score', '(1|2)&<5')).toBe('score in (1, 2) and score < 5');
  });

  test('inside a filter an expression ends at and, or and the closing parenthesis', () => {
    expect(meaning('(state: open|done or name: Muster*) and score: >3')).toBe(
      '(state in ("open", "done") or name = "Muster"*) and score > 3',
    );
    expect(meaning('name: "Rock and Roll" and score: 1')).toBe('name ~ "Rock and Roll" and score = 1');
    expect(meaning('score: 1 and name: Muster')).toBe('score = 1 and name ~ "Muster"');
    expect(meaning('due: 1.3.2019 or score: 1 .. 3')).toBe('due = 2019-03-01 or (score >= 1 and score <= 3)');
    expect(meaning('name: Sand|Order')).toBe('name ~ "Sand" or name ~ "Order"');
  });

  test('choices are found by key and by label in both languages', () => {
    const labels = [
      { key: 'open', label: { de: 'Offen', en: 'Open' } },
      { key: 'late', label: { de: 'Überfällig', en: 'Overdue' } },
    ];
    const choices = (field: string) => (field === 'state' || field === 'stage' ? labels : undefined);
    expect(column('state', 'offen|überfällig', { choices })).toBe('state in ("open", "late")');
    expect(column('state', 'OVER*', { choices })).toBe('state = "late"');
    expect(meaning('state = "Überfällig" or state = done', { choices })).toBe('state = "late" or state = "done"');
    expect(column('stage', 'Überfällig', { choices })).toBe('stage = "late"');
    expect(column('stage', 'gone', { choices })).toBe('stage ~ "gone"');
  });
});

/** What people type, cut into pieces that need not fit together. */
const typed = [
  ...'name score due doneAt state tags extra owner me heute - 1.3.2019 1.000,5 and or not in is empty'.split(' '),
  ...': = != < >= ~ ( ) , * .. & | ! " \' \\ open e € ſ 99999999999999999999'.split(' '),
  ' ',
  '  ',
  '\uD800',
  '\0',
  '\n',
];

/** What reading answers: `filter`, the position of an InvalidFilter, or another error as it is. */
const outcome = (read: () => Filter): unknown => {
  try {
    return typeof matches(read(), { name: 'x', score: 1 }) === 'boolean' && 'filter';
  } catch (error) {
    return error instanceof LeitwerkError && error.code === 'InvalidFilter' ? error.facts['position'] : error;
  }
};

describe('faults', () => {
  test.each([
    ['colour = "red"', 1, 'field', 'name'],
    ['state = open and secret = 1', 18, 'field', 'state'],
    ['tenantId = main', 1, 'field', 'state'],
    ['state', 6, 'syntax', '='],
    ['state ==open', 8, 'syntax', 'a value'],
    ['state = open foo = 1', 14, 'syntax', 'and'],
    ['state = open and', 17, 'syntax', 'a field'],
    ['(state = open', 14, 'syntax', ')'],
    ['state = open)', 13, 'syntax', 'and'],
    ['name = "open', 8, 'syntax', '"'],
    ['name = "a" "b"', 12, 'syntax', 'and'],
    ['state in open', 10, 'syntax', '('],
    ['state in (open done)', 16, 'syntax', ','],
    ['name is full', 9, 'syntax', 'empty'],
    ['state = opne', 9, 'value', 'open'],
    ['score = many', 9, 'value', '1000'],
    ['budget >= "1000 Taler"', 11, 'value', '1000'],
    ['due >= 31.2.2019', 8, 'value', '2019-03-01'],
    ['due >= 2019-02-30', 8, 'value', '2019-03-01'],
    ['due >= heute-999999', 8, 'value', 'today'],
    ['consent = maybe', 11, 'value', 'true'],
    ['owner = u*', 9, 'value', 'a value without *'],
    ['state > open', 7, 'operator', '='],
    ['name < b', 6, 'operator', '~'],
    ['score ~ 1', 7, 'operator', '<'],
    ['tags ~ vip', 6, 'operator', 'in'],
    ['extra = 1', 7, 'operator', 'is empty'],
    ['extra: 1', 8, 'operator', 'is empty'],
    ['name ~ ""', 8, 'value', 'text'],
    ['score: 1&', 10, 'syntax', 'a value'],
    ['score: |1', 8, 'syntax', 'a value'],
    ['score: ..', 10, 'syntax', 'a value'],
    ['score: (1|2', 12, 'syntax', ')'],
    ['name: Muster (AG', 17, 'syntax', ')'],
    ['name:', 6, 'syntax', 'a value'],
    ['name: and score = 1', 7, 'syntax', 'a value'],
    ['name = \0', 8, 'syntax', 'a filter without it'],
  ])('%j is refused at %i', (...[text, position, code, expected]) => {
    const error = fault(text);
    expect(error.code).toBe('InvalidFilter');
    expect(error.issues[0]).toMatchObject({ path: 'filter', code, column: position });
    expect(error.facts['position']).toBe(position);
    expect(error.facts['expected']).toContain(expected);
    expect(error.text.de).toContain(`Stelle ${position}`);
    expect(error.text.en).toContain(`position ${position}`);
  });

  test('a field that may not be read does not exist, and is not named', () => {
    const error = fault('budget > 1000', { readable: (field) => field !== 'budget' });
    expect(error.issues[0]).toMatchObject({ code: 'field', column: 1 });
    expect(error.facts['expected']).not.toContain('budget');
  });

  test.each(['and', 'or', 'in', 'is', 'empty', 'me', 'team', 'not', 'noT'])('a field called "%s"', (name) => {
    const label = { de: 'Ding', en: 'Thing' };
    const odd = toEntityModel(
      {
        $id: 'odd',
        type: 'object',
        properties: { [name]: { type: 'string' } },
        'x-entity': { plural: 'odds', label, pluralLabel: label, titleField: name },
      },
      1,
    );
    const texts = [`${name} = a`, `${name}: a`, `version: 1 or ${name} in (a, b) and not ${name} is empty`];
    for (const text of texts) {
      const isRead = outcome(() => parseFilter(text, odd, options)) === 'filter';
      expect([text, isRead]).toEqual([text, !isFilterWord(name)]);
    }
  });

  test('length, conditions, values and depth are limited', () => {
    expect(fault(`name = "${'x'.repeat(4000)}"`).issues[0]?.code).toBe('limit');
    expect(fault(Array.from({ length: 101 }, () => 'score = 1').join(' or ')).issues[0]?.code).toBe('limit');
    expect(fault(`score in (${Array.from({ length: 501 }, (_, n) => n).join(',')})`).issues[0]?.code).toBe('limit');
    expect(fault(`${'('.repeat(21)}score = 1${')'.repeat(21)}`).issues[0]?.code).toBe('limit');
    expect(fault(`name: ${'!'.repeat(30)}x`).issues[0]?.code).toBe('limit');
    expect(meaning(Array.from({ length: 100 }, () => 'score = 1').join(' or '))).toContain('score = 1 or');
  });

  test('whatever is typed, the answer is a filter or InvalidFilter', () => {
    const pieces = fc.constantFrom(...typed);
    const anyText = fc.oneof(
      fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(anyText, fc.constantFrom('name', 'due', 'score', 'state', 'tags'), (text, field) => {
        const good = new Set<unknown>(['filter', ...Array.from({ length: text.length + 1 }, (_, index) => index + 1)]);
        expect(good).toContain(outcome(() => parseFilter(text, model, options)));
        expect(good).toContain(outcome(() => parseColumn(text, { model, field }, options)));
      }),
      { numRuns: 5000 },
    );
  });
});
