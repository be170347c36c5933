import { describe, expect, it } from 'vitest';
import { toOriginal, toRows } from '../../admin-ui/model/original.ts';

describe('the original beside the fields', () => {
  it('takes a JSON body apart: the text the sender wrote, then the rest', () => {
    const body = JSON.stringify({
      contact: { email: 'erika@example.com' },
      nachricht: 'Bitte melden.',
      budget: 1200,
      tags: ['empfehlung', 'messe'],
      note: '',
    });
    expect(toOriginal(body, 'application/json; charset=utf-8')).toEqual({
      text: 'Bitte melden.',
      rows: [
        ['contact.email', 'erika@example.com'],
        ['budget', '1200'],
        ['tags', 'empfehlung, messe'],
      ],
    });
  });

  it('takes a form apart and leaves out what belongs to the form itself', () => {
    expect(toOriginal('lastName=Beispiel&message=Hallo+Welt&_website=', 'application/x-www-form-urlencoded')).toEqual({
      text: 'Hallo Welt',
      rows: [['lastName', 'Beispiel']],
    });
  });

  it('takes a form apart in its charset', () => {
    const type = 'application/x-www-form-urlencoded';
    expect(toOriginal('lastName=M%FCller', type).rows).toEqual([['lastName', 'Müller']]);
    expect(toOriginal('lastName=Dvo%F8%E1k', `${type}; charset=iso-8859-2`).rows).toEqual([['lastName', 'Dvořák']]);
    expect(toOriginal('a=M%FCller', `${type}; charset=quatsch`)).toEqual({ text: 'a=M%FCller', rows: [] });
  });

  it('reads what the lead kept, answers inside of it by their names', () => {
    expect(toRows({ form_id: '77', field_data: { 'Wie viele?': '10–50', Themen: ['CRM', 'Mail'] } })).toEqual([
      ['form_id', '77'],
      ['field_data.Wie viele?', '10–50'],
      ['field_data.Themen', 'CRM, Mail'],
    ]);
    expect(toRows(null)).toEqual([]);
  });

  it('shows a body that cannot be read exactly as it came', () => {
    expect(toOriginal('{"lastName": "Bei', 'application/json')).toEqual({ text: '{"lastName": "Bei', rows: [] });
    expect(toOriginal('<xml/>', 'text/xml')).toEqual({ text: '<xml/>', rows: [] });
    expect(toOriginal('', 'text/plain')).toEqual({ text: undefined, rows: [] });
  });

  it('does not go down without end', () => {
    const body = `${'{"a":'.repeat(50)}1${'}'.repeat(50)}`;
    expect(toOriginal(body, 'application/json').rows).toHaveLength(1);
  });
});
