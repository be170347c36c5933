import { useQueries, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../core/entity.ts';
import { i18n, inLanguage } from '../i18n/index.ts';
import { textOf } from '../model/entities.ts';
import { configQuery, pipelineQuery, useConfig, useUsers } from './queries.ts';
import type { ConfigItem, RecordValue, Stage } from './types.ts';

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

/**
 * The pipeline that carries a record, in the revision that the record began with; undefined until that is there.
 * Where the record does not say, it is the newest one of its entity.
 */
export function usePipelineOf(entity: string, record: RecordValue): ConfigItem | undefined {
  const pipelines = useConfig('pipelines');
  const key = textOf(record, 'pipeline');
  const revision = record['pipelineRevision'];
  const newest = pipelines.find((item) => (key === undefined ? item.value['entity'] === entity : item.key === key));
  const older = key !== undefined && typeof revision === 'number' && revision !== newest?.revision ? revision : 0;
  const own = useQuery({ ...pipelineQuery(key ?? '', older), enabled: older > 0 && pipelines.length > 0 });
  return older > 0 && !own.isError ? own.data : newest;
}

/** Name of the stage where a record stands; of today's stage until its own revision is there. */
export function useStageName(entity: string, record: RecordValue): string {
  const own = stagesIn(usePipelineOf(entity, record));
  const newest = stagesOf(useConfig('pipelines'), entity);
  const stage = [...own, ...newest].find(({ key }) => key === record['stage']);
  return inLanguage(stage?.label) || (textOf(record, 'stage') ?? '');
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
    label: i18n.t(`choice.${model.name}.${field.name}.${value}`, {
      defaultValue: inLanguage(field.valueLabels?.[value]) || value,
    }),
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
