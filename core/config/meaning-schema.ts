import { toEntityModel, type EntityModel, type EntitySchema } from '../entity.ts';
import { LeitwerkError, messageOf } from '../errors.ts';
import { idleKeywords } from '../keyword-types.ts';
import { isFilterWord } from '../filter/index.ts';
import { createValidator, type RecordValidator } from '../validation.ts';
import { fault, type Fault } from './faults.ts';
import { keyFaults, unknownWord, type ConfigLookup } from './lookup.ts';
import { configKinds, isConfigKind } from './kinds.ts';
import type { ConfigValue } from './parse.ts';

/** Names that tables or addresses of the product itself have. */
const reserved = new Set([
  ...configKinds,
  'api-key',
  'assignment-turn',
  'audit',
  'blob',
  'blobs',
  'config',
  'config-head',
  'config-revision',
  'config-version',
  'connection',
  'connections',
  'counter',
  'docs',
  'duplicate-pair',
  'duplicates',
  'effect',
  'effects',
  'event',
  'events',
  'feed',
  'feed-row',
  'follower',
  'idempotency',
  'import-edit',
  'import-row',
  'keys',
  'lease',
  'mail-address',
  'mail-job',
  'mail-thread',
  'mailbox',
  'match-key',
  'matches',
  'me',
  'notice',
  'notification',
  'notifications',
  'operations',
  'part-report',
  'process',
  'processes',
  'record-merge',
  'relay',
  'schemas',
  'search',
  'secret',
  'session',
  'sessions',
  'setup',
  'setup-token',
  'sign-in-failure',
  'source-alert',
  'tenant',
  'undo',
  'user',
  'user-password',
  'users',
]);

/** Databases keep names to themselves, too. */
export const isReservedName = (name: string): boolean => reserved.has(name) || name.startsWith('sqlite-');

const nameFaults = (schema: EntitySchema, lookup: ConfigLookup): Fault[] => {
  const name = schema.$id;
  const { plural } = schema['x-entity'];
  const taken = lookup.entities.find(
    (entity) =>
      entity !== name &&
      (lookup.model(entity)?.plural === plural || entity === plural || lookup.model(entity)?.plural === name),
  );
  const faults: Fault[] = [];
  const refuse = (path: string, word: string): void =>
    void faults.push(fault(path, 'taken', { de: `„${word}“ ist schon vergeben.`, en: `"${word}" is taken already.` }));
  if (isReservedName(name)) refuse('/$id', name);
  if (isReservedName(plural) || taken !== undefined) refuse('/x-entity/plural', plural);
  return faults;
};

/** Asked at publishing only: a schema that has such a field already stays in force. */
const wordFaults = (schema: EntitySchema): Fault[] =>
  Object.keys(schema.properties)
    .filter(isFilterWord)
    .map((name) =>
      fault(`/properties/${name}`, 'name', {
        de: `„${name}“ ist ein Wort der Filtersprache: Nach einem Feld dieses Namens könnte niemand filtern.`,
        en: `"${name}" is a word of the filter language: nobody could filter by a field of this name.`,
      }),
    );

const keywordFaults = (schema: EntitySchema): Fault[] =>
  Object.entries(schema.properties).flatMap(([name, property]) =>
    idleKeywords(property).map(({ keyword, text }) => fault(`/properties/${name}/${keyword}`, 'keyword', text)),
  );

const referenceFaults = (schema: EntitySchema, lookup: ConfigLookup): Fault[] =>
  Object.entries(schema.properties).flatMap(([name, property]) => {
    const path = `/properties/${name}`;
    const target = property['x-reference'];
    const kind = property['x-config'];
    const entities = [...lookup.entities, 'user', schema.$id];
    const roles = (list: 'x-read' | 'x-write'): Fault[] =>
      (property[list] ?? []).flatMap((role, index) =>
        keyFaults(`${path}/${list}/${index}`, role, { kind: 'roles', lookup }),
      );
    return [
      ...(target === undefined || entities.includes(target)
        ? []
        : [unknownWord(`${path}/x-reference`, target, entities)]),
      ...(kind === undefined || isConfigKind(kind) ? [] : [unknownWord(`${path}/x-config`, kind, configKinds)]),
      ...roles('x-read'),
      ...roles('x-write'),
    ];
  });

/** Keywords of which the first must not be above the second. */
const bounds = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
] as const;

const boundFaults = (schema: EntitySchema): Fault[] =>
  Object.entries(schema.properties).flatMap(([name, property]) =>
    bounds.flatMap(([least, most]) => {
      const [low, high] = [property[least], property[most]];
      if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return [];
      const text = { de: `${low} ist mehr als „${most}“ (${high}).`, en: `${low} is more than "${most}" (${high}).` };
      return [fault(`/properties/${name}/${least}`, 'bounds', text)];
    }),
  );

/** A default is a value like any other: the field itself says what is wrong with it. */
const defaultFaults = (model: EntityModel, validator: RecordValidator, lookup: ConfigLookup): Fault[] =>
  Object.entries(model.defaults).flatMap(([name, value]) => {
    const path = `/properties/${name}/default`;
    const kind = model.fields.get(name)?.configKind;
    const unfit = validator.issues({ [name]: value }, 'en').filter((issue) => issue.path.split('/')[1] === name);
    return [
      ...unfit
        .filter(({ code }) => code !== 'required')
        .map(({ code, message, text }) => fault(path, code, text ?? { de: message, en: message })),
      ...(kind !== undefined && isConfigKind(kind) ? keyFaults(path, value, { kind, lookup }) : []),
    ];
  });

const compile = (schema: EntitySchema): EntityModel | Fault[] => {
  try {
    return toEntityModel(schema, 0);
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    return error.issues.map((issue) =>
      fault(issue.path, issue.code, issue.text ?? { de: issue.message, en: issue.message }),
    );
  }
};

/** Names, references and kinds exist, and the schema compiles to a model and a validator. */
export function schemaFaults(value: ConfigValue, lookup: ConfigLookup): Fault[] {
  const schema = value as unknown as EntitySchema;
  const named = [
    ...nameFaults(schema, lookup),
    ...wordFaults(schema),
    ...keywordFaults(schema),
    ...referenceFaults(schema, lookup),
    ...boundFaults(schema),
  ];
  const model = compile(schema);
  if (Array.isArray(model)) return [...named, ...model];
  try {
    return [
      ...named,
      ...defaultFaults(
        model,
        createValidator(model, () => undefined),
        lookup,
      ),
    ];
  } catch (error) {
    const message = messageOf(error);
    return [
      ...named,
      fault('', 'schema', {
        de: `Das Schema lässt sich nicht übersetzen: ${message}`,
        en: `The schema does not compile: ${message}`,
      }),
    ];
  }
}
