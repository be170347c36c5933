import type { EntitySchema, PropertySchema } from '../../../core/entity.ts';

export interface FieldDraft {
  readonly key: string;
  readonly labelDe: string;
  readonly labelEn: string;
  readonly kind: string;
  readonly section: string;
  readonly target: string;
  readonly values: string;
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

/** Property of a schema from what the form asked for. */
export function toProperty(draft: FieldDraft, listPosition: number): PropertySchema {
  const isText = draft.kind === 'text' || draft.kind === 'longText';
  return {
    ...typeOf(draft),
    'x-label': { de: draft.labelDe, en: draft.labelEn === '' ? draft.labelDe : draft.labelEn },
    'x-section': draft.section,
    ...(draft.isListed ? { 'x-list': listPosition } : {}),
    ...(draft.isSearchable && isText ? { 'x-searchable': true } : {}),
  };
}

/** The schema with one field more, without the fields that every record has by itself. */
export function withField(schema: EntitySchema, key: string, property: PropertySchema): EntitySchema {
  const own = Object.entries(schema.properties).filter(([name]) => !automatic.has(name));
  const pipeline = schema['x-entity'].pipeline === true;
  const kept = own.filter(([name]) => !(pipeline && pipelineFields.has(name)));
  return { ...schema, properties: { ...Object.fromEntries(kept), [key]: property } };
}

const automatic = new Set([
  'id',
  'tenantId',
  'version',
  'createdAt',
  'createdBy',
  'updatedAt',
  'updatedBy',
  'deletedAt',
]);
const pipelineFields = new Set(['pipeline', 'pipelineRevision', 'stage', 'stageSince']);

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
