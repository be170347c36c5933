import { emailKey } from './dedupe-keys.ts';
import { derivedFields } from './derive.ts';
import type { EntityModel, Field } from './entity.ts';

/** Words of a request for fields that have another name. */
const words: Readonly<Record<string, string>> = { 'e-mail': 'email', mail: 'email', company: 'name' };

/** The field in which a match is looked for: a key derived from the one named, else the field itself where the database finds it fast. */
export function matchField(model: EntityModel, word: string): Field | undefined {
  const name = model.fields.has(word) ? word : (words[word] ?? word);
  const derived = model.fields.get(`${name}Key`);
  if (derived !== undefined) return derived;
  const field = model.fields.get(name);
  return field !== undefined && !field.isHidden && (field.isIndexed || field.isUnique) && isText(field)
    ? field
    : undefined;
}

const isText = (field: Field): boolean => field.kind === 'text' || field.kind === 'choice';

/** Names that `matchKey` may have. `externalId` is the key of its source anyway. */
export function matchKeys(model: EntityModel): readonly string[] {
  const names = [...model.fields.values()]
    .filter((field) => !field.isHidden && !field.isSystem && matchField(model, field.name) !== undefined)
    .map((field) => field.name);
  return model.fields.has('externalId') ? ['externalId', ...names] : names;
}

/** Names of the fields that people fill in for it. */
export function matchSources({ name }: Field): readonly string[] {
  if (name === 'nameKey') return ['name', 'firstName', 'lastName'];
  return [name.endsWith('Key') ? name.slice(0, -'Key'.length) : name];
}

/** What a record is found by, undefined when it has nothing there. */
export function matchValue(
  model: EntityModel,
  field: Field,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const value = { ...values, ...derivedFields(model.name, values) }[field.name];
  const text = typeof value !== 'string' ? '' : field.format === 'email' ? emailKey(value) : value.trim().toLowerCase();
  return text === '' ? undefined : text;
}
