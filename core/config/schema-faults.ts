import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Text } from '../errors.ts';
import { escapePointer, type Fault } from './faults.ts';
import { likelyErrors } from './likely-errors.ts';
import { configDefinitions, configKinds, configSchema, type RevisionKind } from './kinds.ts';
import { nearest } from './nearest.ts';

type Params = Readonly<Record<string, unknown>>;

const typeNames: Readonly<Record<string, Text>> = {
  string: { de: 'ein Text', en: 'a text' },
  integer: { de: 'eine ganze Zahl', en: 'a whole number' },
  number: { de: 'eine Zahl', en: 'a number' },
  boolean: { de: 'true oder false', en: 'true or false' },
  array: { de: 'eine Liste', en: 'a list' },
  object: { de: 'ein Block mit Namen und Werten', en: 'a block of names and values' },
  null: { de: 'leer', en: 'empty' },
};

const anyOf = (types: unknown): Text => {
  const names = (Array.isArray(types) ? types : [types]).map(
    (type) => typeNames[String(type)] ?? { de: String(type), en: String(type) },
  );
  return { de: names.map((name) => name.de).join(' oder '), en: names.map((name) => name.en).join(' or ') };
};

const words = (values: unknown): string =>
  Array.isArray(values) ? values.map((value) => String(value)).join(', ') : String(values);

/** `required` and `type` are what the forms of an anyOf/oneOf would need, where that is all that is wrong. */
const noForm = (params: Params): Text => {
  if (Array.isArray(params['required']))
    return {
      de: `Nötig ist eines von: ${words(params['required'])}.`,
      en: `One of these is needed: ${words(params['required'])}.`,
    };
  if (Array.isArray(params['types']))
    return { de: `Erwartet wird ${anyOf(params['types']).de}.`, en: `Expected ${anyOf(params['types']).en}.` };
  return { de: 'Keine der erlaubten Formen passt.', en: 'None of the allowed forms fits.' };
};

const mailText = { de: 'Das ist keine E-Mail-Adresse.', en: 'This is not an e-mail address.' };
const keyText = {
  de: 'Erlaubt sind Kleinbuchstaben, Ziffern und Bindestriche, beginnend mit einem Buchstaben.',
  en: 'Lower case letters, digits and hyphens, beginning with a letter.',
};

