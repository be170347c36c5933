import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isCertain,
  isCertainCompany,
  likelyScore,
  matchKeys,
  scoreLikeness,
  similarity,
  toLikeness,
} from '../../core/duplicate-score.ts';

const lead = (record: Readonly<Record<string, unknown>>) => toLikeness('lead', record);
const kinds = (one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): string[] =>
  scoreLikeness(lead(one), lead(other)).reasons.map(({ kind }) => kind);

const words = fc.constantFrom(
  '',
  'Müller',
  'Mueller GmbH',
  'Schmidt & Co. KG',
  'anna@firma.de',
  'a@gmx.de',
  '0171 23456',
  'Weg 1',
  'x',
);
const record = fc.record({
  company: words,
  firstName: words,
  lastName: words,
  email: words,
  phone: words,
  street: words,
  postalCode: fc.constantFrom('', '01067', '10115'),
  externalId: fc.constantFrom('', 'A1', 'A2'),
  source: fc.constantFrom('s', 't'),
  vatId: fc.constantFrom('', 'DE 123', 'de123', 'DE9'),
});

describe('the likeness of two records', () => {
  it('finds one company in two spellings, with legal form and umlauts, and says why in both languages', () => {
    const one = toLikeness('organization', { name: 'Müller & Söhne GmbH', street: 'Hauptstr. 5', postalCode: '01067' });
    const other = toLikeness('organization', {
      name: 'Mueller und Soehne',
      street: 'Hauptstraße 5',
      postalCode: '01067',
    });
    expect(scoreLikeness(one, other)).toEqual({
      score: 79,
      reasons: [
        { kind: 'company', de: 'Gleicher Firmenname', en: 'Same company name' },
        { kind: 'address', de: 'Gleiche Anschrift', en: 'Same address' },
      ],
    });
  });

  it('reads phone numbers as E.164 and leaves mail providers out of the domains', () => {
    expect(
      kinds({ phone: '0171 / 234 56 78', email: 'a@gmx.de' }, { phone: '+49 171 2345678', email: 'b@gmx.de' }),
    ).toEqual(['phone']);
    expect(kinds({ email: 'a@firma.de' }, { email: 'b@firma.de' })).toEqual(['domain']);
  });

  it('sees a slip of the pen, and finds it by a key', () => {
    const one = lead({ company: 'Nordlicht Energie AG' });
    const other = lead({ company: 'Nordlichtt Energi' });
    expect(scoreLikeness(one, other).reasons.map(({ kind }) => kind)).toEqual(['similarCompany']);
    expect(matchKeys(one).some((key) => matchKeys(other).includes(key))).toBe(true);
  });

  it('keeps two companies apart that have different VAT ids, whatever else they share', () => {
    const one = { name: 'Bau AG', email: 'info@bau.de', phone: '030 123456', vatId: 'DE1' };
    const { score } = scoreLikeness(
      toLikeness('organization', one),
      toLikeness('organization', { ...one, vatId: 'DE2' }),
    );
    expect(score).toBeLessThan(likelyScore);
  });

  it('does not take two people of one company for one', () => {
    const company = 'Gärtnerei Petersen';
    const one = lead({ company, lastName: 'Behrens', email: 'behrens@petersen.de' });
    expect(scoreLikeness(one, lead({ company, lastName: 'Voß', email: 'voss@petersen.de' })).score).toBeLessThan(
      likelyScore,
    );
    expect(scoreLikeness(one, lead({ company, email: 'info@petersen.de' })).score).toBeGreaterThanOrEqual(likelyScore);
  });

  it('takes a last name alone for no likeness, which still tells two people apart', () => {
    const one = { lastName: 'Schmidt', email: 'schmidt@gmx.de' };
    const other = { lastName: 'Schmidt', email: 'mail@web.de' };
    expect(scoreLikeness(lead(one), lead(other))).toEqual({ score: 0, reasons: [] });
    expect(kinds(one, { lastName: 'Schmitt' })).toEqual([]);
    expect(matchKeys(lead(one))).toEqual(['email:schmidt@gmx.de']);
    expect(scoreLikeness(lead({ ...one, firstName: 'Eva' }), lead({ ...other, firstName: 'Eva' })).score).toBe(50);
  });

  it('holds two people of one name for two where their companies or domains speak against it', () => {
    const anna = { firstName: 'Anna', lastName: 'Becker' };
    const alpha = lead({ ...anna, company: 'Alpha AG', email: 'anna@alpha.de' });
    const score = (other: Readonly<Record<string, unknown>>): number =>
      scoreLikeness(alpha, lead({ ...anna, ...other })).score;
    expect(score({ company: 'Omega KG', email: 'becker@omega.de' })).toBeLessThan(likelyScore);
    expect(score({ company: 'Omega KG' })).toBeLessThan(likelyScore);
    expect(score({ email: 'becker@omega.de' })).toBeLessThan(likelyScore);
    const [one, other] = ['anna@alpha.de', 'anna@omega.de'].map((email) => lead({ ...anna, email }));
    expect(scoreLikeness(one ?? alpha, other ?? alpha).score).toBeLessThan(likelyScore);
    expect(score({ company: 'Alpha', email: 'becker@omega.de' })).toBeGreaterThanOrEqual(likelyScore);
    expect(score({ company: 'Omega KG', email: 'becker@alpha.de' })).toBeGreaterThanOrEqual(likelyScore);
    expect(score({ email: 'anna.becker@gmx.de' })).toBeGreaterThanOrEqual(likelyScore);
  });

  it('is certain by address or external id, and by a phone number only where the names do not speak against it', () => {
    const phone = '030 123456';
    expect(isCertain(lead({ email: 'A@x.de ' }), lead({ email: 'a@X.de' }))).toBe(true);
    expect(isCertain(lead({ phone, lastName: 'Meyer' }), lead({ phone, lastName: 'Schulze' }))).toBe(false);
    expect(isCertain(lead({ phone, lastName: 'Meyer' }), lead({ phone }))).toBe(true);
    const id = { externalId: '7', source: 's' };
    expect(isCertain(lead(id), lead({ ...id, source: 't' }))).toBe(false);
  });

  it('is certain of a company by its VAT id, or its name together with something else of its own', () => {
    const firm = (fields: Readonly<Record<string, unknown>>) => toLikeness('organization', fields);
    const one = lead({ company: 'Zoll', email: 'anna@zoll.de', phone: '030 123456' });
    expect(isCertainCompany(one, firm({ name: 'Zoll GmbH' }))).toBe(false);
    expect(isCertainCompany(one, firm({ name: 'Zoll GmbH', domain: 'zoll.de' }))).toBe(true);
    expect(isCertainCompany(one, firm({ name: 'Maut AG', phone: '030 123456' }))).toBe(false);
    expect(isCertainCompany(firm({ vatId: 'DE 1' }), firm({ vatId: 'DE1' }))).toBe(true);
  });

  it('is the same from both sides, between 0 and 100, with reasons exactly where it is above 0', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const [one, other] = [lead(a), lead(b)];
        const found = scoreLikeness(one, other);
        expect(scoreLikeness(other, one)).toEqual(found);
        expect(found.score).toBeGreaterThanOrEqual(0);
        expect(found.score).toBeLessThanOrEqual(100);
        expect(found.reasons.length > 0).toBe(found.score > 0);
      }),
    );
  });

  it('is highest between a record and itself, and every likely pair is found by a key', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const [one, other] = [lead(a), lead(b)];
        const pair = scoreLikeness(one, other);
        expect(pair.score).toBeLessThanOrEqual(scoreLikeness(one, one).score);
        const shared = matchKeys(one).some((key) => matchKeys(other).includes(key));
        if (pair.reasons.some(({ kind }) => !kind.startsWith('similar') && kind !== 'domain'))
          expect(shared).toBe(true);
      }),
    );
  });

  it('grows with what is alike', () => {
    fc.assert(
      fc.property(record, fc.constantFrom('0171 2345678', '030 99887766'), (a, phone) => {
        const bare = { ...a, phone: '' };
        const other = { company: 'Ganz anders', phone };
        expect(scoreLikeness(lead({ ...bare, phone }), lead(other)).score).toBeGreaterThan(
          scoreLikeness(lead(bare), lead(other)).score,
        );
      }),
    );
  });

  it('calls texts similar from 0 to 1, equal ones 1', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(similarity(one, one)).toBe(1);
        expect(similarity(one, other)).toBeCloseTo(similarity(other, one));
        expect(similarity(one, other)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
