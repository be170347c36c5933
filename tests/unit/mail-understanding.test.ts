import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyMail,
  contactOf,
  formFieldsOf,
  ownText,
  recordNumbersIn,
  threadIdsOf,
  unwrapForwarded,
} from '../../core/mail/index.ts';
import { forwardedBlock } from '../../core/mail/forwarded.ts';
import { readQuotedDate } from '../../core/mail/dates.ts';
import { buildMail } from '../support/mails.ts';

describe('record numbers in a subject', () => {
  it.each([
    ['[OPP-1042] Ihr Angebot', ['OPP-1042']],
    ['Re: AW: [opp-1042] WG: [TIC-77] x', ['OPP-1042', 'TIC-77']],
    ['[RE-2026-00042] Rechnung', ['RE-2026-00042']],
    ['[OPP-1] [OPP-1]', ['OPP-1']],
    ['Zertifikat ISO-9001', []],
    ['[liste] Neues', []],
  ])('%s', (subject, numbers) => {
    expect(recordNumbersIn(subject)).toEqual(numbers);
  });
});

describe('the thread of a mail', () => {
  it('begins with the newest and names each mail once', () => {
    expect(threadIdsOf(buildMail({ inReplyTo: 'c', references: ['a', 'b', 'c'] }))).toEqual(['c', 'b', 'a']);
    expect(threadIdsOf(buildMail())).toEqual([]);
  });
});

describe('dates above quoted mails', () => {
  it.each([
    ['Montag, 23. November 2026 um 10:12', '2026-11-23T09:12:00.000Z'],
    ['Montag, 6. Juli 2026 10:12:30', '2026-07-06T08:12:30.000Z'],
    ['23.11.2026 10:12', '2026-11-23T09:12:00.000Z'],
    ['Mo., 2. März 2026 um 09:00 Uhr', '2026-03-02T08:00:00.000Z'],
    ['Monday, November 23, 2026 9:12 PM', '2026-11-23T20:12:00.000Z'],
    ['Mon, 23 Nov 2026 10:12:00 -0500', '2026-11-23T15:12:00.000Z'],
    ['23. Dezember 2026 um 12:00:00 MEZ', '2026-12-23T11:00:00.000Z'],
    ['Nov 23, 2026, 12:05 AM', '2026-11-22T23:05:00.000Z'],
    ['2026-11-23T09:12:00.000Z', '2026-11-23T09:12:00.000Z'],
    ['32. November 2026', null],
    ['neulich', null],
  ])('%s', (written, instant) => {
    expect(readQuotedDate(written)).toBe(instant);
  });
});

describe('what the sender wrote', () => {
  it.each([
    ['On Mon, Nov 23, 2026 at 9:00 AM Firma <info@firma.example> wrote:\n> alt'],
    ['Am 23.11.2026 um 09:00 schrieb Firma <info@firma.example>:\n\n> alt'],
    ['Firma <info@firma.example> schrieb am Mo., 23. Nov. 2026, 09:00:\n\n> alt'],
    ['-----Original Message-----\nFrom: Firma\nalt'],
    ['-----Ursprüngliche Nachricht-----\nalt'],
    [
      '________________________________\nVon: Firma <info@firma.example>\nGesendet: Montag, 23. November 2026 09:00\nAn: x\nBetreff: y\n\nalt',
    ],
    ['*From:* Firma <info@firma.example>\n*Sent:* Monday, November 23, 2026 9:00 AM\n*To:* x\n*Subject:* y\n\nalt'],
  ])('ends before %s', (history) => {
    expect(ownText(buildMail({ text: `Ja, gern.\n\n${history}` }))).toBe('Ja, gern.');
  });

  it('keeps sentences that only look like history', () => {
    const text = 'Am 3. Mai kommen wir.\nVon: hier bis dort\nOn 5 May I wrote you: nothing';
    expect(ownText(buildMail({ text }))).toBe(text);
  });
});

