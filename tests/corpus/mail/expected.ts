import type { MailContact, MailClass } from '../../../core/mail/index.ts';

/** What must come of a mail of the corpus; what is left out is not looked at, but `doubts` are complete. */
export interface Expected {
  readonly subject?: string;
  readonly from?: string | null;
  readonly replyTo?: readonly string[];
  readonly cc?: readonly string[];
  readonly messageId?: string | null;
  readonly date?: string | null;
  readonly references?: readonly string[];
  /** The whole text. */
  readonly text?: string;
  /** Part of the text. */
  readonly has?: string;
  readonly html?: string | null;
  /** Names of the attachments. */
  readonly files?: readonly string[];
  /** Each a part of the German sentence. None when left out: then nobody has to look at it. */
  readonly doubts?: readonly string[];
  /** `person` when left out. */
  readonly kind?: MailClass;
  readonly own?: string;
  readonly forwarded?: {
    readonly from: string;
    readonly subject: string;
    readonly date: string;
    readonly text: string;
  } | null;
  readonly form?: Readonly<Record<string, string>> | null;
  readonly contact?: MailContact;
  readonly numbers?: readonly string[];
  readonly thread?: readonly string[];
}

const customer = 'Guten Tag,\n\nwir brauchen eine neue Küche.';
const forwarded = {
  from: 'Klaus Klein <klein@kunde.example>',
  subject: 'Neue Küche',
  date: '2026-11-22T07:05:00.000Z',
  text: `${customer}\n\nViele Grüße\nKlaus Klein`,
};
const inner = {
  from: 'Kunde Klein <klein@kunde.example>',
  subject: 'Angebot bitte',
  date: '2026-11-22T07:00:00.000Z',
  text: 'Ich hätte gern ein Angebot.',
};
const noSender = 'Absender fehlt';
const wrongCharset = 'nicht in dem Zeichensatz';

