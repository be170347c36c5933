import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { asciiAddress } from './dedupe-keys.ts';
import type { EntityModel, Field, PropertySchema } from './entity.ts';
import { issueOf, type Issue, type Language } from './errors.ts';

/** Keys and labels that a choice field with a config kind accepts; undefined = anything. */
export type Choices = (field: Field) => readonly string[] | undefined;

const phonePattern = /^[+(\d][\d\s()/.\-–+]{3,48}(?:(?:x|ext\.?|-)\s?\d{1,6})?$/;

const vocabulary = [
  'x-entity',
  'x-label',
  'x-help',
  'x-labels',
  'x-section',
  'x-list',
  'x-searchable',
  'x-unique',
  'x-indexed',
  'x-reference',
  'x-weak',
  'x-config',
  'x-money',
  'x-multiline',
  'x-system',
  'x-hidden',
  'x-personal',
  'x-read',
  'x-write',
  'x-retired',
];

/** Letters and digits beyond ASCII may stand before the @ as those of ASCII may (RFC 6531). */
const plainAddress = (text: string): string => {
  const at = Math.max(text.lastIndexOf('@'), 0);
  return text.slice(0, at).replaceAll(/(?!\p{ASCII})[\p{L}\p{M}\p{N}]/gu, 'x') + asciiAddress(text.slice(at));
};

const createAjv = (): Ajv2020 => {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  });
  addFormats.default(ajv);
  const plainEmail = ajv.formats['email'];
  if (!(plainEmail instanceof RegExp)) throw new Error('ajv-formats has another e-mail format');
  ajv.addFormat('email', (text: string) => plainEmail.test(plainAddress(text)));
  ajv.addFormat('phone', phonePattern);
  ajv.addVocabulary(vocabulary);
  return ajv;
};

const types: Readonly<Record<string, { de: string; en: string }>> = {
  string: { de: 'ein Text', en: 'a text' },
  number: { de: 'eine Zahl', en: 'a number' },
  integer: { de: 'eine ganze Zahl', en: 'a whole number' },
  boolean: { de: 'true oder false', en: 'true or false' },
  array: { de: 'eine Liste', en: 'a list' },
  object: { de: 'ein Objekt', en: 'an object' },
  null: { de: 'null', en: 'null' },
};

const sentences: Readonly<Record<string, (p: Record<string, unknown>) => { de: string; en: string }>> = {
  required: () => ({ de: 'Dieses Feld fehlt.', en: 'This field is missing.' }),
  type: (p) => {
    const named = [p['type']].flat().map((type) => types[String(type)] ?? { de: String(type), en: String(type) });
    const [de, en] = [named.map((one) => one.de).join(' oder '), named.map((one) => one.en).join(' or ')];
    return { de: `Erwartet wird ${de}.`, en: `Must be ${en}.` };
  },
  format: (p) =>
    ({
      email: { de: 'Das ist keine E-Mail-Adresse.', en: 'This is not an e-mail address.' },
      phone: { de: 'Das ist keine Telefonnummer.', en: 'This is not a phone number.' },
      date: { de: 'Das ist kein Datum (JJJJ-MM-TT).', en: 'This is not a date (YYYY-MM-DD).' },
      'date-time': { de: 'Das ist kein Zeitpunkt (ISO 8601).', en: 'This is not an instant (ISO 8601).' },
    })[String(p['format'])] ?? {
      de: `Das Format ${String(p['format'])} stimmt nicht.`,
      en: `Does not match the format ${String(p['format'])}.`,
    },
  maxLength: (p) => ({
    de: `Höchstens ${String(p['limit'])} Zeichen.`,
    en: `At most ${String(p['limit'])} characters.`,
  }),
  minLength: (p) => ({
    de: `Mindestens ${String(p['limit'])} Zeichen.`,
    en: `At least ${String(p['limit'])} characters.`,
  }),
  minimum: (p) => ({ de: `Mindestens ${String(p['limit'])}.`, en: `At least ${String(p['limit'])}.` }),
  maximum: (p) => ({ de: `Höchstens ${String(p['limit'])}.`, en: `At most ${String(p['limit'])}.` }),
  dependentRequired: (p) => ({
    de: `Zu „${String(p['property'])}“ gehört dieses Feld.`,
    en: `"${String(p['property'])}" needs this field too.`,
  }),
  minItems: (p) =>
    p['limit'] === 1
      ? { de: 'Mindestens ein Eintrag.', en: 'At least one entry.' }
      : { de: `Mindestens ${String(p['limit'])} Einträge.`, en: `At least ${String(p['limit'])} entries.` },
  maxItems: (p) => ({ de: `Höchstens ${String(p['limit'])} Einträge.`, en: `At most ${String(p['limit'])} entries.` }),
  uniqueItems: () => ({ de: 'Ein Eintrag kommt doppelt vor.', en: 'An entry occurs twice.' }),
  enum: (p) => ({
    de: `Erlaubt sind: ${(p['allowedValues'] as unknown[]).join(', ')}.`,
    en: `Allowed are: ${(p['allowedValues'] as unknown[]).join(', ')}.`,
  }),
  pattern: () => ({ de: 'Diese Schreibweise passt nicht.', en: 'It cannot be written like this.' }),
  additionalProperties: () => ({ de: 'Dieses Feld gibt es nicht.', en: 'There is no such field.' }),
};