describe('forwarded mails', () => {
  it('are none without a word of it', () => {
    const text = 'Danke.\n\nVon: Firma <info@firma.example>\nGesendet: 23.11.2026 09:00\nAn: x\nBetreff: y\n\nalt';
    expect(unwrapForwarded(buildMail({ subject: 'AW: y', text }))).toBeNull();
    expect(unwrapForwarded(buildMail({ subject: 'y', text }))).toBeNull();
  });

  it('are not those further down in the history', () => {
    const text = `Danke.\n\nVon: Firma <info@firma.example>\nGesendet: 23.11.2026 09:00\nAn: x\nBetreff: y\n\n${forwardedBlock(buildMail({ text: 'innen' }))}`;
    expect(unwrapForwarded(buildMail({ subject: 'AW: y', text }))).toBeNull();
  });

  it('take an address from the text where Exchange names only a colleague', () => {
    const text =
      'Von: Klein, Klaus\nGesendet: 23.11.2026 09:00\nAn: x\nBetreff: y\n\nMeine Adresse: klein@kunde.example';
    expect(unwrapForwarded(buildMail({ subject: 'WG: y', text }))?.from).toEqual({
      address: 'klein@kunde.example',
      name: 'Klein, Klaus',
    });
  });

  it('come back from the form that attached mails are shown in', () => {
    const word = fc.stringMatching(/^[a-zäöü]{1,12}$/);
    const mails = fc.record({
      name: fc.array(word, { maxLength: 3 }).map((words) => words.join(' ')),
      box: fc.stringMatching(/^[a-z]{1,10}$/),
      subject: word,
      text: fc.array(word, { minLength: 1, maxLength: 20 }).map((words) => words.join('\n')),
    });
    fc.assert(
      fc.property(mails, ({ name, box, subject, text }) => {
        const inner = buildMail({ from: { address: `${box}@example.com`, name }, subject, text });
        const outer = buildMail({ subject: 'Fwd: x', text: `Siehe\n\n${forwardedBlock(inner)}` });
        expect(unwrapForwarded(outer)).toEqual({ from: inner.from, subject, date: inner.date, text });
        expect(ownText(outer)).toBe('Siehe');
      }),
    );
  });
});

describe('kinds of mail', () => {
  it('lets a contact form pass that marks its mails as made by a program', () => {
    expect(classifyMail(buildMail({ headers: { 'auto-submitted': 'auto-generated' } }))).toBe('person');
  });

  it('knows the confirmation of a ticket system as an answer', () => {
    const headers = { 'auto-submitted': 'auto-generated' };
    expect(classifyMail(buildMail({ headers, subject: 'Re: Anfrage' }))).toBe('auto-reply');
    expect(classifyMail(buildMail({ headers, inReplyTo: 'x' }))).toBe('auto-reply');
  });

  it('takes what names nobody to answer to for no person', () => {
    const headers = { 'return-path': '<>' };
    expect(classifyMail(buildMail({ headers, subject: 'Unzustellbar: Angebot' }))).toBe('bounce');
    expect(classifyMail(buildMail({ headers }))).toBe('auto-reply');
  });

  it('believes an explicit "no"', () => {
    expect(classifyMail(buildMail({ headers: { 'auto-submitted': 'no' } }))).toBe('person');
  });

  it('takes a person who writes about an undelivered parcel for a person', () => {
    expect(classifyMail(buildMail({ subject: 'Zustellung fehlgeschlagen: mein Paket' }))).toBe('person');
  });
});

