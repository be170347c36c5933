import { beforeAll, describe, expect, it } from 'vitest';
import type { EntityModel } from '../../core/entity.ts';
import { missingColumns, readColumnNumber, suggestMapping, toColumnPaths } from '../../core/import-columns.ts';
import { readImportOptions } from '../../core/import-options.ts';
import { shippedModel } from '../support/configuration.ts';

describe('columns by their names', () => {
  let lead: EntityModel;
  let organization: EntityModel;
  beforeAll(async () => {
    [lead, organization] = [await shippedModel('lead'), await shippedModel('organization')];
  });
  const targets = (model: EntityModel, ...columns: string[]): Record<string, unknown> =>
    Object.fromEntries(suggestMapping(model, columns).rows.map(({ from, to }) => [to, from]));

  it('fit fields in German and English', () => {
    expect(
      targets(lead, 'Vorname', 'Nachname', 'E-Mail-Adresse', 'Tel.', 'Firma', 'Straße', 'PLZ', 'Ort', 'Budget'),
    ).toEqual({
      firstName: '["Vorname"]',
      lastName: '["Nachname"]',
      email: '["E-Mail-Adresse"]',
      phone: '["Tel."]',
      company: '["Firma"]',
      street: '["Straße"]',
      postalCode: '["PLZ"]',
      city: '["Ort"]',
      budget: '["Budget"]',
    });
    expect(Object.keys(targets(lead, 'first_name', 'Last Name', 'Email', 'Phone', 'Zip', 'City', 'ID'))).toEqual([
      'firstName',
      'lastName',
      'email',
      'phone',
      'postalCode',
      'city',
      'externalId',
    ]);
    expect(targets(organization, 'Firma', 'Telefon')).toMatchObject({ name: '["Firma"]', phone: '["Telefon"]' });
  });

  it('share one column for a whole name, and one field has one column', () => {
    expect(targets(lead, 'Ansprechpartner', 'Telefon', 'Mobil')).toEqual({
      firstName: '["Ansprechpartner"]',
      lastName: '["Ansprechpartner"]',
      phone: '["Telefon"]',
    });
  });

  it('are no target of the system, and strange ones are kept beside', () => {
    expect(targets(lead, 'state', 'stage', 'owner', 'Haustier')).toEqual({});
  });

  it('may be named in a mapping as they stand in the file', () => {
    const mapping = {
      rows: [
        { from: 'Umsatz 2.0', to: 'budget' },
        { from: ['a', 'fehlt'], to: 'message' },
      ],
    };
    const paths = toColumnPaths(mapping, ['Umsatz 2.0', 'a']);
    expect(paths.rows.map(({ from }) => from)).toEqual(['["Umsatz 2.0"]', ['["a"]', 'fehlt']]);
    expect(missingColumns(paths, ['Umsatz 2.0', 'a'])).toEqual(['fehlt']);
  });

  it('are found whatever dots, brackets and quotation marks stand over them', () => {
    const headings = ['Tel.', 'Preis [€]', 'Ort "neu"', 'Teil [0]'];
    const columns = ['Tel.', 'Preis €', 'Ort neu', 'Teil 0'];
    const rows = headings.map((from) => ({ from, to: 'message' }));
    const mapping = toColumnPaths({ rows }, columns);
    expect(mapping.rows.map(({ from }) => from)).toEqual(columns.map((name) => `["${name}"]`));
    expect(toColumnPaths(mapping, columns)).toEqual(mapping);
    expect(missingColumns(toColumnPaths({ rows: rows.slice(0, 2) }, []), [])).toEqual(['Tel.', 'Preis €']);
  });
});

describe('numbers of a column', () => {
  it.each([
    ['1.234,50', 'comma', 1234.5],
    ['1.234', 'comma', 1234],
    ['1,234', 'comma', 1.234],
    ['1,234.50', 'point', 1234.5],
    ['1.234', 'point', 1.234],
    ['-12 €', 'comma', -12],
    ['1.2.3', 'comma', '1.2.3'],
    ['viel', 'point', 'viel'],
  ] as const)('%s with a decimal %s is %s', (text, decimal, value) => {
    expect(readColumnNumber(text, decimal)).toBe(value);
  });
});

describe('options of an import', () => {
  it('know several names and name every fault', () => {
    const words = { encoding: 'CP1252', delimiter: 'tab', header: 'no', decimal: ',', onMatch: 'update', dryRun: '1' };
    expect(readImportOptions(words, 'en')).toEqual({
      options: {
        encoding: 'windows-1252',
        delimiter: '\t',
        hasHeader: false,
        decimal: 'comma',
        onMatch: 'update',
      },
      isDryRun: true,
      isDraft: false,
      issues: [],
    });
    const { issues } = readImportOptions({ encoding: 'x', processes: 'bald', delimiter: 'auto' }, 'en');
    expect(issues.map(({ path }) => path)).toEqual(['/encoding', '/processes']);
  });
});