const pathOf = (error: ErrorObject): string => {
  const params = error.params as Record<string, unknown>;
  const inner = params['missingProperty'] ?? params['additionalProperty'];
  return typeof inner === 'string'
    ? `${error.instancePath}/${inner.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : error.instancePath;
};

/** An Ajv error as an issue with a sentence in the reader's language. */
export const toIssue = (error: ErrorObject, language: Language): Issue => {
  const other = error.message ?? error.keyword;
  const text = sentences[error.keyword]?.(error.params as Record<string, unknown>) ?? {
    de: `Das passt hier nicht: „${other}“`,
    en: `This does not fit here: "${other}"`,
  };
  return issueOf({ path: pathOf(error), code: error.keyword }, text, language);
};

export interface RecordValidator {
  /** Checks a whole record without its system fields; every fault at once, empty = fine. Null counts as absent, and so does a required text that is blank. */
  issues(record: Readonly<Record<string, unknown>>, language: Language): Issue[];
}

const choiceIssues = (
  check: { fields: readonly Field[]; choices: Choices },
  record: Readonly<Record<string, unknown>>,
  language: Language,
): Issue[] =>
  check.fields.flatMap((field) => {
    const value = record[field.name];
    if (typeof value !== 'string') return [];
    const allowed = check.choices(field);
    if (allowed === undefined || allowed.includes(value)) return [];
    const list = allowed.slice(0, 20).join(', ');
    const text = {
      de: `„${value}“ gibt es nicht. Erlaubt sind: ${list}.`,
      en: `"${value}" does not exist. Allowed are: ${list}.`,
    };
    return [issueOf({ path: `/${field.name}`, code: 'choice' }, text, language)];
  });

/** Absent, or a text without a word in it. */
export const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && !/\S/.test(value));

/** The fields that the schema speaks of: neither absent ones nor those that the system adds to every record. */
const presentFields = (model: EntityModel, record: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const present: Record<string, unknown> = {};
  for (const name of Object.keys(record)) {
    const value = record[name];
    const isCommon = model.fields.has(name) && !(name in model.schema.properties);
    if (value !== null && value !== undefined && !isCommon) present[name] = value;
  }
  for (const name of model.schema.required ?? []) if (isBlank(present[name])) delete present[name];
  return present;
};

/** What a column can hold, where the schema does not say less. */
const bounds = (field: Field | undefined): PropertySchema => {
  switch (field?.kind) {
    case 'reference':
      return { type: 'string', maxLength: 64 };
    case 'integer':
      return { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
    case 'money':
      return { type: 'number', minimum: Number.MIN_SAFE_INTEGER / 100, maximum: Number.MAX_SAFE_INTEGER / 100 };
    default:
      return {};
  }
};

/**
 * Compiles the model's schema once. References are checked for form only: whether the record exists is the command's business.
 * @throws Error from Ajv when the schema is not valid JSON Schema 2020-12 (publishing checks that before).
 */
export function createValidator(model: EntityModel, choices: Choices): RecordValidator {
  const properties: Record<string, PropertySchema> = {};
  for (const [name, property] of Object.entries(model.schema.properties)) {
    properties[name] = { ...bounds(model.fields.get(name)), ...property };
  }
  // Several revisions of one schema are compiled side by side: they must not share an id.
  const { $schema: _dialect, $id: _id, ...rest } = model.schema;
  const validate: ValidateFunction = createAjv().compile({ ...rest, properties, additionalProperties: false });
  const choiceFields = [...model.fields.values()].filter(
    (field) => field.kind === 'choice' && field.configKind !== undefined && !field.isSystem,
  );
  return {
    issues: (record, language) => {
      const present = presentFields(model, record);
      const fromSchema = validate(present) ? [] : (validate.errors ?? []).map((error) => toIssue(error, language));
      return [...fromSchema, ...choiceIssues({ fields: choiceFields, choices }, present, language)];
    },
  };
}