/** By file name without `.eml`. */
export const expected: Readonly<Record<string, Expected>> = {
  // What people send every day.
  plain: {
    from: 'Anna Muster <anna@example.com>',
    subject: 'Anfrage',
    date: '2026-11-23T09:12:00.000Z',
    messageId: 'm1@example.com',
    html: null,
    form: null,
    forwarded: null,
    contact: {
      firstName: 'Anna',
      lastName: 'Muster',
      email: 'anna@example.com',
      phone: '+49 30 1234567',
      company: 'Muster Küchen GmbH & Co. KG',
      jobTitle: 'Leiterin Einkauf',
      street: 'Hauptstraße 12a',
      postalCode: '10115',
      city: 'Berlin',
    },
  },
  alternative: { text: 'Grüße aus Köln', html: '<p>Grüße aus <b>Köln</b></p>', files: [] },
  'html-only': { text: 'Anfrage\n\nWir suchen eine Küche [https://example.com/kueche].\n\n * weiß\n * grau' },
  'html-attack': { has: 'Text bleibt', files: [] },
  'html-inline-image': { text: 'Bild:', files: ['plan.png'] },
  'html-svg-inline': { html: '<p>Logo</p><img alt="Logo" />', files: ['logo.svg'] },
  attachment: { text: 'Plan anbei.', files: ['Plan Küche.pdf'] },
  'attachment-names': {
    files: ['passwd', 'evil.exe', 'rechnungfdp.exe', 'anhang-4.bin', `${'a'.repeat(146)}.pdf`, 'htaccess'],
  },
  'nested-multiparts': { text: 'tief drin', html: '<p>tief drin</p>', files: ['anhang-1.gif', 'liste.csv'] },
  'signature-is-no-form': {
    form: null,
    contact: { firstName: 'Anna', lastName: 'Muster', email: 'anna@example.com', phone: '030 1234567' },
  },
  'signature-english': {
    contact: {
      firstName: 'John',
      lastName: 'Smith',
      email: 'john@acme.example',
      phone: '+44 20 7946 0958',
      company: 'Acme Ltd.',
      jobTitle: 'Head of Sales',
    },
  },
  'sender-turned': {
    contact: { firstName: 'Karl', lastName: 'von der Heide', email: 'karl@heide.example', phone: '0171/2345678' },
  },
  'format-flowed': { text: 'Diese Zeile geht weiter.\n\nNeuer Absatz.' },

  // Mails in mails.
  rfc822: { own: 'Bitte übernehmen.', forwarded: inner, files: ['Angebot bitte.eml'] },
  'rfc822-in-rfc822': { own: 'siehe Anhang', forwarded: inner, files: ['anhang-1.eml'] },
  'rfc822-eight-deep': { subject: 'Ebene 7', files: ['anhang-1.eml'], doubts: ['zu tief verschachtelt'] },

  // Calendars, Outlook's own format, encryption.
  'calendar-invite': { text: 'Besichtigung am 1.12.', files: ['invite.ics'] },
  'calendar-only': { files: ['anhang-1.ics'] },
  winmail: { files: ['winmail.dat'], doubts: ['winmail.dat'] },
  'smime-encrypted': { files: ['smime.p7m'], doubts: ['mit S/MIME verschlüsselt'] },
  'smime-opaque': { files: ['smime.p7m'], doubts: ['S/MIME-Signatur'] },
  'smime-signed': { text: 'lesbar', files: ['smime.p7s'] },
  'pgp-encrypted': { files: ['anhang-1.asc', 'encrypted.asc'], doubts: ['mit PGP verschlüsselt'] },
  'pgp-inline': { has: 'BEGIN PGP MESSAGE', doubts: ['mit PGP verschlüsselt'] },

  // Charsets.
  'windows-1252': { text: 'Preis: 100 € für die „Küche“' },
  'iso-8859-15': { text: 'Preis: 100 € für Löffel' },
  'latin1-is-utf8': { text: 'Müller möchte Grüße' },
  'utf8-is-latin1': { text: 'Müller möchte Grüße', doubts: [wrongCharset] },
  'no-charset-8bit': { text: 'Müller aus Köln' },
  'unknown-charset': { text: 'Müller', doubts: ['„x-klingon“ ist unbekannt'] },
  'utf-7': { text: '+ADw-script+AD4-alert(1)+ADw-/script+AD4-', doubts: ['„utf-7“ ist unbekannt'] },
  'utf-16': { text: 'Grüße in UTF-16' },
  'koi8-r': { text: 'Здравствуйте' },
  'shift-jis': { text: 'こんにちは' },
  'broken-euc-kr': { has: '가', doubts: [wrongCharset] },

  // Headers.
  'no-headers': { text: 'Guten Tag,\nich habe nur Text.', from: null, doubts: ['keine Kopfzeilen', noSender] },
  'missing-headers': {
    subject: 'ohne alles',
    text: 'Text ohne Absender',
    messageId: null,
    date: null,
    doubts: [noSender],
  },
  empty: { text: '', doubts: [noSender, 'ist leer'] },
  'only-headers': { from: 'a@example.com', subject: 'kein Text', text: '' },
  'duplicate-headers': {
    from: 'Echt <echt@example.com>',
    subject: 'erster',
    text: 'Text',
    doubts: ['mehrere Absender'],
  },
  'two-senders': { from: 'a@example.com', doubts: ['mehrere Absender'] },
  'folded-encoded-words': {
    from: 'Ärne Ölver <aerne@example.com>',
    subject: 'Anfrage für eine sehr lange Küchenplanung mit Geräten und Bädern',
  },
  'split-multibyte-word': { subject: 'Küche für alle' },
  '8bit-headers': { from: 'Jürgen Weiß <jw@example.com>', subject: 'Küche für Müller' },
  '8bit-headers-utf8': { from: 'Jürgen Weiß <jw@example.com>', subject: 'Küche für Müller' },
  'emoji-rtl': { subject: '🎉 שלום', text: 'שלום 👋🏽 مرحبا' },
  'huge-subject': { subject: 'lang '.repeat(400), text: 'Text' },
  'bad-date': { date: null, text: 'Text' },
  'date-without-zone': { date: '2026-11-23T10:12:00.000Z' },
  'bad-addresses': {
    from: null,
    replyTo: ['a@example.com', 'B, C <b@example.com>'],
    cc: ['Max Müller <max@example.com>'],
    doubts: [noSender],
  },
  'odd-message-ids': {
    messageId: 'ohne-klammern@example.com',
    references: ['r1@example.com', 'r2@example.com'],
    thread: ['r2@example.com', 'r1@example.com'],
    numbers: ['OPP-1042'],
  },
  'mbox-from-line': { from: 'Anna Muster <anna@example.com>', text: 'Text' },
  'prototype-header': { from: 'Anna Muster <anna@example.com>', text: 'Text' },

  // Lines and encodings that lie.
  'bare-cr': { subject: 'Anfrage', text: 'Zeile eins\nZeile zwei' },
  'bare-lf': { text: 'eins\nzwei' },
  'mixed-line-ends': { subject: 'gemischt', text: 'eins\nzwei\nrest' },
  'no-final-newline': { text: 'kein Ende' },
  'lying-base64': { text: 'Das ist gar kein Base64: Müller! Ümläute.', doubts: ['nennt sich base64'] },
  'broken-base64-file': { text: 'Text', files: ['kaputt.pdf'], doubts: ['nennt sich base64'] },
  'unknown-encoding': { has: 'begin 644', doubts: ['unbekannte Weise kodiert'] },
  'broken-quoted-printable': { has: 'Grüße =XY', doubts: [wrongCharset] },
  'lying-content-length': { text: 'kurz' },
  'missing-boundary': { has: 'Text im Nichts', doubts: ['Aufbau'] },
  'unclosed-boundary': { text: 'offen', files: ['a.pdf'] },
  'wrong-boundary': { has: 'Text hinter falscher Grenze', doubts: ['Aufbau'] },
  'binary-body': { has: 'ABC', doubts: ['Steuerzeichen'] },
  'null-bytes': { text: 'TextmitNullen', doubts: ['Steuerzeichen'] },

  // What no person wrote.
  'bounce-postfix': {
    kind: 'bounce',
    has: 'Final-Recipient: rfc822; weg@kunde.example',
    thread: ['out1@firma.example'],
    files: ['anhang-1.eml'],
    forwarded: null,
  },
  'bounce-headers-only': { kind: 'bounce', has: 'Status: 5.2.2', thread: ['out1@firma.example'] },
  'bounce-exim': { kind: 'bounce', thread: ['out1@firma.example'] },
  'bounce-qmail': { kind: 'bounce', thread: [] },
  'bounce-exchange-de': { kind: 'bounce' },
  'auto-reply-outlook-de': { kind: 'auto-reply' },
  'auto-reply-thunderbird': { kind: 'auto-reply' },
  'auto-reply-gmx': { kind: 'auto-reply' },
  'auto-reply-rfc3834': { kind: 'auto-reply', thread: ['out1@firma.example'] },
  'read-receipt': { kind: 'auto-reply' },
  'mailing-list': { kind: 'list' },
  'newsletter-bulk': { kind: 'list' },
  'person-with-unsubscribe': {},

  // Forwards, by client.
  'forward-outlook-de': { own: 'Bitte kümmern.', forwarded },
  'forward-outlook-old-de': { own: '', forwarded },
  'forward-outlook-en': { own: 'FYI', forwarded },
  'forward-gmail-de': { own: '', forwarded },
  'forward-gmail-html': { own: '', forwarded: { ...forwarded, text: customer } },
  'forward-apple-de': { own: 'Siehe unten.', forwarded },
  'forward-apple-en': { own: '', forwarded },
  'forward-thunderbird-de': { own: '', forwarded },
  'forward-thunderbird-html': { own: '', forwarded: { ...forwarded, text: customer } },
  'forward-gmx': { own: '', forwarded },
  'forward-twice': { own: 'Für dich.', forwarded },

  // Answers, by client.
  'reply-outlook-de': {
    own: 'Danke, passt so.\n\nViele Grüße\nKlaus Klein',
    forwarded: null,
    numbers: ['OPP-1042'],
    thread: ['out1@firma.example', 'out0@firma.example'],
  },
  'reply-gmail-de': {
    own: 'Nehme ich.',
    contact: { firstName: 'Klaus', lastName: 'Klein', email: 'klaus.klein@kunde.example' },
  },
  'reply-gmail-html': { own: 'Passt.' },
  'reply-apple-de': { own: 'Nehme ich.\n\nVon meinem iPhone gesendet' },
  'reply-inline': { own: 'Weiß.\n\nIm Mai.' },
  'reply-webde': { own: 'Ja gerne.' },

  // Forms.
  'form-auto-generated': {
    form: { Name: 'Max Beispiel', 'E-Mail': 'max@beispiel.example', Nachricht: 'Bitte ein Angebot' },
    contact: { firstName: 'Max', lastName: 'Beispiel', email: 'max@beispiel.example' },
  },
  'form-lines': {
    form: {
      Vorname: 'Erika',
      Nachname: 'Mustermann',
      Firma: 'Beispiel AG',
      'E-Mail': 'erika@beispiel.example',
      Telefon: '030 / 99 88 77',
      Nachricht: 'Guten Tag,\n\nbitte um Rückruf: gern vormittags.\nDanke',
    },
  },
  'form-table': {
    form: { Name: 'Erika Mustermann', 'E-Mail': 'erika@beispiel.example', Nachricht: 'Zeile eins\nZeile & zwei' },
  },
  'form-json': {
    form: { name: 'Erika Mustermann', email: 'erika@beispiel.example', budget: '5000', interessen: 'Küche, Bad' },
    files: ['lead.json'],
  },
  'form-bold': { form: { Name: 'Erika Mustermann', 'E-Mail': 'erika@beispiel.example', 'Ihre Nachricht': 'Hallo' } },
};
