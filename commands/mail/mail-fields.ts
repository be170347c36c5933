import { contactOf, formFieldsOf, ownText } from '../../core/mail/index.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { RecordData } from '../../store/record-table.ts';

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

/** What a mail says, as members that mapping rows read: of a form mail its lines, else what sender, signature and text tell. */
export function fieldsOfMail(mail: ParsedMail): RecordData {
  const form = formFieldsOf(mail);
  const text = ownText(mail);
  const said = { title: mail.subject.slice(0, 200), message: shortened(text === '' ? mail.text : text) };
  if (form === null) return { ...contactOf(mail), ...said };
  const lines = Object.fromEntries(Object.entries(form).map(([label, value]) => [toName(label), shortened(value)]));
  // The sender of a form mail is a machine; the one that it says to reply to is a person.
  const reply = mail.replyTo[0] === undefined ? {} : { email: mail.replyTo[0].address };
  return { ...reply, title: said.title, ...lines };
}
