import { contactOf, formFieldsOf, ownText, type MailContact } from '../../core/mail/index.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Parties } from './mail-parties.ts';

const folds: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

/** "E-Mail-Adresse" → `e_mail_adresse`: as mapping rows name it. */
const toName = (label: string): string =>
  label
    .toLowerCase()
    .replaceAll(/[äöüß]/g, (letter) => folds[letter] ?? letter)
    .replaceAll(/[^\p{L}\d]+/gu, '_')
    .replaceAll(/^_|_$/g, '');

/** As much as a lead's message holds; all of it is in the mail. */
const longestMessage = 20_000;

const shortened = (text: string): string =>
  text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 2)} …`;

/** What the outsider of a mail says in it: nothing in one that went out to them, nor in a note of one of us. */
const writtenByOther = (mail: ParsedMail, { direction, other, forwarded }: Parties): ParsedMail => {
  if (forwarded !== undefined) return { ...mail, ...forwarded, from: other ?? null, replyTo: [] };
  if (direction === 'in' && other !== undefined) return mail;
  return { ...mail, from: other ?? null, replyTo: [], text: '', html: null, attachments: [] };
};

/** Who the outsider of a mail is, as far as the mail says. */
export const contactOfOther = (mail: ParsedMail, parties: Parties): MailContact =>
  contactOf(writtenByOther(mail, parties));

/**
 * What a mail says, as members that mapping rows read: of a form mail its lines, else what sender, signature and text of the outsider tell.
 * What one of us wrote above a forwarded mail stands before its text.
 */
export function fieldsOfMail(mail: ParsedMail, parties: Parties): RecordData {
  const written = writtenByOther(mail, parties);
  const form = formFieldsOf(written);
  const title = written.subject.slice(0, 200);
  const own = ownText(mail);
  if (form === null) {
    const { forwarded } = parties;
    const texts = forwarded === undefined ? [own === '' ? mail.text : own] : [own, forwarded.text];
    const message = shortened(texts.filter((text) => text !== '').join('\n\n'));
    return { ...contactOf(written), title, message };
  }
  const lines = Object.fromEntries(Object.entries(form).map(([label, value]) => [toName(label), shortened(value)]));
  // The sender of a form mail is a machine; the one that it says to reply to is a person.
  const reply = written.replyTo[0] === undefined ? {} : { email: written.replyTo[0].address };
  const note = parties.forwarded === undefined || own === '' ? {} : { note: shortened(own) };
  return { ...reply, ...note, title, ...lines };
}
