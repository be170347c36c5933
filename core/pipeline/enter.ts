import { issueOf, type Issue, type Language, type Text } from '../errors.ts';
import type { StageConfig } from './config.ts';
import type { RecordValues } from './conditions.ts';
import { stageOf, type PipelineDefinition } from './definition.ts';

/** What keeps a record out of a stage. `path` is a JSON pointer to the field (`/email`), or `/stage`. */
export interface EntryFault {
  readonly path: string;
  readonly code: 'required' | 'condition' | 'move';
  readonly text: Text;
  /** Other fields, one of which is enough. */
  readonly alternatives?: readonly string[];
}

export const toIssue = ({ text, alternatives, ...at }: EntryFault, language: Language): Issue => ({
  ...issueOf(at, text, language),
  ...(alternatives === undefined ? {} : { alternatives }),
});

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

interface Entry {
  readonly definition: PipelineDefinition;
  readonly target: StageConfig;
  readonly record: RecordValues;
}

const moveFaults = ({ definition, target, record }: Entry): EntryFault[] => {
  const current = typeof record['stage'] === 'string' ? definition.stages.get(record['stage']) : undefined;
  if (current?.next === undefined || current.next.includes(target.key)) return [];
  const text = {
    de: `Von „${current.label.de}“ geht es nicht zu „${target.label.de}“.`,
    en: `"${current.label.en}" does not lead to "${target.label.en}".`,
  };
  return [{ path: '/stage', code: 'move', text }];
};

const labelsOf = (definition: PipelineDefinition, fields: readonly string[], language: 'de' | 'en'): string =>
  fields
    .map((field) => definition.model.fields.get(field)?.label[language] ?? field)
    .join(language === 'de' ? ' oder ' : ' or ');

const fieldFaults = ({ definition, target, record }: Entry): EntryFault[] => {
  const groups = [...(target.requires?.fields ?? []).map((field) => [field]), ...(target.requires?.anyOf ?? [])];
  return groups
    .filter((group) => group.every((field) => isEmpty(record[field])))
    .map((group) => {
      const [path = '/', ...alternatives] = group.map((field) => `/${field}`);
      const text = {
        de: `Für „${target.label.de}“ fehlt: ${labelsOf(definition, group, 'de')}.`,
        en: `"${target.label.en}" needs: ${labelsOf(definition, group, 'en')}.`,
      };
      return { path, code: 'required', text, ...(alternatives.length === 0 ? {} : { alternatives }) };
    });
};

/**
 * Everything that is missing for `record` to enter `stage`; empty = it may. A record in that stage already may always stay.
 * @throws LeitwerkError `Misconfigured` when the pipeline has no such stage.
 */
export function canEnter(
  definition: PipelineDefinition,
  stage: string,
  context: { readonly record: RecordValues; readonly now: string },
): EntryFault[] {
  const target = stageOf(definition, stage);
  if (context.record['stage'] === stage) return [];
  const entry = { definition, target, record: context.record };
  const conditions = (target.requires?.conditions ?? []).filter(
    (condition) => !definition.conditions.holds(condition.if, context),
  );
  return [
    ...moveFaults(entry),
    ...fieldFaults(entry),
    ...conditions.map(({ text }): EntryFault => ({ path: '/stage', code: 'condition', text })),
  ];
}
