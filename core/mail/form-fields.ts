import { parseExactJson } from '../json.ts';
import { isPlainObject } from '../plain-object.ts';
import { unwrapForwarded } from './forwarded.ts';
import { formLines, longestLabel, messageLabel as message, toLabel, type Field } from './form-lines.ts';
import type { MailAttachment, ParsedMail } from './parsed-mail.ts';
import { ownText } from './quotes.ts';

type Fields = Record<string, string>;

const largestJson = 200_000;

/** Whom a form is about and what it wants: a signature has telephone lines too, but none of these. */
const person =
  /^(?:(?:vor|nach|familien|zu|voll(?:er|ständiger)?|ihr|dein|first|last|full|your|sur)[ -]?)?name\b|^(?:anrede|vor- und (?:nach|zu)name|ansprechpartner(?:in)?|kontaktperson|contact)\b/i;
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

const isLabel = (label: string): boolean => label.length >= 2 && label.length <= longestLabel && /\p{L}/u.test(label);

/** Cells of the rows of sanitised HTML. */
const tableRows = (html: string): string[][] =>
  html
    .split(/<tr\b/i)
    .slice(1)
    .map((row) =>
      (row.split(/<\/tr>/i)[0] ?? '')
        .split(/<t[dh]\b[^<>]*>/i)
        .slice(1)
        .map((cell) => plain(cell)),
    );

/** Rows of two cells: label and value. */
const fieldsDown = (rows: readonly string[][]): Field[] =>
  rows.flatMap(([label = '', value, ...others]): Field[] => {
    const name = toLabel(label);
    return value !== undefined && others.length === 0 && isLabel(name) ? [[name, value]] : [];
  });

/** A row of labels above one row of values; above several it is a list. */
const fieldsAcross = (rows: readonly string[][]): Field[] => {
  const head = rows.findIndex((labels, at) => {
    const isRow = (offset: number): boolean => rows[at + offset]?.length === labels.length;
    return labels.length >= 2 && labels.every((label) => isLabel(toLabel(label))) && isRow(1) && !isRow(2);
  });
  const values = rows[head + 1] ?? [];
  return head === -1 ? [] : (rows[head] ?? []).map((label, at): Field => [toLabel(label), values[at] ?? '']);
};

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** Members that only hold a form's fields together and say nothing of what they mean. */
const wrapper = /^(?:kontakt(?:daten)?|contact|person|data|daten|fields?|felder|form(?:ular)?)$/i;

/** Nested members by their path (`adresse ort`), a list of objects as JSON: all of it is shown on the lead. */
const membersOf = (read: object, path: readonly string[] = []): Field[] =>
  Object.entries(read).flatMap(([name, value]: [string, unknown]): Field[] => {
    const label = [...path, name].join(' ');
    if (isScalar(value)) return [[label, String(value)]];
    if (isPlainObject(value)) return membersOf(value, wrapper.test(name) ? path : [...path, name]);
    if (!Array.isArray(value) || value.length === 0) return [];
    return [[label, value.every((item) => isScalar(item)) ? value.join(', ') : JSON.stringify(value)]];
  });

const jsonFields = ({ content, contentType, fileName }: MailAttachment): Field[] => {
  const isJson = contentType === 'application/json' || /\.json$/i.test(fileName);
  if (!isJson || content.byteLength > largestJson) return [];
  let read: unknown;
  try {
    read = parseExactJson(content);
  } catch {
    // Not JSON after all: the attachment is there for a person.
    return [];
  }
  return isPlainObject(read) ? membersOf(read) : [];
};

/** What JSON attachments say, by label; null without one. */
export function jsonFormOf({ attachments }: ParsedMail): Fields | null {
  const fields = attachments.flatMap((attachment) => jsonFields(attachment));
  return fields.length === 0 ? null : toRecord(fields);
}

/**
 * The fields of a form that was sent as a mail, by their labels: from a JSON attachment, a table (labels beside or above the values) or `Name: …` lines, also where
 * the form mail was forwarded. Null when the mail is no form, which is said of a person's mail with a signature as well.
 */
export function formFieldsOf(mail: ParsedMail): Readonly<Record<string, string>> | null {
  const json = jsonFormOf(mail);
  if (json !== null) return json;
  const forwarded = unwrapForwarded(mail);
  const text = forwarded === null ? ownText(mail) : ownText({ ...mail, ...forwarded });
  const rows = tableRows(mail.html ?? '');
  const found = [fieldsDown(rows), fieldsAcross(rows), formLines(text)].find((fields) => isForm(fields));
  return found === undefined ? null : toRecord(found);
}
