import { spelledOut } from '../spelling.ts';
export interface PersonName {
  readonly firstName?: string;
  readonly lastName?: string;
}

const titles =
  /^(?:herrn?|frau|mr|mrs|ms|miss|dr|prof|dipl|ing|mag|med|jur|rer|nat|pol|phil|h\.?\s?c|b\.?sc|m\.?sc|ma|ba|mba)\.?(?:-\p{L}+\.?)?$/iu;
/** Mailboxes of a function and companies are no persons. */
const notPerson =
  /gmbh|\bag\b|\bkg\b|\bug\b|\bgbr\b|e\.\s?[vk]\.|\bltd\b|\binc\b|team|service|support|info|kontakt|vertrieb|verkauf|einkauf|büro|office|sekretariat|buchhaltung|newsletter|shop|noreply|no-reply|mailer|formular|website|@|\d/i;
const particles = new Set([
  'von',
  'van',
  'de',
  'der',
  'den',
  'zu',
  'zum',
  'zur',
  'vom',
  'di',
  'da',
  'del',
  'la',
  'le',
  'ten',
  'ter',
  'al',
  'el',
]);

/** "Im Auftrag", "in Vertretung", "per procura": how somebody signs for their company, not what they are called. */
const proxy = /^(?:i\.\s?[av]\.|ppa\b\.?|p\.\s?p\.(?:\s?a\.)?)\s*/i;

export const withoutProxy = (written: string): string => written.trimStart().replace(proxy, '');

const capital = (word: string): string =>
  word.replace(/(^|-)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());

const isWord = (word: string): boolean => /^\p{L}[\p{L}\p{M}.'’-]*$/u.test(word);

const splitWords = (words: readonly string[]): PersonName => {
  const own = words.filter((word) => !titles.test(word));
  const particle = own.findIndex((word, index) => index > 0 && particles.has(word.toLowerCase()));
  const cut = particle > 0 ? particle : own.length - 1;
  const [first, last] = [own.slice(0, cut).join(' '), own.slice(cut).join(' ')];
  if (own.length > 6) return {};
  return { ...(first === '' ? {} : { firstName: first }), ...(last === '' ? {} : { lastName: last }) };
};

/** `Anna Muster`, `Muster, Anna`, `Dr. Anna von Muster (Firma GmbH)`, `Anna Muster | Firma`, `i. A. Anna Muster`. */
const fromName = (written: string): PersonName => {
  const own = (
    withoutProxy(written.slice(0, 200).replace(/["']/g, ' ')).split(/[|(/]|\s[–-]\s|\svia\s/)[0] ?? ''
  ).trim();
  const [before = '', after = '', ...more] = own.split(',').map((part) => part.trim());
  const first = after
    .split(/\s+/)
    .filter((word) => word !== '' && !titles.test(word))
    .join(' ');
  const isTurned = first !== '' && more.length === 0;
  const words = (isTurned ? `${first} ${before}` : before).split(/\s+/).filter((word) => word !== '');
  if (notPerson.test(own) || !words.every((word) => isWord(word))) return {};
  return isTurned ? { firstName: first, lastName: before } : splitWords(words);
};

/** `anna.muster@…`, `anna_muster@…`; one word may be anything. */
const fromAddress = (address: string): PersonName => {
  const words = (address.split('@')[0] ?? '').split(/[._]/);
  if (
    words.length !== 2 ||
    !words.every((word) => /^\p{L}{2,}(?:-\p{L}+)?$/u.test(word)) ||
    notPerson.test(words.join(' '))
  )
    return {};
  return splitWords(words.map((word) => capital(word)));
};

/** A single word is a name where the address has it as well, or is its beginning: `Müller <k.mueller@…>`, `Schmidt <s@…>`, but not `Portal <leads@…>`. */
const belongsTo = (word: string | undefined, address: string): boolean => {
  const local = spelledOut(address.split('@')[0] ?? '');
  const name = spelledOut(word ?? '');
  return local !== '' && name !== '' && (local.includes(name) || name.startsWith(local));
};

/** The name of a person: as the sender writes it, else as the first line of the signature has it, else from the address. */
export function nameOf(senderName: string, address: string, signatureLine: string): PersonName {
  const sender = fromName(senderName);
  if (sender.firstName !== undefined) return sender;
  const signed = signatureLine.length <= 60 ? fromName(signatureLine) : {};
  if (signed.firstName !== undefined) return signed;
  const addressed = fromAddress(address);
  if (addressed.lastName !== undefined) return addressed;
  return belongsTo(sender.lastName, address) ? sender : {};
}
