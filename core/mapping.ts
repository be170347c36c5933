import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { MappingsConfig, MappingsTransform as Transform } from '../schemas/generated/config.ts';
import type { EntityModel, Field } from './entity.ts';
import { issueOf, type Issue, type Language } from './errors.ts';
import { isMappable } from './mappable.ts';
import { splitList, toFieldValue, type FieldValue, type Reading } from './field-value.ts';
import { followPath, keptHeaderOf, parseMappingPath, withoutTaken, type MappingPath } from './mapping-path.ts';
import { isTooFine, readBoolean, readDate, readMoney, readNumber } from './read-text.ts';

/** What config kind `mappings` says of a message. */
export type Mapping = Pick<MappingsConfig, 'unmapped' | 'rows'>;
export type MappingRow = Mapping['rows'][number];

export interface MapperOptions extends Reading {
  readonly model: EntityModel;
  /** Absent: every member with the name of a writable field fills it. */
  readonly mapping?: Mapping | undefined;
}

export interface MappingInput {
  readonly body: Readonly<Record<string, unknown>>;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

export interface Mapped {
  /** Field → value; a field that the message does not speak of is absent, one that it clears is null. */
  readonly values: Readonly<Record<string, FieldValue>>;
  /** Top-level members that went into fields as a whole. */
  readonly used: readonly string[];
  /**
   * The other members, and of those that rows took parts of, what is left; as received, but answers in a list by their names. Members whose
   * amount loses decimals are among them, too.
   */
  readonly additional: Readonly<Record<string, unknown>>;
  /** Values that do not fit their field; those fields are absent from `values`. */
  readonly issues: readonly Issue[];
  /** What a row of a table is known by where a column says so. */
  readonly key?: string | undefined;
}

export type Mapper = (input: MappingInput, language: Language) => Mapped;

const capitalised = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .split(' ')
    .map((word) => (word === word.toUpperCase() || word === word.toLowerCase() ? capitalisedWord(word) : word))
    .join(' ');

/** Particles such as "von" stay small when the sender wrote everything small. */
const particles = new Set(['von', 'vom', 'zu', 'zum', 'zur', 'van', 'de', 'der', 'den', 'del', 'la', 'le', 'und']);

const capitalisedWord = (word: string): string => {
  const lower = word.toLowerCase();
  if (particles.has(lower)) return lower;
  return lower.replaceAll(/(^|-)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
};

/** `Meyer, Jörg` and `Jörg von Meyer` → first and last name; a single word is a last name. */
const splitName = (text: string): readonly [first: string, last: string] => {
  const name = capitalised(text);
  const comma = name.indexOf(',');
  if (comma > 0) return [name.slice(comma + 1).trim(), name.slice(0, comma).trim()];
  const words = name.split(' ');
  const particle = words.findIndex((word, index) => index > 0 && particles.has(word));
  const cut = particle > 0 ? particle : words.length - 1;
  return [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
};

const internationalPhone = (text: string): string => {
  const parsed = parsePhoneNumberFromString(text, 'DE');
  return parsed?.isPossible() === true ? parsed.formatInternational() : text.trim();
};

const texts: Partial<Record<Transform, (text: string, timeZone: string) => unknown>> = {
  trim: (text) => text.trim(),
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  name: capitalised,
  firstName: (text) => splitName(text)[0] || null,
  lastName: (text) => splitName(text)[1],
  phone: internationalPhone,
  money: readMoney,
  number: readNumber,
  date: readDate,
  boolean: readBoolean,
  split: splitList,
};

const lists: Partial<Record<Transform, (list: readonly unknown[]) => unknown>> = {
  first: (list) => list[0],
  join: (list) => list.filter((item) => item !== null && item !== '').join(' '),
};

/** A transform that cannot read the value leaves it: the field then says what is wrong with it. */
const transformed = (value: unknown, transform: Transform, timeZone: string): unknown => {
  if (Array.isArray(value))
    return lists[transform]?.(value) ?? value.map((item: unknown) => transformed(item, transform, timeZone));
  if (typeof value === 'number' && transform === 'phone') return transformed(`${value}`, transform, timeZone);
  if (typeof value !== 'string') return value;
  const read = texts[transform]?.(value, timeZone);
  return read === undefined ? value : read;
};

const translated = (value: unknown, valueMap: NonNullable<MappingRow['valueMap']>): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => translated(item, valueMap));
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return value;
  const text = String(value);
  if (Object.hasOwn(valueMap, text)) return valueMap[text];
  const known = Object.keys(valueMap).find((key) => key.toLowerCase() === text.trim().toLowerCase());
  if (known !== undefined) return valueMap[known];
  return Object.hasOwn(valueMap, '*') ? valueMap['*'] : value;
};

interface CompiledRow {
  readonly row: MappingRow;
  readonly field: Field;
  readonly paths: readonly MappingPath[];
  readonly transforms: readonly Transform[];
}

const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

const compileRows = (mapping: Mapping, model: EntityModel): CompiledRow[] =>
  mapping.rows.flatMap((row) => {
    const field = model.fields.get(row.to);
    if (field === undefined || !isMappable(field, model.name)) return [];
    const paths = asList(row.from).flatMap((from) => parseMappingPath(from) ?? []);
    return [{ row, field, paths, transforms: asList(row.transform) }];
  });

/** Names of the headers that the mapping's rows take, in lower case; without those that prove who sends. */
export const mappedHeaders = (mapping: Mapping | undefined): ReadonlySet<string> =>
  new Set(
    (mapping?.rows ?? [])
      .flatMap(({ from }) => asList(from))
      .flatMap((from) => parseMappingPath(from) ?? [])
      .flatMap((path) => keptHeaderOf(path) ?? []),
  );

/** `first_name`, `first-name`, `First Name` and `firstName` are one name. */
export const bareName = (name: string): string => name.replaceAll(/[\s_-]/g, '').toLowerCase();

class Draft {
  readonly values: Record<string, FieldValue> = {};
  readonly used = new Set<string>();
  /** Top-level members of which rows took something inside. */
  readonly opened = new Set<string>();
  /** Top-level members with an amount that a field takes without some of its decimals. */
  readonly rounded = new Set<string>();
  readonly issues: Issue[] = [];
  readonly options: MapperOptions;
  readonly language: Language;

