import { unwrapForwarded } from './forwarded.ts';
import { bareLine, linesOf } from './lines.ts';
import type { MailAttachment, ParsedMail } from './parsed-mail.ts';
import { ownText } from './quotes.ts';

type Fields = Record<string, string>;
type Field = readonly [label: string, value: string];

const longestLabel = 60;
const largestJson = 200_000;

/** Whom a form is about and what it wants: a signature has telephone lines too, but none of these. */
const person =
  /^(?:(?:vor|nach|familien|zu|voll(?:er|ständiger)?|ihr|dein|first|last|full|your|sur)[ -]?)?name\b|^(?:anrede|vor- und (?:nach|zu)name|ansprechpartner(?:in)?|kontaktperson|contact)\b/i;
const message =
  /nachricht|message|anfrage|anliegen|kommentar|comment|mitteilung|bemerkung|fragen?$|question|interesse|betreff|subject/i;
const contact = /e-?mail|tel|phone|mobil|handy|rückruf/i;

const isForm = (fields: readonly Field[]): boolean => {
  const labels = fields.map(([label]) => label);
  const has = (pattern: RegExp): boolean => labels.some((label) => pattern.test(label));
  return fields.length >= 2 && has(contact) ? has(person) || has(message) : fields.length >= 3 && has(person);
};

/** Fields of the same label stand under each other. Names of the prototype are no field names. */
const toRecord = (fields: readonly Field[]): Fields => {
  const values = new Map<string, string>();
  for (const [label, value] of fields) {
    const before = values.get(label);
    if (label !== '__proto__') values.set(label, before === undefined || before === '' ? value : `${before}\n${value}`);
  }
  return Object.fromEntries(values);
};

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': ' ',
  '&amp;': '&',
};

const plain = (html: string): string =>
  html
    .replace(/<br\b[^<>]*>|<\/(?:p|div|li)>/gi, '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&(?:lt|gt|quot|nbsp|amp);/g, (entity) => entities[entity] ?? entity)
    .replace(/[ \t\u00a0]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim();

const toLabel = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/\s?[:*]+\s?$/, '')
    .trim();

const isLabel = (label: string): boolean => label.length >= 2 && label.length <= longestLabel && /\p{L}/u.test(label);

/** Rows of two cells, in sanitised HTML. */
const tableFields = (html: string): Field[] =>
  html
    .split(/<tr\b/i)
    .slice(1)
    .flatMap((row): Field[] => {
      const cells = (row.split(/<\/tr>/i)[0] ?? '')
        .split(/<t[dh]\b[^<>]*>/i)
        .slice(1)
        .map((cell) => plain(cell));
      const [label = '', value, ...others] = cells;
      const name = toLabel(label);
      return value !== undefined && others.length === 0 && isLabel(name) ? [[name, value]] : [];
    });

const labelLine = /^([\p{L}][\p{L}\d ./()?&'-]{1,58}?)\s?[*]?\s?:(?!\/\/)\s*(.*)$/u;

/** Lines before the first label in which a form says what it is (`Neue Anfrage über das Kontaktformular`). */
const mostIntroduction = 4;

/** `Name: …` lines. A line without a label belongs to the field above it, a blank line ends all but messages. */
const lineFields = (text: string): Field[] => {
  const fields: [label: string, value: string][] = [];
  let introduction = 0;
  let isOpen = false;
  for (const raw of linesOf(text)) {
    const line = bareLine(raw);
    const [, label = '', value = ''] = labelLine.exec(line) ?? [];
    const last = fields.at(-1);
    if (label !== '' && label.split(' ').length <= 6) {
      fields.push([toLabel(label), value]);
      isOpen = true;
    } else if (last === undefined) introduction += line === '' ? 0 : 1;
    else if (line === '') isOpen &&= message.test(last[0]) || last[1] === '';
    else if (/^(?:--|_{2,}|-{3,}|={3,})/.test(line)) isOpen = false;
    else if (isOpen) last[1] = `${last[1]}\n${line}`.trim();
  }
  return introduction <= mostIntroduction ? fields : [];
};

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const jsonFields = ({ content, contentType, fileName }: MailAttachment): Field[] => {
  const isJson = contentType === 'application/json' || /\.json$/i.test(fileName);
  if (!isJson || content.byteLength > largestJson) return [];
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder().decode(content));
  } catch {
    // Not JSON after all: the attachment is there for a person.
    return [];
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return [];
  return Object.entries(read).flatMap(([label, value]: [string, unknown]): Field[] => {
    if (isScalar(value)) return [[label, String(value)]];
    return Array.isArray(value) && value.every((item) => isScalar(item)) ? [[label, value.join(', ')]] : [];
  });
};

/**
 * The fields of a form that was sent as a mail, by their labels: from a JSON attachment, a table of two columns or `Name: …` lines, also where
 * the form mail was forwarded. Null when the mail is no form, which is said of a person's mail with a signature as well.
 */
export function formFieldsOf(mail: ParsedMail): Readonly<Record<string, string>> | null {
  const json = mail.attachments.flatMap((attachment) => jsonFields(attachment));
  if (json.length > 0) return toRecord(json);
  const forwarded = unwrapForwarded(mail);
  const text = forwarded === null ? ownText(mail) : ownText({ ...mail, ...forwarded });
  const found = [tableFields(mail.html ?? ''), lineFields(text)].find((fields) => isForm(fields));
  return found === undefined ? null : toRecord(found);
}
