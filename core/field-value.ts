import type { Field, FieldKind } from './entity.ts';
import type { Text } from './errors.ts';
import {
  readAmount,
  readBoolean,
  readDate,
  readEpoch,
  readInstant,
  readNumber,
  readWhole,
  toCents,
} from './read-text.ts';

/** A value as a record holds it outside the database: money in units, instants and dates as ISO text. */
export type FieldValue = string | number | boolean | null | readonly FieldValue[] | Readonly<Record<string, unknown>>;

/** One allowed value of a choice field, with the names people know it by. */
export interface Choice {
  readonly key: string;
  readonly label: Text;
}

export interface Reading {
  readonly timeZone: string;
  /** Allowed values of a field; undefined = any. */
  readonly choices: (field: Field) => readonly Choice[] | undefined;
}

export type Fitted =
  | { readonly value: FieldValue }
  | { readonly fault: { readonly code: string; readonly text: Text } };

const fault = (code: string, de: string, en: string): Fitted => ({ fault: { code, text: { de, en } } });

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const quoted = (value: unknown): string => {
  const text = isScalar(value) ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

const unfit: Readonly<Record<FieldKind, Text>> = {
  text: { de: 'ist kein Text', en: 'is not a text' },
  longText: { de: 'ist kein Text', en: 'is not a text' },
  integer: { de: 'ist keine ganze Zahl', en: 'is not a whole number' },
  decimal: { de: 'ist keine Zahl', en: 'is not a number' },
  money: { de: 'ist kein Geldbetrag', en: 'is not an amount of money' },
  boolean: { de: 'ist weder ja noch nein', en: 'is neither yes nor no' },
  date: { de: 'ist kein Datum (31.12.2026 oder 2026-12-31)', en: 'is not a date (2026-12-31 or 31.12.2026)' },
  instant: {
    de: 'ist kein Zeitpunkt (2026-12-31T10:00:00Z oder 31.12.2026 10:00)',
    en: 'is not a point in time (2026-12-31T10:00:00Z)',
  },
  reference: { de: 'ist keine Kennung', en: 'is not an id' },
  choice: { de: 'ist keine Auswahl', en: 'is not a choice' },
  list: { de: 'ist keine Liste', en: 'is not a list' },
  json: { de: 'ist kein Objekt', en: 'is not an object' },
};

const refuse = (kind: FieldKind, value: unknown): Fitted =>
  fault(kind, `„${quoted(value)}“ ${unfit[kind].de}.`, `"${quoted(value)}" ${unfit[kind].en}.`);

/** Nobody types these, lists cannot show them, and some databases end a text at a zero. */
const invisible = /(?![\t\n])\p{Cc}/gu;

/** Western European texts without anything to set right, which most are. */
const readableAlready = /^[\t\n -~\u00a0-\u00ff]*$/;

/** As people mean it: a line ends with LF whatever the sender's system, and an ö is one letter, where macOS sends two. */
const readable = (text: string): string => (readableAlready.test(text) ? text : mended(text));

const mended = (text: string): string =>
  text.toWellFormed().normalize('NFC').replaceAll(/\r\n?/g, '\n').replaceAll(invisible, '');

const fitText = (value: unknown, field: Field): Fitted => {
  if (isScalar(value)) return { value: readable(String(value)) };
  if (Array.isArray(value) && value.every(isScalar)) return { value: readable(value.map(String).join(', ')) };
  return refuse(field.kind, value);
};

/** The number that a text is meant as in this field; undefined when it cannot be one. */
export const readNumeric = ({ kind }: Field, text: string): number | undefined =>
  (kind === 'money' ? readAmount : kind === 'integer' ? readWhole : readNumber)(text);

const fitNumber = (value: unknown, field: Field): Fitted => {
  const number = typeof value === 'string' ? readNumeric(field, value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return refuse(field.kind, value);
  if (field.kind === 'integer' && !Number.isInteger(number)) return refuse('integer', value);
  return { value: field.kind === 'money' ? toCents(number) : number };
};

const fitBoolean = (value: unknown): Fitted => {
  if (typeof value === 'boolean') return { value };
  const read = typeof value === 'string' || typeof value === 'number' ? readBoolean(String(value)) : undefined;
  return read === undefined ? refuse('boolean', value) : { value: read };
};

const fitTime = (value: unknown, field: Field, { timeZone }: Reading): Fitted => {
  const text = typeof value === 'number' ? readEpoch(value) : value;
  const read = field.kind === 'date' ? readDate : readInstant;
  const found = typeof text === 'string' ? read(text, timeZone) : undefined;
  return found === undefined ? refuse(field.kind, value) : { value: found };
};

const allowed = (field: Field, reading: Reading): readonly Choice[] | undefined =>
  reading.choices(field) ??
  field.values?.map((key) => ({ key, label: field.valueLabels?.[key] ?? { de: key, en: key } }));

/** The key that a word means: itself, or a label in either language, however it is capitalised. */
const keyNamed = (choices: readonly Choice[], word: string): string | undefined => {
  const wanted = word.trim().toLowerCase();
  const found =
    choices.find((choice) => choice.key.toLowerCase() === wanted) ??
    choices.find((choice) => choice.label.de.toLowerCase() === wanted || choice.label.en.toLowerCase() === wanted);
  return found?.key;
};

/** The key of the field that a word means; the word itself where it names none. */
export const choiceKey = (field: Field, word: string, reading: Reading): string =>
  keyNamed(allowed(field, reading) ?? [], word) ?? word;

const fitChoice = (value: unknown, field: Field, reading: Reading): Fitted => {
  if (!isScalar(value)) return refuse('choice', value);
  const choices = allowed(field, reading);
  if (choices === undefined) return { value: String(value) };
  const found = keyNamed(choices, String(value));
  if (found !== undefined) return { value: found };
  const list = choices
    .slice(0, 20)
    .map((choice) => choice.key)
    .join(', ');
  return fault(
    'choice',
    `„${quoted(value)}“ gibt es nicht. Erlaubt sind: ${list}.`,
    `"${quoted(value)}" does not exist. Allowed are: ${list}.`,
  );
};

/** Words that are keys or labels become keys; others stay as they are, for the record's own validation to judge. */
const fitList = (value: unknown, field: Field, reading: Reading): Fitted => {
  const items: unknown = typeof value === 'string' ? splitList(value) : value;
  if (!Array.isArray(items)) return isScalar(items) ? { value: [items] } : refuse('list', value);
  const asChoice = (item: unknown): FieldValue => {
    const fitted = isScalar(item) && field.configKind !== undefined ? fitChoice(item, field, reading) : undefined;
    return fitted !== undefined && 'value' in fitted ? fitted.value : (item as FieldValue);
  };
  return { value: [...new Set(items.map(asChoice))] };
};

/** `a, b; c` → `['a', 'b', 'c']`. */
export const splitList = (text: string): string[] =>
  text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

type Fit = (value: unknown, field: Field, reading: Reading) => Fitted;

const fits: Readonly<Record<FieldKind, Fit>> = {
  text: fitText,
  longText: fitText,
  integer: fitNumber,
  decimal: fitNumber,
  money: fitNumber,
  boolean: fitBoolean,
  date: fitTime,
  instant: fitTime,
  reference: (value) => (typeof value === 'string' ? { value } : refuse('reference', value)),
  choice: fitChoice,
  list: fitList,
  json: (value) => (typeof value === 'object' ? { value: value as FieldValue } : refuse('json', value)),
};

const isPlainText = (field: Field): boolean =>
  (field.kind === 'text' || field.kind === 'longText') && field.format === undefined;

/**
 * Fits a received value to a field. `null` clears. An empty text stays one in plain text fields and is "no value" in all others,
 * so an empty form input neither fails nor becomes 0 or false.
 */
export function toFieldValue(field: Field, value: unknown, reading: Reading): Fitted {
  if (value === null || value === undefined) return { value: null };
  if (typeof value === 'string' && value.trim() === '' && !isPlainText(field)) return { value: null };
  return fits[field.kind](value, field, reading);
}
