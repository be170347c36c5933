import { afterAll, describe, expect, it } from 'vitest';
import { createMailParser } from '../../connectors/mail/index.ts';
import {
  classifyMail,
  contactOf,
  formFieldsOf,
  ownText,
  recordNumbersIn,
  threadIdsOf,
  unwrapForwarded,
  type MailAddress,
  type ParsedMail,
} from '../../core/mail/index.ts';
import * as builders from '../corpus/mail/builders.ts';
import { expected } from '../corpus/mail/expected.ts';
import { corpusMail, corpusNames } from '../corpus/mail/read.ts';

const parser = createMailParser({ deadlineMs: 30_000, memoryMb: 512 });
afterAll(async () => await parser.close());

const toText = ({ name, address }: MailAddress): string => (name === '' ? address : `${name} <${address}>`);

/** Everything that can be expected of a mail, as the table writes it. */
const outcomeOf = (mail: ParsedMail) => {
  const forwarded = unwrapForwarded(mail);
  return {
    subject: mail.subject,
    from: mail.from === null ? null : toText(mail.from),
    replyTo: mail.replyTo.map((address) => toText(address)),
    cc: mail.cc.map((address) => toText(address)),
    messageId: mail.messageId,
    date: mail.date,
    references: mail.references,
    text: mail.text,
    html: mail.html,
    files: mail.attachments.map(({ fileName }) => fileName),
    own: ownText(mail),
    forwarded: forwarded === null ? null : { ...forwarded, from: toText(forwarded.from) },
    form: formFieldsOf(mail),
    contact: contactOf(mail),
    numbers: recordNumbersIn(mail.subject),
    thread: threadIdsOf(mail),
  };
};

describe('the corpus of mails (R22)', { timeout: 60_000 }, () => {
  it('has an expected outcome for every mail, and a mail for every outcome', () => {
    expect(corpusNames.toSorted()).toEqual(Object.keys(expected).toSorted());
    expect(corpusNames.length).toBeGreaterThan(60);
  });

  it.each(corpusNames)('%s', async (name) => {
    const { has = '', kind = 'person', doubts = [], ...rest } = expected[name] ?? {};
    const mail = await parser.parse(corpusMail(name));
    const outcome = outcomeOf(mail);
    expect(outcome).toMatchObject(rest);
    expect(outcome.form).toEqual(rest.form === undefined ? outcome.form : rest.form);
    expect(outcome.contact).toEqual(rest.contact ?? outcome.contact);
    expect(mail.text).toContain(has);
    expect(classifyMail(mail)).toBe(kind);
    expect(mail.doubts.map(({ de }) => de)).toEqual(doubts.map((part): unknown => expect.stringContaining(part)));
    expect(mail.attachments.every(({ size, content }) => size === content.byteLength)).toBe(true);
  });
});

describe('mails that are too much', { timeout: 60_000 }, () => {
  const doubtsOf = (mail: ParsedMail): string => mail.doubts.map(({ en }) => en).join(' ');

  it('has all of 1,000 parts', async () => {
    const mail = await parser.parse(builders.mailWithParts(1_000));
    expect(mail.text).toBe('erster Teil');
    expect(mail.attachments).toHaveLength(998);
    expect(mail.attachments.at(-1)?.fileName).toBe('997.bin');
    expect(mail.doubts).toEqual([]);
  });

  it('keeps the first 1,000 parts of more, and says so', async () => {
    const mail = await parser.parse(builders.mailWithParts(1_500));
    expect(mail.text).toBe('erster Teil');
    expect(mail.attachments).toHaveLength(998);
    expect(doubtsOf(mail)).toContain('more than 1000 parts');
  });

  it('finds sender and text below 50,000 headers', async () => {
    const mail = await parser.parse(builders.mailWithHeaders(50_000));
    expect(mail).toMatchObject({
      subject: 'Kopfzeilen',
      text: 'Text nach den Kopfzeilen',
      from: { address: 'anna@example.com' },
    });
    expect(Object.keys(mail.headers).length).toBeLessThan(2_001);
    expect(doubtsOf(mail)).toContain('unusually many headers');
  });

  it('shows what there is around a header of nine megabytes', async () => {
    const mail = await parser.parse(builders.mailWithHeaderOf(9_000_000));
    expect(mail).toMatchObject({ subject: 'Zeile', from: { address: 'anna@example.com' }, text: 'Text' });
    expect(doubtsOf(mail)).toContain('in part only');
  });

  it('reads through hundreds of nested multiparts', async () => {
    expect(await parser.parse(builders.mailWithNestedMultiparts(500))).toMatchObject({
      text: 'ganz unten',
      doubts: [],
    });
  });

  it.each([
    ['too deep', builders.mailWithHtml(`${'<div>'.repeat(100_000)}Text`)],
    ['too long', builders.mailWithHtml('<p>Text</p>'.repeat(250_000))],
  ])('attaches HTML that is %s', async (_, raw) => {
    const mail = await parser.parse(raw);
    expect(mail.html).toBeNull();
    expect(mail.attachments.map(({ fileName }) => fileName)).toEqual(['mail.html']);
    expect(doubtsOf(mail)).toContain('HTML version');
  });

  it('cuts a text of megabytes short, and says so', async () => {
    const mail = await parser.parse(builders.mailWithText('wort '.repeat(1_000_000)));
    expect(mail.text).toHaveLength(300_000);
    expect(doubtsOf(mail)).toContain('very long');
  });

  it('brings a file of 20 MB over whole', async () => {
    const mail = await parser.parse(builders.mailWithFile(20_000_000));
    expect(mail.attachments.map(({ size }) => size)).toEqual([20_000_000]);
  });

  it('stops at mails in mails in mails', async () => {
    const mail = await parser.parse(builders.mailWithMails(50));
    expect(mail.subject).toBe('Ebene 49');
    expect(doubtsOf(mail)).toContain('nested too deeply');
  });
});
