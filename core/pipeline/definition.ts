import type { EntityModel } from '../entity.ts';
import { LeitwerkError, type Text } from '../errors.ts';
import { createConditions, type Conditions } from './conditions.ts';
import type { PipelineConfig, StageConfig } from './config.ts';

/** One revision of a pipeline, ready to decide with. Immutable; keep one per key and revision. */
export interface PipelineDefinition {
  readonly key: string;
  readonly entity: string;
  readonly label: Text;
  /** Key of config kind `calendars`. */
  readonly calendar: string;
  /** Stage that records without one enter. */
  readonly start: string;
  readonly stages: ReadonlyMap<string, StageConfig>;
  readonly model: EntityModel;
  readonly conditions: Conditions;
}

export const standardCalendar = 'standard';

/** Makes a published pipeline usable. `value` has passed schema and `compilePipeline`. */
export function toDefinition(value: PipelineConfig, model: EntityModel): PipelineDefinition {
  return {
    key: value.key,
    entity: value.entity,
    label: value.label,
    calendar: value.calendar ?? standardCalendar,
    start: value.stages[0]?.key ?? '',
    stages: new Map(value.stages.map((stage) => [stage.key, stage])),
    model,
    conditions: createConditions(model),
  };
}

/** @throws LeitwerkError `Misconfigured` when the pipeline has no such stage. */
export function stageOf(definition: PipelineDefinition, key: string): StageConfig {
  const stage = definition.stages.get(key);
  if (stage === undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: `Die Pipeline „${definition.key}“ hat keine Stufe „${key}“.`,
        en: `The pipeline "${definition.key}" has no stage "${key}".`,
      },
      facts: { pipeline: definition.key, stage: key },
    });
  }
  return stage;
}