  constructor(options: MapperOptions, language: Language) {
    this.options = options;
    this.language = language;
  }

  has(field: Field): boolean {
    return Object.hasOwn(this.values, field.name) || this.issues.some((issue) => issue.path === `/${field.name}`);
  }

  put(field: Field, value: unknown): void {
    const fitted = toFieldValue(field, value, this.options);
    if ('value' in fitted) this.values[field.name] = fitted.value;
    else {
      const { code, text } = fitted.fault;
      this.issues.push(issueOf({ path: `/${field.name}`, code }, text, this.language));
    }
  }
}

const readRow = ({ row, field, paths, transforms }: CompiledRow, input: MappingInput, draft: Draft): unknown => {
  const found: unknown[] = [];
  for (const path of paths) {
    const value = followPath(path, path.isHeader ? (input.headers ?? {}) : input.body);
    if (value === undefined) continue;
    found.push(value);
    if (path.isHeader) continue;
    if (path.steps.length === 1) draft.used.add(path.root);
    else draft.opened.add(path.root);
  }
  if (found.length === 0) return row.default;
  let value: unknown = typeof row.from === 'string' ? found[0] : found;
  for (const transform of transforms) value = transformed(value, transform, draft.options.timeZone);
  if (field.kind === 'money' && [...found, value].flat().some(isTooFine))
    for (const path of paths) if (!path.isHeader) draft.rounded.add(path.root);
  return row.valueMap === undefined ? value : translated(value, row.valueMap);
};

const applyRows = (rows: readonly CompiledRow[], input: MappingInput, draft: Draft): void => {
  for (const row of rows) {
    const value = readRow(row, input, draft);
    if (value !== undefined) draft.put(row.field, value);
  }
};

const applyNames = (names: ReadonlyMap<string, Field>, input: MappingInput, draft: Draft): void => {
  const put = (name: string, field: Field | undefined): void => {
    const value = input.body[name];
    if (field === undefined || value === undefined || draft.has(field)) return;
    if (draft.used.has(name) || draft.opened.has(name)) return;
    draft.put(field, value);
    draft.used.add(name);
    if (field.kind === 'money' && isTooFine(value)) draft.rounded.add(name);
  };
  const similar: string[] = [];
  for (const name of Object.keys(input.body)) {
    const field = names.get(name);
    if (field?.name === name) put(name, field);
    else similar.push(name);
  }
  for (const name of similar) put(name, names.get(name) ?? names.get(bareName(name)));
};

/** Paths into members, by the member's name. */
const pathsInside = (rows: readonly CompiledRow[]): ReadonlyMap<string, readonly MappingPath[]> =>
  Map.groupBy(
    rows.flatMap(({ paths }) => paths.filter((path) => !path.isHeader && path.steps.length > 1)),
    (path) => path.root,
  );

/** What no field took. A member that rows emptied counts as used. */
const restOf = (
  inside: ReadonlyMap<string, readonly MappingPath[]>,
  body: MappingInput['body'],
  draft: Draft,
): Record<string, unknown> => {
  const rest: [string, unknown][] = [];
  for (const name of Object.keys(body)) {
    const isRounded = draft.rounded.has(name);
    if (draft.used.has(name) && !isRounded) continue;
    const paths = inside.get(name);
    const value = isRounded || paths === undefined ? body[name] : withoutTaken(body[name], paths);
    if (value === undefined) draft.used.add(name);
    else rest.push([name, value]);
  }
  return Object.fromEntries(rest);
};

/**
 * Prepares the mapping of received messages to fields of a record, once per config revision.
 * Rows go in order, a later row that finds something wins; absent, null, '', 0 and false stay apart.
 */
export function createMapper(options: MapperOptions): Mapper {
  const { mapping, model } = options;
  const rows = mapping === undefined ? [] : compileRows(mapping, model);
  const inside = pathsInside(rows);
  const isByName = mapping === undefined || mapping.unmapped !== 'additional';
  // A sender does not get to name users or other records by guessing a field's name; a mapping row may.
  const named = [...model.fields.values()].filter(
    (field) => isMappable(field, model.name) && field.kind !== 'reference' && field.name !== 'team',
  );
  const names = new Map([
    ...named.map((field) => [bareName(field.name), field] as const),
    ...named.map((field) => [field.name, field] as const),
  ]);
  return (input, language) => {
    const draft = new Draft(options, language);
    applyRows(rows, input, draft);
    if (isByName) applyNames(names, input, draft);
    const additional = restOf(inside, input.body, draft);
    return { values: draft.values, used: [...draft.used], additional, issues: draft.issues };
  };
}
