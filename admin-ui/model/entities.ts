import {
  commonFields,
  isShipped,
  toEntityModel,
  type EntityModel,
  type EntitySchema,
  type Field,
} from '../../core/entity.ts';
import type { PublishedSchema, RecordValue } from '../api/types.ts';

/** Every published entity, by name and by its plural in addresses. */
export interface Entities {
  readonly byName: ReadonlyMap<string, EntityModel>;
  readonly byPlural: ReadonlyMap<string, EntityModel>;
}

/** Fields that `toEntityModel` adds by itself, as it does the common ones; the API lists them among the properties too. */
const pipelineFields = new Set(['pipeline', 'pipelineRevision', 'stage', 'stageSince']);

const withoutOwnFields = (schema: EntitySchema): EntitySchema => {
  const isOwn = (name: string): boolean =>
    commonFields.has(name) || (schema['x-entity'].pipeline === true && pipelineFields.has(name));
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => !isOwn(name)));
  return { ...schema, properties };
};

/** Makes the models of lists and forms from the schemas that the API publishes. */
export function toEntities(published: readonly PublishedSchema[]): Entities {
  const models = published.map((one) => toEntityModel(withoutOwnFields(one.schema), one.revision));
  return {
    byName: new Map(models.map((model) => [model.name, model])),
    byPlural: new Map(models.map((model) => [model.plural, model])),
  };
}

/** Entities that an admin has added: they get their own place in the navigation. */
export function adminDefined(entities: Entities): readonly EntityModel[] {
  return [...entities.byName.values()].filter((model) => !isShipped(model.name));
}

/** An admin has taken the field out of use: its values are kept, and nobody is asked for it any more. */
export function isRetired(model: EntityModel, field: Field): boolean {
  return model.schema.properties[field.name]?.['x-retired'] === true;
}

/** Fields that lists and forms show. */
export function visibleFields(model: EntityModel): readonly Field[] {
  return [...model.fields.values()].filter((field) => !field.isHidden && !isRetired(model, field));
}

/** Default list columns in their order. */
export function listColumns(model: EntityModel): readonly Field[] {
  return visibleFields(model)
    .filter((field) => field.listPosition !== undefined)
    .toSorted((left, right) => (left.listPosition ?? 0) - (right.listPosition ?? 0));
}

const sectionOrder = ['main', 'contact', 'address', 'inbox', 'links', 'raw', 'system'];

const rank = (section: string): number => {
  const position = sectionOrder.indexOf(section);
  return position < 0 ? sectionOrder.length - 2.5 : position;
};

/** Sections of a form in reading order, each with its fields. */
export function sectionsOf(fields: readonly Field[]): readonly (readonly [string, readonly Field[]])[] {
  const groups = Map.groupBy(fields, (field) => field.section);
  return [...groups.entries()].toSorted(([left], [right]) => rank(left) - rank(right));
}

export function titleOf(model: EntityModel, record: RecordValue): string {
  const title = record[model.titleField];
  return typeof title === 'string' && title !== '' ? title : model.name;
}

/** The text of a field that holds one, else undefined. */
export function textOf(record: RecordValue, field: string): string | undefined {
  const value = record[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** True where nothing is entered: absent, null, empty text or empty list. 0 and false are values. */
export function isEmptyValue(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
