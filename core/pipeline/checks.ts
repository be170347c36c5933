import type { EntityModel } from '../entity.ts';
import type { Text } from '../errors.ts';
import type { StageConfig } from './config.ts';
import type { PipelineDefinition } from './definition.ts';

/** What a pipeline may refer to. `has(kind, key)` answers for config kinds (`templates`, `roles`, `activity-types`, …). */
export interface PipelineLookup {
  model(entity: string): EntityModel | undefined;
  has(kind: string, key: string): boolean;
  hasUser(email: string): boolean;
}

/** One fault; `path` is a JSON pointer into the YAML value. */
export interface PipelineIssue {
  readonly path: string;
  readonly code: string;
  readonly text: Text;
}

export type Report = (path: string, code: string, text: Text) => void;

/** What the checks of one pipeline share. */
export interface Checks {
  readonly definition: PipelineDefinition;
  readonly lookup: PipelineLookup;
  readonly report: Report;
}

export const unknown = (de: string, en: string, key: string): Text => ({
  de: `${de} „${key}“ gibt es nicht.`,
  en: `There is no ${en} "${key}".`,
});

export const unknownStage = (key: string, { definition }: Checks): Text => {
  const { de, en } = unknown('Die Stufe', 'stage', key);
  const stages = [...definition.stages.keys()].join(', ');
  return { de: `${de} Es gibt: ${stages}.`, en: `${en} There are: ${stages}.` };
};

/** Reports a field the entity does not have. */
export const checkField = (name: string, path: string, { definition, report }: Checks): void => {
  const field = definition.model.fields.get(name);
  if (field === undefined || field.isHidden) report(path, 'unknown', unknown('Das Feld', 'field', name));
};

/** Reports a CEL expression that is wrong or, for conditions, not a yes or no. */
export const checkExpression = (
  expression: string | undefined,
  path: string,
  checks: Checks & { readonly wanted?: 'bool' | 'value' },
): void => {
  if (expression === undefined) return;
  const fault = checks.definition.conditions.fault(expression, checks.wanted ?? 'bool');
  if (fault !== undefined) checks.report(path, 'expression', fault);
};

/** Reports plan steps that the stage does not have. */
export const checkSteps = (
  steps: readonly string[],
  path: string,
  checks: Checks & { readonly stage: StageConfig },
): void => {
  const known = new Set((checks.stage.plan ?? []).map((step) => step.key));
  for (const [position, key] of steps.entries()) {
    if (!known.has(key)) checks.report(`${path}/${position}`, 'unknown', unknown('Den Planschritt', 'plan step', key));
  }
};
