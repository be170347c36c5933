import { issueOf, LeitwerkError, type Issue, type Text } from './errors.ts';
import { contradictions } from './keyword-types.ts';
import { storedValues } from './stored-value.ts';

/**
 * What a field is for table, form, filter and format.
 * `money` is a number in units of the currency (1234.5 = 1.234,50 €) outside and an integer of minor units in its column.
 */
export type FieldKind =
  | 'text'
  | 'longText'
  | 'integer'
  | 'decimal'
  | 'money'
  | 'boolean'
  | 'date'
  | 'instant'
  | 'reference'
  | 'choice'
  | 'list'
  | 'json';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: Text;
  readonly section: string;
  readonly isRequired: boolean;
  /** Written by the system only; an API write of it is refused. */
  readonly isSystem: boolean;
  /** Never shown to a client (raw bodies, tenant). */
  readonly isHidden: boolean;
  readonly isUnique: boolean;
  readonly isIndexed: boolean;
  readonly isSearchable: boolean;
  /** Position in the default list, absent = not a default column. */
  readonly listPosition: number | undefined;
  readonly format: string | undefined;
  readonly maxLength: number | undefined;
  /** Entity (or `user`) that a reference points to. */
  readonly target: string | undefined;
  /** Allowed values where they are fixed in the schema. */
  readonly values: readonly string[] | undefined;
  /** Names of the fixed values. */
  readonly valueLabels: Readonly<Record<string, Text>> | undefined;
  /** Config kind whose keys are the allowed values (`sources`, `priorities`, …). */
  readonly configKind: string | undefined;
  readonly personalData: string | undefined;
  /** Role keys that may read or write the field; absent = whoever may read or write the record. */
  readonly readRoles: readonly string[] | undefined;
  readonly writeRoles: readonly string[] | undefined;
}

export interface EntityModel {
  readonly name: string;
  readonly plural: string;
  readonly label: Text;
  readonly pluralLabel: Text;
  /** Field shown as the record's name. */
  readonly titleField: string;
  readonly hasPipeline: boolean;
  /** Records come into being by acts of the system only: no create, update or delete by clients. */
  readonly isReadOnly: boolean;
  readonly fields: ReadonlyMap<string, Field>;
  /** Column lists beyond single fields, without the tenant and deletion columns that lead every index. */
  readonly indexes: readonly (readonly string[])[];
  /** Column lists that are unique within a tenant. */
  readonly unique: readonly (readonly string[])[];
  /** What a new record has in fields of which nothing was said. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly revision: number;
  /** The schema as the admin wrote it. */
  readonly schema: EntitySchema;
}

/** Entities of the product itself. */
export const shippedEntities: ReadonlySet<string> = new Set([
  'lead',
  'organization',
  'person',
  'opportunity',
  'activity',
  'timeline-entry',
  'intake-message',
  'import',
  'saved-view',
]);

/** False for entities that an admin has added. */
export const isShipped = (entity: string): boolean => shippedEntities.has(entity);

export interface EntitySchema {
  readonly $id: string;
  readonly title?: string;
  readonly type: 'object';
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly 'x-entity': {
    readonly plural: string;
    readonly label: Text;
    readonly pluralLabel: Text;
    readonly titleField: string;
    readonly pipeline?: boolean;
    readonly readOnly?: boolean;
    readonly indexes?: readonly (readonly string[])[];
    readonly unique?: readonly (readonly string[])[];
  };
  readonly [keyword: string]: unknown;
}

export interface PropertySchema {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly default?: string | number | boolean;
  readonly 'x-label'?: Text;
  readonly 'x-section'?: string;
  readonly 'x-list'?: number;
  readonly 'x-searchable'?: boolean;
  readonly 'x-unique'?: boolean;
  readonly 'x-indexed'?: boolean;
  readonly 'x-reference'?: string;
  readonly 'x-labels'?: Readonly<Record<string, Text>>;
  readonly 'x-config'?: string;
  readonly 'x-money'?: boolean;
  readonly 'x-multiline'?: boolean;
  readonly 'x-system'?: boolean;
  readonly 'x-hidden'?: boolean;
  readonly 'x-personal'?: string;
  readonly 'x-read'?: readonly string[];
  readonly 'x-write'?: readonly string[];
  readonly [keyword: string]: unknown;
}

