import type { EntityModel, Field } from '../core/entity.ts';
import type { Value } from './database.ts';
import type { ColumnType, TableDefinition } from './tables.ts';

/** A record as the API shows it: money in units of the currency, lists and objects as such, absent values as null. */
export type RecordData = Readonly<Record<string, unknown>>;

export const tableName = (entity: string): string => entity.replaceAll('-', '_');

const minorPerUnit = 100;

const columnType = (field: Field): ColumnType => {
  switch (field.kind) {
    case 'text':
      return field.isSystem && !field.isSearchable ? 'key' : { text: field.maxLength ?? 255 };
    case 'longText':
      return 'longText';
    case 'integer':
    case 'money':
      return 'integer';
    case 'decimal':
      return 'decimal';
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'date';
    case 'instant':
      return 'instant';
    case 'reference':
    case 'choice':
      return 'key';
    case 'list':
    case 'json':
      return 'json';
  }
};

const isWeak = (model: EntityModel, field: Field): boolean => model.schema.properties[field.name]?.['x-weak'] === true;

/** The table of an entity: a column a field, every index led by tenant and deletion mark. */
export function toTable(model: EntityModel): TableDefinition {
  const fields = [...model.fields.values()];
  const links = new Set(
    fields.filter((field) => field.target !== undefined && field.target !== 'user').map((field) => field.name),
  );
  const references = fields.filter((field) => links.has(field.name) && !isWeak(model, field));
  // Nobody sorts by the id of a linked record: rows without one need no place in its index.
  const isSparse = ([first = '']: readonly string[]): boolean => links.has(first);
  return {
    name: tableName(model.name),
    columns: Object.fromEntries(fields.map((field) => [field.name, columnType(field)])),
    primaryKey: ['id'],
    unique: [
      ...fields.filter((field) => field.isUnique).map((field) => ['tenantId', field.name]),
      ...model.unique.map((columns) => ['tenantId', ...columns]),
    ],
    indexes: [
      ...model.indexes.filter((columns) => !isSparse(columns)).map((columns) => ['tenantId', 'deletedAt', ...columns]),
      ...fields.filter((field) => field.isIndexed).map((field) => ['tenantId', 'deletedAt', field.name, 'createdAt']),
    ],
    sparse: model.indexes
      .filter(isSparse)
      .map((columns) => ({ columns: ['tenantId', 'deletedAt', ...columns], having: columns[0] ?? '' })),
    references: Object.fromEntries(references.map((field) => [field.name, tableName(field.target ?? '')])),
  };
}

/** A field's value as its column holds it. The value has passed validation. */
export function toColumn(field: Field, value: unknown): Value {
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case 'money':
      return Math.round(Number(value) * minorPerUnit);
    case 'boolean':
      return value === true ? 1 : 0;
    case 'list':
    case 'json':
      return JSON.stringify(value);
    default:
      return value as Value;
  }
}

/** The inverse of `toColumn`. */
export function fromColumn(field: Field, value: Value | undefined): unknown {
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case 'money':
      return Number(value) / minorPerUnit;
    case 'boolean':
      return value === 1;
    case 'list':
    case 'json':
      return JSON.parse(String(value)) as unknown;
    default:
      return value;
  }
}
