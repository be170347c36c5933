import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../core/entity.ts';
import { i18n, inLanguage } from '../i18n/index.ts';
import { configQuery, useConfig, useUsers } from './queries.ts';
import type { ConfigItem, Stage } from './types.ts';

/** One allowed value of a field, in words. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly color?: string;
}

const byPosition = (left: ConfigItem, right: ConfigItem): number =>
  (left.value.position ?? 0) - (right.value.position ?? 0) || left.key.localeCompare(right.key);

export function toChoices(items: readonly ConfigItem[]): readonly Choice[] {
  return items.toSorted(byPosition).map((item) => {
    const label = inLanguage(item.value.label) || item.key;
    return item.value.color === undefined
      ? { value: item.key, label }
      : { value: item.key, label, color: item.value.color };
  });
}

const isStage = (value: unknown): value is Stage =>
  typeof value === 'object' && value !== null && 'key' in value && 'label' in value;

/** Stages of one pipeline; none of any other setting. */
export function stagesIn(item: ConfigItem | undefined): readonly Stage[] {
  const stages = item?.value['stages'];
  return Array.isArray(stages) ? stages.filter(isStage) : [];
}

export function stagesOf(pipelines: readonly ConfigItem[], entity: string): readonly Stage[] {
  return stagesIn(pipelines.find((item) => item.value['entity'] === entity));
}

/** Stages of the pipeline that carries records of this entity, in their order. */
export function useStages(entity: string): readonly Stage[] {
  return stagesOf(useConfig('pipelines'), entity);
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Values fixed in the schema, of the field itself or of a list's elements. */
const fixedValues = (model: EntityModel, field: Field): readonly string[] => {
  if (field.values !== undefined) return field.values;
  const items: unknown = model.schema.properties[field.name]?.['items'];
  const values = typeof items === 'object' && items !== null && 'enum' in items ? items.enum : undefined;
  return Array.isArray(values) ? values.filter(isText) : [];
};

const fixedChoices = (model: EntityModel, field: Field): readonly Choice[] =>
  fixedValues(model, field).map((value) => ({
    value,
    label: i18n.t(`choice.${model.name}.${field.name}.${value}`, { defaultValue: value }),
  }));

const kindsOf = (model: EntityModel): readonly string[] => {
  const kinds = [...model.fields.values()].flatMap((field) =>
    field.configKind === undefined ? [] : [field.configKind],
  );
  return [...new Set(model.hasPipeline ? [...kinds, 'pipelines'] : kinds)];
};

/** Answers the allowed values of any field of the entity, in the language shown. */
export function useChoices(model: EntityModel): (field: Field) => readonly Choice[] {
  useTranslation();
  const users = useUsers();
  const kinds = kindsOf(model);
  const configs = useQueries({ queries: kinds.map((kind) => configQuery(kind)) });
  const itemsOf = (kind: string): readonly ConfigItem[] => configs[kinds.indexOf(kind)]?.data ?? [];
  return (field) => {
    if (field.name === 'stage' && model.hasPipeline) {
      return stagesOf(itemsOf('pipelines'), model.name).map((stage) => ({
        value: stage.key,
        label: inLanguage(stage.label),
      }));
    }
    if (field.target === 'user') return users.map((user) => ({ value: user.id, label: user.name }));
    if (field.configKind !== undefined) return toChoices(itemsOf(field.configKind));
    return fixedChoices(model, field);
  };
}