const system = (type: PropertySchema['type'], label: Text, more: PropertySchema = {}): PropertySchema => ({
  ...(type === undefined ? {} : { type }),
  'x-label': label,
  'x-section': 'system',
  'x-system': true,
  ...more,
});

/** Fields that every record has. */
const commonProperties: Readonly<Record<string, PropertySchema>> = {
  id: system('string', { de: 'Kennung', en: 'Id' }, { format: 'uuid' }),
  tenantId: system('string', { de: 'Mandant', en: 'Tenant' }, { maxLength: 64, 'x-hidden': true }),
  version: system('integer', { de: 'Fassung', en: 'Version' }),
  createdAt: system('string', { de: 'Erstellt am', en: 'Created at' }, { format: 'date-time' }),
  createdBy: system('string', { de: 'Erstellt von', en: 'Created by' }, { maxLength: 100 }),
  updatedAt: system('string', { de: 'Geändert am', en: 'Updated at' }, { format: 'date-time' }),
  updatedBy: system('string', { de: 'Geändert von', en: 'Updated by' }, { maxLength: 100 }),
  deletedAt: system('string', { de: 'Gelöscht am', en: 'Deleted at' }, { format: 'date-time', 'x-hidden': true }),
};

export const commonFields: ReadonlySet<string> = new Set(Object.keys(commonProperties));

/** Fields of records that a pipeline carries. `pipelineRevision` is the revision the record started with. */
const pipelineProperties: Readonly<Record<string, PropertySchema>> = {
  pipeline: system('string', { de: 'Pipeline', en: 'Pipeline' }, { 'x-config': 'pipelines' }),
  pipelineRevision: system('integer', { de: 'Pipeline-Fassung', en: 'Pipeline revision' }),
  stage: system('string', { de: 'Bearbeitungsstatus', en: 'Stage' }, { maxLength: 64, 'x-list': 30 }),
  stageSince: system('string', { de: 'In Stufe seit', en: 'In stage since' }, { format: 'date-time' }),
};

const textKind = (property: PropertySchema): FieldKind => {
  if (property['x-config'] !== undefined || property.enum !== undefined) return 'choice';
  if (property.format === 'date') return 'date';
  if (property.format === 'date-time') return 'instant';
  return property['x-multiline'] === true || (property.maxLength ?? 255) > 500 ? 'longText' : 'text';
};

const kindOf = (property: PropertySchema): FieldKind | undefined => {
  if (property['x-reference'] !== undefined) return 'reference';
  if (property['x-money'] === true) return 'money';
  switch (property.type) {
    case 'string':
      return textKind(property);
    case 'integer':
      return 'integer';
    case 'number':
      return 'decimal';
    case 'boolean':
      return 'boolean';
    case 'array':
      return 'list';
    case 'object':
      return 'json';
    case undefined:
      return undefined;
  }
};

const toField = (name: string, property: PropertySchema, required: ReadonlySet<string>): Field | undefined => {
  const kind = kindOf(property);
  if (kind === undefined) return undefined;
  return {
    name,
    kind,
    label: property['x-label'] ?? { de: name, en: name },
    section: property['x-section'] ?? 'main',
    isRequired: required.has(name),
    isSystem: property['x-system'] === true,
    isHidden: property['x-hidden'] === true,
    isUnique: property['x-unique'] === true,
    isIndexed: property['x-indexed'] === true,
    isSearchable: property['x-searchable'] === true,
    listPosition: property['x-list'],
    format: property.format,
    maxLength: property.maxLength,
    target: property['x-reference'],
    values: property.enum,
    valueLabels: property['x-labels'],
    configKind: property['x-config'],
    personalData: property['x-personal'],
    readRoles: property['x-read'],
    writeRoles: property['x-write'],
  };
};

const namePattern = /^[a-z][a-zA-Z0-9]{0,59}$/;
const entityPattern = /^[a-z][a-z0-9-]{0,39}$/;

type Report = (path: string, code: string, text: Text) => void;

