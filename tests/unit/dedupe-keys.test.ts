import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mailSpellings } from '../../commands/mailSpellings.ts';
import { companyDomain, companyKey, emailKey, personKey, phoneKey, websiteDomain } from '../../core/dedupe-keys.ts';

describe('the key of a company', () => {
  it.each([
    ['Müller & Söhne GmbH', 'mueller soehne'],
    ['MUELLER + SOEHNE', 'mueller soehne'],
    ['Autohaus Behrens GmbH & Co. KG', 'Autohaus Behrens'],
    ['Brauerei Schwarz AG', 'brauerei  schwarz'],
    ['Café Größe e.K.', 'Cafe Groesse'],
    ['Sonnenblume e.V.', 'Sonnenblume'],
    ["O'Neill Ltd.", 'ONeill'],
    ['Müller & Söhne GmbH'.normalize('NFD'), 'Müller & Söhne GmbH'.normalize('NFC')],
    ['Café Größe e.K.'.normalize('NFD'), 'Cafe Groesse'],
    ['Tischlerei Huber e.U.', 'Tischlerei Huber'],
    ['Tischlerei Huber e. U.', 'Tischlerei Huber'],
    ['Kanzlei Berg PartG mbB', 'Kanzlei Berg'],
    ['Kanzlei Berg PartGmbB', 'Kanzlei Berg'],
    ['Weingut Falk eGbR', 'Weingut Falk'],
    ['Nowak Sp. z o.o.', 'Nowak'],
    ['Nowak Sp. z o. o.', 'NOWAK sp.z.o.o.'],
    ['Bau Huber GesmbH', 'Bau Huber Ges.m.b.H.'],
    ['Bau Huber GesmbH', 'Bau Huber'],
  ])('is the same for %s and %s', (one, other) => expect(companyKey(one)).toBe(companyKey(other)));

  it.each([
    ['Agrar GmbH', 'Ag GmbH'],
    ['Co-Working Nord', 'Working Nord'],
    ['Segler Kontor', 'Gler Kontor'],
  ])('differs for %s and %s: a legal form is a word of its own', (one, other) =>
    expect(companyKey(one)).not.toBe(companyKey(other)),
  );

  it('is not empty for a company that is called like a legal form', () => expect(companyKey('AG')).toBe('ag'));

  it('does not change when it is made again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => companyKey(companyKey(name)) === companyKey(name)),
    );
  });
});

describe('the other keys', () => {
  it('a person is the same whichever name comes first', () =>
    expect(personKey('Meyer, Jörg')).toBe(personKey('Joerg Meyer')));

  it('a person is the same in composed and decomposed letters', () =>
    expect(personKey('Jörg Meyer'.normalize('NFD'))).toBe('joerg meyer'));

  it.each(['030 901820', '+49 30 901820', '0049 (30) 90 18 20', '030/901820'])('%s is one number in Berlin', (phone) =>
    expect(phoneKey(phone)).toBe('+4930901820'),
  );

  it('keeps the digits of a number that cannot be one', () => expect(phoneKey('12')).toBe('12'));

  it('has no key for nothing', () => expect([phoneKey(''), companyKey(''), personKey('')]).toEqual(['', '', '']));

  it('compares letters beyond ASCII before the @ without case and in one form', () => {
    expect(['Müller@example.org', 'MÜLLER@Example.org', 'mu\u0308ller@example.org'].map(emailKey)).toEqual(
      Array.from({ length: 3 }, () => 'müller@example.org'),
    );
    expect(mailSpellings('öztürk@b.de')).toEqual(['öztürk@b.de', 'ÖZTÜRK@b.de', 'Öztürk@b.de']);
  });

  it('compares mail addresses without case', () => expect(emailKey(' Anna@Example.ORG ')).toBe('anna@example.org'));

  it('takes both spellings of an international domain for one', () => {
    const key = 'info@xn--mller-kva.de';
    expect(['info@müller.de', ' Info@MÜLLER.de', 'info@mu\u0308ller.de', key].map(emailKey)).toEqual(
      Array(4).fill(key),
    );
    expect(companyDomain('info@müller.de')).toBe('xn--mller-kva.de');
    expect(['jörg', 'a@mül/ler.de', 'a@\u00ad'].map(emailKey)).toEqual(['jörg', 'a@mül/ler.de', 'a@\u00ad']);
    expect(mailSpellings(key)).toEqual([key, 'info@müller.de']);
    expect(mailSpellings('xn--mller-kva.de')).toEqual(['xn--mller-kva.de', 'müller.de']);
    expect(mailSpellings('a@b.de')).toEqual(['a@b.de']);
  });

  it('takes a domain for a company only where it is one', () => {
    expect(companyDomain('a@muster-bau.de')).toBe('muster-bau.de');
    expect([companyDomain('a@gmx.de'), companyDomain('nonsense')]).toEqual([undefined, undefined]);
  });

  it.each([
    ['https://www.muster-bau.de/kontakt?x=1', 'muster-bau.de'],
    ['Muster-Bau.de', 'muster-bau.de'],
    ['http://shop.muster.co.at:8080', 'shop.muster.co.at'],
    ['www.müller.de', 'xn--mller-kva.de'],
    ['https://de-de.facebook.com/musterbau', undefined],
    ['https://gmx.de', undefined],
    ['http://192.168.1.7/', undefined],
    ['im Aufbau', undefined],
    ['', undefined],
  ])('takes %j for a page of %j', (website, domain) => {
    expect(websiteDomain(website)).toBe(domain);
  });
});
