import type { EntityModel, EntitySchema, Field, PropertySchema } from '../../../core/entity.ts';

export interface FieldDraft {
  readonly key: string;
  readonly labelDe: string;
  readonly labelEn: string;
  readonly kind: string;
  readonly section: string;
  readonly target: string;
  readonly values: string;
  /** Most characters of a text; empty where it has no limit of its own. */
  readonly maxLength: string;
  readonly isRequired: boolean;
  readonly isListed: boolean;
  readonly isSearchable: boolean;
}

export const fieldKinds = [
  'text',
  'longText',
  'integer',
  'decimal',
  'money',
  'boolean',
  'date',
  'instant',
  'choice',
  'list',
  'reference',
] as const;

const listOf = (values: string): readonly string[] =>
  values
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');

const typeOf = (draft: FieldDraft): PropertySchema => {
  switch (draft.kind) {
    case 'longText':
      return { type: 'string', maxLength: 20_000, 'x-multiline': true };
    case 'integer':
      return { type: 'integer' };
    case 'decimal':
      return { type: 'number' };
    case 'money':
      return { type: 'number', 'x-money': true };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'instant':
      return { type: 'string', format: 'date-time' };
    case 'choice':
      return { type: 'string', enum: listOf(draft.values) };
    case 'list':
      return { type: 'array', items: { type: 'string', maxLength: 64 }, maxItems: 50, uniqueItems: true };
    case 'reference':
      return { 'x-reference': draft.target };
    default:
      return { type: 'string', maxLength: 255 };
  }
};

const isText = (kind: string): boolean => kind === 'text' || kind === 'longText';

/** What a form may change of a property, over what it was before. */
const shownOf = (draft: FieldDraft, before: PropertySchema, listPosition: number): PropertySchema => {
  const { 'x-list': position, 'x-searchable': isSearchable, ...kept } = before;
  return {
    ...kept,
    ...(draft.kind === 'choice' && draft.values !== '' ? { enum: listOf(draft.values) } : {}),
    ...(isText(draft.kind) && draft.maxLength !== '' ? { maxLength: Number(draft.maxLength) } : {}),
    'x-label': { de: draft.labelDe, en: draft.labelEn === '' ? draft.labelDe : draft.labelEn },
    'x-section': draft.section,
    ...(draft.isListed ? { 'x-list': position ?? listPosition } : {}),
    ...(draft.isSearchable && (isText(draft.kind) || isSearchable === true) ? { 'x-searchable': true } : {}),
  };
};

/** Where a field goes that is new in lists: behind the others. */
const behind = 200;

/** What the form shows of a field that is there. */
export function toDraft(model: EntityModel, field: Field): FieldDraft {
  return {
    key: field.name,
    labelDe: field.label.de,
    labelEn: field.label.en,
    kind: field.kind,
    section: field.section,
    target: field.target ?? '',
    values: (field.values ?? []).join(', '),
    maxLength: isText(field.kind) && field.maxLength !== undefined ? String(field.maxLength) : '',
    isRequired: (model.schema.required ?? []).includes(field.name),
    isListed: field.listPosition !== undefined,
    isSearchable: field.isSearchable,
  };
}

/** The schema with one field as the form says, new or changed; keywords that no form shows stay as they are. */
export function withField(schema: EntitySchema, draft: FieldDraft): EntitySchema {
  const { key } = draft;
  const property = shownOf(draft, schema.properties[key] ?? typeOf(draft), behind);
  const required = (schema.required ?? []).filter((name) => name !== key);
  return {
    ...schema,
    required: draft.isRequired ? [...required, key] : required,
    properties: { ...schema.properties, [key]: property },
  };
}

/** The schema with a field taken out of use, or back into it. */
export function withRetired(schema: EntitySchema, key: string, isRetired: boolean): EntitySchema {
  const { 'x-retired': _, ...kept } = schema.properties[key] ?? {};
  const property = isRetired ? { ...kept, 'x-retired': true } : kept;
  const required = (schema.required ?? []).filter((name) => !isRetired || name !== key);
  return { ...schema, required, properties: { ...schema.properties, [key]: property } };
}

/** The schema without a field. Its column and values are kept: an earlier revision brings them back. */
export function withoutField(schema: EntitySchema, key: string): EntitySchema {
  const { [key]: _, ...properties } = schema.properties;
  return { ...schema, required: (schema.required ?? []).filter((name) => name !== key), properties };
}

export interface EntityDraft {
  readonly key: string;
  readonly plural: string;
  readonly labelDe: string;
  readonly labelEn: string;
  readonly pluralDe: string;
  readonly pluralEn: string;
}

/** A new entity with a name; its other fields are added one by one. */
export function toEntitySchema(draft: EntityDraft): EntitySchema {
  return {
    $id: draft.key,
    title: draft.labelEn,
    type: 'object',
    required: ['name'],
    'x-entity': {
      plural: draft.plural,
      label: { de: draft.labelDe, en: draft.labelEn },
      pluralLabel: { de: draft.pluralDe, en: draft.pluralEn },
      titleField: 'name',
      indexes: [['createdAt'], ['name']],
    },
    properties: {
      name: {
        type: 'string',
        maxLength: 200,
        'x-label': { de: 'Name', en: 'Name' },
        'x-section': 'main',
        'x-searchable': true,
        'x-list': 10,
      },
    },
    additionalProperties: false,
  };
}