/** What is meant by the patterns of the schemas. */
export const patternTexts: Readonly<Record<string, Text>> = {
  '^[a-z][a-z0-9-]{0,62}$': keyText,
  '^[a-z][a-z0-9-]{0,49}$': keyText,
  '^[a-z][a-z0-9-]{0,40}$': keyText,
  '^[a-z][a-z0-9-]{0,39}$': keyText,
  '^[a-z][a-zA-Z0-9-]{0,40}$': {
    de: 'Erlaubt sind Buchstaben, Ziffern und Bindestriche, beginnend mit einem Kleinbuchstaben.',
    en: 'Letters, digits and hyphens, beginning with a lower case letter.',
  },
  '^[a-z][a-z0-9]*(-[a-z0-9]+)*$': {
    de: 'Erlaubt sind Kleinbuchstaben und Ziffern, dazwischen einzelne Bindestriche, beginnend mit einem Buchstaben.',
    en: 'Lower case letters and digits, with single hyphens between them, beginning with a letter.',
  },
  '^(\\*|[a-z][a-z-]{0,39})$': {
    de: 'Ein Vorgang in Kleinbuchstaben wie read oder update, oder *.',
    en: 'An act in lower case such as read or update, or *.',
  },
  '^(\\*|[a-z][a-z0-9-]{0,39})$': {
    de: 'Der Name eines Objekts in Kleinbuchstaben wie lead, oder *.',
    en: 'The name of an entity in lower case such as lead, or *.',
  },
  '^https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?$': {
    de: 'Eine Herkunft besteht aus https:// und dem Namen der Website, ohne Pfad und Schrägstrich am Ende, zum Beispiel https://www.muster-bau.de.',
    en: 'An origin is https:// and the name of the web site, without a path or a slash at its end, for example https://www.example.com.',
  },
  '^[^\\s@<>,;]+@[^\\s@<>,;]+$': mailText,
  '^[^\\s@]+@[^\\s@]+$': mailText,
  '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$': {
    de: 'Ein Domainname in Kleinbuchstaben, zum Beispiel muster-bau.de.',
    en: 'A domain name in lower case, for example example.com.',
  },
  '^([01]\\d|2[0-3]):[0-5]\\d$': { de: 'Eine Uhrzeit wie 08:30.', en: 'A time of day such as 08:30.' },
  '^([01]\\d|2[0-3]):[0-5]\\d-(([01]\\d|2[0-3]):[0-5]\\d|24:00)$': {
    de: 'Eine Zeitspanne wie 08:30-17:00.',
    en: 'A span of time such as 08:30-17:00.',
  },
  '^[A-Za-z]{1,2}:[A-Za-z]{1,2}$': { de: 'Spalten wie A:F.', en: 'Columns such as A:F.' },
  '^[A-Za-z0-9_-]{10,200}$': {
    de: 'Die Kennung der Tabelle aus ihrer Adresse, zwischen /d/ und dem nächsten Schrägstrich.',
    en: 'The id of the spreadsheet in its address, between /d/ and the next slash.',
  },
  '^[A-Z]{2}$': { de: 'Ein Land mit zwei Großbuchstaben wie DE.', en: 'A country in two capital letters such as DE.' },
  '^[A-Z]{3}$': {
    de: 'Eine Währung mit drei Großbuchstaben wie EUR.',
    en: 'A currency in three capital letters such as EUR.',
  },
  '^[A-Za-z0-9]{1,5}$': { de: 'Ein Bundesland oder Kanton wie BY.', en: 'A state or canton such as BY.' },
  '^[A-Za-z0-9]{1,10}$': { de: 'Eine Region wie A.', en: 'A region such as A.' },
  '^(owner|team|role:[a-z][a-z0-9-]*|user:[^\\s@]+@[^\\s@]+|field:[a-z][a-zA-Z0-9]*|mail:[^\\s@<>]+@[^\\s@<>]+)$': {
    de: 'Möglich sind owner, team, role:<Rolle>, user:<E-Mail>, field:<Feld> und mail:<E-Mail>.',
    en: 'Possible are owner, team, role:<role>, user:<e-mail>, field:<field> and mail:<e-mail>.',
  },
  '^(stage|change|creation|field:[a-z][a-zA-Z0-9]*)$': {
    de: 'Möglich sind stage, change, creation und field:<Feld>.',
    en: 'Possible are stage, change, creation and field:<field>.',
  },
  '^([a-z][a-zA-Z]*|[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*)$': {
    de: 'Ein Ereignis wie recordChanged oder lead.assign.',
    en: 'An event such as recordChanged or lead.assign.',
  },
  '^[a-z][a-zA-Z0-9.-]{0,63}$': {
    de: 'Ein Name wie lead.won: Buchstaben, Ziffern, Punkte und Bindestriche.',
    en: 'A name such as lead.won: letters, digits, dots and hyphens.',
  },
  '^[a-z][a-zA-Z0-9]{0,59}$': {
    de: 'Ein Feldname beginnt klein und besteht aus Buchstaben und Ziffern, zum Beispiel firstName.',
    en: 'A field name begins in lower case and has letters and digits, for example firstName.',
  },
  '^#[0-9a-fA-F]{6}$': {
    de: 'Eine Farbe wird als „#rrggbb“ geschrieben (in Anführungszeichen).',
    en: 'A colour is written as "#rrggbb" (in quotes).',
  },
};

const sentences: Readonly<Record<string, (params: Params) => Text>> = {
  required: (p) => ({
    de: `„${String(p['missingProperty'])}“ fehlt.`,
    en: `"${String(p['missingProperty'])}" is missing.`,
  }),
  type: (p) => ({ de: `Erwartet wird ${anyOf(p['type']).de}.`, en: `Expected ${anyOf(p['type']).en}.` }),
  enum: (p) => ({
    de: `Erlaubt sind: ${words(p['allowedValues'])}.`,
    en: `Allowed are: ${words(p['allowedValues'])}.`,
  }),
  const: (p) => ({ de: `Erlaubt ist nur: ${String(p['allowedValue'])}.`, en: `Must be ${String(p['allowedValue'])}.` }),
  pattern: (p) =>
    patternTexts[String(p['pattern'])] ?? {
      de: 'Diese Schreibweise passt nicht.',
      en: 'It cannot be written like this.',
    },
  minLength: (p) =>
    p['limit'] === 1
      ? { de: 'Hier fehlt ein Text.', en: 'A text is missing here.' }
      : { de: `Mindestens ${String(p['limit'])} Zeichen.`, en: `At least ${String(p['limit'])} characters.` },
  maxLength: (p) => ({
    de: `Höchstens ${String(p['limit'])} Zeichen.`,
    en: `At most ${String(p['limit'])} characters.`,
  }),
  minimum: (p) => ({ de: `Mindestens ${String(p['limit'])}.`, en: `At least ${String(p['limit'])}.` }),
  maximum: (p) => ({ de: `Höchstens ${String(p['limit'])}.`, en: `At most ${String(p['limit'])}.` }),
  minItems: (p) =>
    p['limit'] === 1
      ? { de: 'Mindestens ein Eintrag.', en: 'At least one entry.' }
      : { de: `Mindestens ${String(p['limit'])} Einträge.`, en: `At least ${String(p['limit'])} entries.` },
  maxItems: (p) => ({ de: `Höchstens ${String(p['limit'])} Einträge.`, en: `At most ${String(p['limit'])} entries.` }),
  minProperties: (p) =>
    p['limit'] === 1
      ? { de: 'Mindestens eine Angabe.', en: 'At least one entry.' }
      : { de: `Mindestens ${String(p['limit'])} Angaben.`, en: `At least ${String(p['limit'])} entries.` },
  maxProperties: (p) => ({
    de: `Höchstens ${String(p['limit'])} Angaben.`,
    en: `At most ${String(p['limit'])} entries.`,
  }),
  uniqueItems: () => ({ de: 'Ein Eintrag kommt doppelt vor.', en: 'An entry occurs twice.' }),
  anyOf: (p) => noForm(p),
  oneOf: (p) =>
    p['passingSchemas'] === null || p['passingSchemas'] === undefined
      ? noForm(p)
      : {
          de: 'Mehrere Formen zugleich; gemeint sein kann nur eine.',
          en: 'Several forms at once; only one can be meant.',
        },
  format: (p) =>
    p['format'] === 'date'
      ? { de: 'Das ist kein Datum (JJJJ-MM-TT).', en: 'This is not a date (YYYY-MM-DD).' }
      : {
          de: `Das ist nicht als ${String(p['format'])} lesbar.`,
          en: `This is not readable as ${String(p['format'])}.`,
        },
  dependentRequired: (p) => ({
    de: `Dazu gehört „${String(p['missingProperty'])}“.`,
    en: `This needs "${String(p['missingProperty'])}" too.`,
  }),
  not: () => ({ de: 'Diese Angabe ist hier nicht erlaubt.', en: 'This is not allowed here.' }),
};

