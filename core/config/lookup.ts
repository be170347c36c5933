import type { EntityModel } from '../entity.ts';
import type { Text } from '../errors.ts';
import { configLabels, type RevisionKind } from './kinds.ts';
import { fault, type Fault } from './faults.ts';
import { nearest } from './nearest.ts';

/** What a source that names a preset has to fit. */
export interface PresetRules {
  readonly key: string;
  /** Kind of connection that it works with. */
  readonly connection: string;
  /** Whether it reads a table. */
  readonly hasTable: boolean;
}

/** What a config text may refer to: everything in force, and whatever is published together with it. */
export interface ConfigLookup {
  model(entity: string): EntityModel | undefined;
  readonly entities: readonly string[];
  keys(kind: string): readonly string[];
  has(kind: string, key: string): boolean;
  hasUser(email: string): boolean;
  /** What a key of a kind says; undefined for one that is not there. */
  configOf(kind: RevisionKind, key: string): unknown;
  /** What a source may name as its `preset`; absent where that is not known: then it is not judged. */
  readonly presets?: readonly PresetRules[] | undefined;
  /** Kind of a connection by its id; undefined for one that is not set up (yet). */
  connectionKind(id: string): string | undefined;
}

const withHint = (text: Text, word: string, known: readonly string[]): Text => {
  const meant = nearest(word, known);
  if (meant !== undefined)
    return { de: `${text.de} Gemeint war „${meant}“?`, en: `${text.en} Did you mean "${meant}"?` };
  if (known.length === 0 || known.length > 30) return text;
  return { de: `${text.de} Möglich sind: ${known.join(', ')}.`, en: `${text.en} Possible are: ${known.join(', ')}.` };
};

/** A word that should name something known. */
export const unknownWord = (path: string, word: string, known: readonly string[]): Fault =>
  fault(path, 'unknown', withHint({ de: `„${word}“ gibt es nicht.`, en: `There is no "${word}".` }, word, known));

/** A key of another kind that does not exist; nothing when it does or is absent. */
export function keyFaults(
  path: string,
  key: unknown,
  at: { readonly kind: RevisionKind; readonly lookup: ConfigLookup },
): Fault[] {
  if (typeof key !== 'string' || at.lookup.has(at.kind, key)) return [];
  const label = configLabels[at.kind];
  const text = {
    de: `Unter „${label.de}“ gibt es kein „${key}“.`,
    en: `There is no "${key}" among the ${label.en.toLowerCase()}.`,
  };
  return [fault(path, 'unknown', withHint(text, key, at.lookup.keys(at.kind)))];
}

export function entityFaults(path: string, entity: unknown, lookup: ConfigLookup): Fault[] {
  return typeof entity !== 'string' || lookup.model(entity) !== undefined
    ? []
    : [unknownWord(path, entity, lookup.entities)];
}

/** Fields that people may name; hidden ones do not exist for them. */
export const visibleFields = (model: EntityModel): string[] =>
  [...model.fields.values()].filter((field) => !field.isHidden).map((field) => field.name);

export function fieldFaults(path: string, name: string, model: EntityModel): Fault[] {
  const names = visibleFields(model);
  return names.includes(name) ? [] : [unknownWord(path, name, names)];
}