describe('forms', () => {
  const form = (text: string): unknown => formFieldsOf(buildMail({ text, subject: 'Formular' }));

  it('reads lower-case labels of plain scripts', () => {
    expect(form('name: Erika\nemail: e@example.com\nphone: 1')).toEqual({
      name: 'Erika',
      email: 'e@example.com',
      phone: '1',
    });
  });

  it('is none of a letter with a colon in it', () => {
    expect(form('Guten Tag,\n\nwir brauchen: eine Küche\nund zwar: bald\n\nName folgt')).toBeNull();
  });

  it('reads a form that somebody forwarded', () => {
    const inner = buildMail({ text: 'Name: Erika\nE-Mail: e@example.com\nNachricht: Hallo' });
    const text = `Bitte\n\n${forwardedBlock(inner)}`;
    expect(formFieldsOf(buildMail({ subject: 'Fwd: Formular', text }))).toEqual({
      Name: 'Erika',
      'E-Mail': 'e@example.com',
      Nachricht: 'Hallo',
    });
  });

  const table = (...rows: readonly string[][]): string =>
    `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`;

  it('reads a table whose labels stand above their values, but no list of several', () => {
    const head = ['Name', 'E-Mail', 'Firma'];
    const values = ['Quer Tabelle', 'quer@t.example', 'Quer GmbH'];
    const text = [...head, ...values].join('\n');
    expect(formFieldsOf(buildMail({ text, html: table(head, values) }))).toEqual({
      Name: 'Quer Tabelle',
      'E-Mail': 'quer@t.example',
      Firma: 'Quer GmbH',
    });
    expect(formFieldsOf(buildMail({ text, html: table(head, values, values) }))).toBeNull();
    const two = table(['Name', 'E-Mail'], ['Quer', 'quer@t.example']);
    expect(formFieldsOf(buildMail({ text, html: two }))).toEqual({ Name: 'Quer', 'E-Mail': 'quer@t.example' });
  });

  const withJson = (json: string): unknown => {
    const content = new TextEncoder().encode(json);
    const { byteLength: size } = content;
    const named = { fileName: 'a.json', contentType: 'application/json', isInline: false, contentId: null };
    return formFieldsOf(buildMail({ text: 'x', attachments: [{ ...named, size, content }] }));
  };

  it('reads JSON with all that is nested in it', () => {
    const kontakt = { vorname: 'Jo', adresse: { ort: 'Bonn' }, leer: null };
    expect(withJson(JSON.stringify({ kontakt, themen: ['a', 'b'], posten: [{ artikel: 1 }] }))).toEqual({
      vorname: 'Jo',
      'adresse ort': 'Bonn',
      themen: 'a, b',
      posten: '[{"artikel":1}]',
    });
  });

  it('takes what is no JSON for an attachment', () => {
    expect(withJson('{"name": ')).toBeNull();
  });
});

