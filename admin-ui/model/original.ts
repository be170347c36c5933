import { readForm } from '../../core/charset.ts';
import { isPlainObject } from '../../core/plain-object.ts';

/** What a sender sent, for people: the text they wrote, and the rest as names and values. */
export interface Original {
  readonly text: string | undefined;
  readonly rows: readonly (readonly [string, string])[];
}

const textNames = ['message', 'nachricht', 'text', 'body', 'comment', 'comments', 'anfrage', 'anmerkung', 'bemerkung'];
const deepest = 4;

const isWord = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

const plain = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every(isWord) ? value.join(', ') : JSON.stringify(value);
};

/** `{contact: {email}}` → `contact.email`. Empty values say nothing and are left out. */
const flatten = (
  value: Readonly<Record<string, unknown>>,
  prefix = '',
  depth = 1,
): readonly (readonly [string, string])[] =>
  Object.entries(value).flatMap(([name, one]) => {
    if (one === null || one === undefined || one === '') return [];
    if (isPlainObject(one) && depth < deepest) return flatten(one, `${prefix}${name}.`, depth + 1);
    return [[`${prefix}${name}`, plain(one)] as const];
  });

/** Members of an object, and of those inside it, as names and values to read. */
export const toRows = (value: unknown): Original['rows'] => (isPlainObject(value) ? flatten(value) : []);

const readJson = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
};

const readFormBody = (body: string, contentType: string): unknown => {
  try {
    return Object.fromEntries(readForm(new TextEncoder().encode(body), contentType));
  } catch {
    return undefined;
  }
};

/** What the fields of a message say. Names that start with `_` belong to the form, not to the sender. */
export function fromFields(fields: Readonly<Record<string, unknown>>): Original {
  const rows = flatten(fields).filter(([name]) => !name.startsWith('_'));
  const isText = ([name]: readonly [string, string]): boolean =>
    textNames.includes(name.split('.').at(-1)?.toLowerCase() ?? '');
  const text = rows.find(isText);
  return { text: text?.[1], rows: rows.filter((row) => row !== text) };
}

/** Forms with files, whose body is nothing to read for people: the server takes them apart. */
export const isMultipart = (contentType: string): boolean => /^multipart\//i.test(contentType);

/** Reads the raw body of a received message: JSON objects and forms are taken apart, everything else is shown as it is. */
export function toOriginal(body: string, contentType: string): Original {
  const json = contentType.includes('json') ? readJson(body) : undefined;
  const form = contentType.includes('urlencoded') ? readFormBody(body, contentType) : undefined;
  const parsed = form ?? json;
  return isPlainObject(parsed) ? fromFields(parsed) : { text: body === '' ? undefined : body, rows: [] };
}
