import type { EntityModel, Field } from '../core/entity.ts';
import type { JsonSchema } from './route.ts';

const typeOf = (field: Field): JsonSchema => {
  switch (field.kind) {
    case 'text':
    case 'longText':
      return {
        type: 'string',
        ...(field.maxLength === undefined ? {} : { maxLength: field.maxLength }),
        ...(field.format === undefined ? {} : { format: field.format }),
      };
    case 'choice':
      return { type: 'string', ...(field.values === undefined ? {} : { enum: field.values }) };
    case 'reference':
      return { type: 'string', format: 'uuid', description: `Id of a record of "${field.target ?? ''}".` };
    case 'integer':
      return { type: 'integer' };
    case 'decimal':
      return { type: 'number' };
    case 'money':
      return { type: 'number', description: 'Amount in units of the currency.' };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'instant':
      return { type: 'string', format: 'date-time' };
    case 'list':
      return { type: 'array', items: {} };
    case 'json':
      return { type: 'object' };
  }
};

const nullable = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  type: [schema['type'], 'null'],
  ...('enum' in schema ? { enum: [...(schema['enum'] as unknown[]), null] } : {}),
});

const visible = (model: EntityModel): Field[] => [...model.fields.values()].filter((field) => !field.isHidden);

/** A record as the API answers it: every field, null where empty. */
export const recordSchema = (model: EntityModel): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    visible(model).map((field) => [
      field.name,
      { ...nullable(typeOf(field)), title: field.label.en, ...(field.isSystem ? { readOnly: true } : {}) },
    ]),
  ),
});

/** What a client may send: the writable fields; null clears. Commands judge the values, so that every fault is named at once. */
export const inputSchema = (model: EntityModel): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    visible(model)
      .filter((field) => !field.isSystem)
      .map((field) => [field.name, nullable(typeOf(field))]),
  ),
});