describe('who wrote', () => {
  const contact = (text: string, from = { address: 'anna@example.com', name: 'Anna Muster' }): unknown =>
    contactOf(buildMail({ text, from }));

  it.each([
    ['Muster, Anna', { firstName: 'Anna', lastName: 'Muster' }],
    ['Dr. Anna von Muster', { firstName: 'Anna', lastName: 'von Muster' }],
    ['Anna Muster | Muster GmbH', { firstName: 'Anna', lastName: 'Muster', company: 'Muster GmbH' }],
    ['Anna Muster (Muster AG)', { firstName: 'Anna', lastName: 'Muster', company: 'Muster AG' }],
    ['Muster Küchen GmbH', { company: 'Muster Küchen GmbH' }],
    ['Team Vertrieb', {}],
    ['Muster', {}],
    ['i. A. Anna Muster', { firstName: 'Anna', lastName: 'Muster' }],
    ['i.V. Anna Muster', { firstName: 'Anna', lastName: 'Muster' }],
    ['"ppa. Muster, Anna"', { firstName: 'Anna', lastName: 'Muster' }],
  ])('reads the sender name %s', (name, rest) => {
    expect(contact('x', { address: 'kontakt1@example.com', name })).toEqual({ email: 'kontakt1@example.com', ...rest });
  });

  it('takes a single word for a last name where the address begins like it', () => {
    expect(contact('x', { address: 's@example.com', name: 'Schmidt' })).toMatchObject({ lastName: 'Schmidt' });
    expect(contact('x', { address: 'leads@example.com', name: 'Portal' })).toEqual({ email: 'leads@example.com' });
  });

  it.each([
    ['Am Alten Hafen 12a | D-28195 Bremen', 'Am Alten Hafen 12a'],
    ['Muster GmbH, Unter den Linden 5, 10117 Berlin', 'Unter den Linden 5'],
    ['Domshof 12-14\n28195 Bremen', 'Domshof 12-14'],
    ['Postfach 1234\n28195 Bremen', undefined],
    ['Fon 1234\n28195 Bremen', undefined],
  ])('reads the street of %s', (lines, street) => {
    expect((contact(`Hallo\n\nViele Grüße\ni. A.\nSabine Beispiel\n${lines}`) as { street?: string }).street).toBe(
      street,
    );
  });

  it('reads who signs for the company, and the telephone behind "Fon"', () => {
    const text = 'Hallo\n\nMit freundlichen Grüßen\n\ni. A.\nSabine Beispiel\nMuster GmbH Fon 0421-12 34 56-0';
    expect(contact(text, { address: 'zentrale@example.com', name: '' })).toMatchObject({
      firstName: 'Sabine',
      lastName: 'Beispiel',
      phone: '0421-12 34 56-0',
    });
  });

  it('reads a signature on one line each, without the register', () => {
    const text =
      'Hallo\n\nViele Grüße aus Köln\nAnna Muster\nGeschäftsführerin\n\nMuster Bau GmbH | Ringstr. 5 | D-50667 Köln\nTel. 0221/123456 | Fax 0221/123457 | Mobil 0170 1234567\nAmtsgericht Köln HRB 1 | Geschäftsführer: Max Andere GmbH';
    expect(contact(text)).toEqual({
      firstName: 'Anna',
      lastName: 'Muster',
      email: 'anna@example.com',
      phone: '0221/123456',
      company: 'Muster Bau GmbH',
      jobTitle: 'Geschäftsführerin',
      street: 'Ringstr. 5',
      postalCode: '50667',
      city: 'Köln',
    });
  });

  it('never takes a fax for a telephone', () => {
    expect(contact('Gruß\nAnna Muster\nFax: 0221 123457')).toEqual({
      firstName: 'Anna',
      lastName: 'Muster',
      email: 'anna@example.com',
    });
  });

  it('prefers Reply-To, which is where an answer goes', () => {
    const mail = buildMail({ replyTo: [{ address: 'chef@example.com', name: 'Carla Chef' }] });
    expect(contactOf(mail)).toEqual({ firstName: 'Carla', lastName: 'Chef', email: 'chef@example.com' });
  });
});

describe('any mail at all', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.constantFrom(
      'Von: a <a@example.com>',
      'Gesendet: heute',
      'An: b',
      'Betreff: c',
      '> zitiert',
      'Am 1.1.2026 schrieb x:',
      '--',
      '-----Ursprüngliche Nachricht-----',
      'Begin forwarded message:',
      'Name: x',
      'E-Mail: y@example.com',
      'Tel.: +49 30 1',
      'Mit freundlichen Grüßen',
      '12345 Berlin',
      '',
      '   ',
    ),
  );
  const mails = fc.record({
    subject: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('WG: x', 'AW: y', 'Fwd: Fwd: z')),
    text: fc.array(line, { maxLength: 40 }).map((lines) => lines.join('\n')),
    html: fc.option(
      fc.array(line, { maxLength: 10 }).map((cells) => cells.map((cell) => `<tr><td>${cell}</td></tr>`).join('')),
    ),
  });

  it('is understood without an error, and nothing is invented', () => {
    fc.assert(
      fc.property(mails, (parts) => {
        const mail = buildMail(parts);
        classifyMail(mail);
        formFieldsOf(mail);
        recordNumbersIn(mail.subject);
        const written = new Set(`\n${mail.text}`.split('\n').map((one) => one.trim()));
        for (const one of ownText(mail).split('\n')) expect(written).toContain(one.trim());
        for (const one of (unwrapForwarded(mail)?.text ?? '').split('\n'))
          expect([...written].some((whole) => whole.includes(one.trim()))).toBe(true);
        expect(Object.values(contactOf(mail)).every((value) => value !== '')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