const unknownProperty = (error: ErrorObject): Text => {
  const name = String(
    (error.params as Params)['additionalProperty'] ?? (error.params as Params)['unevaluatedProperty'],
  );
  const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
  const meant = nearest(name, known);
  if (meant !== undefined)
    return {
      de: `„${name}“ gibt es hier nicht. Gemeint war „${meant}“?`,
      en: `There is no "${name}" here. Did you mean "${meant}"?`,
    };
  if (known.length === 0) return { de: `„${name}“ gibt es hier nicht.`, en: `There is no "${name}" here.` };
  return {
    de: `„${name}“ gibt es hier nicht. Möglich sind: ${known.join(', ')}.`,
    en: `There is no "${name}" here. Possible are: ${known.join(', ')}.`,
  };
};

const enumText = (error: ErrorObject): Text => {
  const params = error.params as Params;
  const allowed = Array.isArray(params['allowedValues']) ? params['allowedValues'].map(String) : [];
  const list = { de: `Erlaubt sind: ${allowed.join(', ')}.`, en: `Allowed are: ${allowed.join(', ')}.` };
  const meant = typeof error.data === 'string' ? nearest(error.data, allowed) : undefined;
  if (meant === undefined) return list;
  return { de: `Gemeint war „${meant}“? ${list.de}`, en: `Did you mean "${meant}"? ${list.en}` };
};

const toFault = (error: ErrorObject): Fault => {
  const params = error.params as Params;
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
    return {
      path: `${error.instancePath}/${escapePointer(name)}`,
      code: 'unknown',
      text: unknownProperty(error),
      isAboutName: true,
    };
  }
  if (error.keyword === 'propertyNames') {
    const name = String(params['propertyName']);
    const text = { de: `„${name}“ geht nicht als Name.`, en: `"${name}" cannot be a name.` };
    return { path: `${error.instancePath}/${escapePointer(name)}`, code: 'name', text, isAboutName: true };
  }
  const text = error.keyword === 'enum' ? enumText(error) : sentences[error.keyword]?.(params);
  const said = error.message ?? error.keyword;
  const fallback = { de: `Das passt hier nicht: „${said}“`, en: `This does not fit here: "${said}"` };
  const isMissing = error.keyword === 'required' || error.keyword === 'dependentRequired';
  return {
    path: error.instancePath,
    code: error.keyword,
    text: text ?? fallback,
    ...(isMissing ? { isAboutName: true } : {}),
  };
};

export interface SchemaCheck {
  /** Every way in which the value breaks the schema of its kind. */
  faults(kind: RevisionKind, value: unknown): Fault[];
}

/** Compiles the schemas of config kinds, each when it is first needed. */
export function createSchemaCheck(): SchemaCheck {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
  });
  addFormats.default(ajv);
  ajv.addSchema(configDefinitions, 'definitions.json');
  for (const kind of [...configKinds, 'schemas'] as const) ajv.addSchema(configSchema(kind), `${kind}.json`);
  return {
    faults: (kind, value) => {
      const validate: ValidateFunction | undefined = ajv.getSchema(`${kind}.json`);
      if (validate === undefined) throw new Error(`No schema for the config kind ${kind}`);
      return validate(value) ? [] : likelyErrors(validate.errors ?? [], configSchema(kind)).map(toFault);
    },
  };
}