const nameText: Text = {
  de: 'Ein Feldname beginnt mit einem Kleinbuchstaben und besteht aus Buchstaben und Ziffern.',
  en: 'A field name starts with a lower case letter and has letters and digits only.',
};
const typeText: Text = {
  de: 'Ein Feld braucht einen Typ (type), x-reference oder x-money.',
  en: 'A field needs a type, x-reference or x-money.',
};
const takenText = (name: string): Text => ({
  de: `„${name}“ hat jeder solche Eintrag schon.`,
  en: `"${name}" is a field that every such record has already.`,
});
const similarText = (name: string, other: string): Text => ({
  de: `„${name}“ unterscheidet sich von „${other}“ nur in Groß- und Kleinschreibung.`,
  en: `"${name}" differs from "${other}" in upper and lower case only.`,
});

const readFields = (schema: EntitySchema, report: Report): Map<string, Field> => {
  const taken = { ...commonProperties, ...(schema['x-entity'].pipeline === true ? pipelineProperties : {}) };
  const required = new Set(schema.required ?? []);
  const fields = new Map<string, Field>();
  // Databases do not tell names of columns apart by their case.
  const names = new Map<string, string>();
  for (const [name, property] of Object.entries({ ...taken, ...schema.properties })) {
    const path = `/properties/${name}`;
    const other = names.get(name.toLowerCase());
    names.set(name.toLowerCase(), name);
    if (!namePattern.test(name)) report(path, 'name', nameText);
    if (name in taken && name in schema.properties) report(path, 'taken', takenText(name));
    else if (other !== undefined) report(path, 'taken', similarText(name, other));
    const field = toField(name, property, required);
    if (field === undefined) report(path, 'type', typeText);
    else fields.set(name, field);
    for (const { keyword, text } of contradictions(property)) report(`${path}/${keyword}`, 'keyword', text);
  }
  return fields;
};

/** The fields that a schema has columns for, whatever else is wrong with it. */
export const columnsOf = (schema: EntitySchema): readonly Field[] => [...readFields(schema, () => undefined).values()];

/** Every field that the schema names outside its properties, with the place. */
const namedFields = (schema: EntitySchema): [path: string, name: string][] => {
  const { titleField, indexes = [], unique = [] } = schema['x-entity'];
  return [
    ...(schema.required ?? []).map((name): [string, string] => ['/required', name]),
    ['/x-entity/titleField', titleField],
    ...indexes.flat().map((name): [string, string] => ['/x-entity/indexes', name]),
    ...unique.flat().map((name): [string, string] => ['/x-entity/unique', name]),
  ];
};

const defaultsOf = ({ properties }: EntitySchema): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) =>
      property.default === undefined ? [] : [[name, property.default] as const],
    ),
  );

/**
 * Turns an entity schema into the model that tables, API, filters and forms are made from.
 * The schema has passed the meta-schema; this checks what that cannot say (names, references to own fields, taken names).
 * @throws LeitwerkError `InvalidInput` with every fault at once.
 */
export function toEntityModel(schema: EntitySchema, revision: number): EntityModel {
  const issues: Issue[] = [];
  const report: Report = (path, code, text) => void issues.push(issueOf({ path, code }, text, 'en'));
  if (!entityPattern.test(schema.$id))
    report('/$id', 'name', {
      de: 'Der Name eines Objekts besteht aus Kleinbuchstaben, Ziffern und Bindestrichen.',
      en: 'An entity name is lower case letters, digits and hyphens.',
    });
  const fields = readFields(schema, report);
  for (const [path, name] of namedFields(schema))
    if (!fields.has(name)) report(path, 'unknown', { de: `„${name}“ ist kein Feld.`, en: `"${name}" is not a field.` });
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });

  const { plural, label, pluralLabel, titleField, pipeline, readOnly, indexes = [], unique = [] } = schema['x-entity'];
  const isReadOnly = readOnly === true;
  return {
    name: schema.$id,
    plural,
    label,
    pluralLabel,
    titleField,
    hasPipeline: pipeline === true,
    isReadOnly,
    fields,
    indexes,
    unique,
    defaults: storedValues({ fields }, defaultsOf(schema)),
    revision,
    schema,
  };
}
