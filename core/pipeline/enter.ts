import type { Text } from '../errors.ts';
import type { RecordValues } from './conditions.ts';
import { stageOf, type PipelineDefinition } from './definition.ts';

/** What keeps a record out of a stage. `path` is a JSON pointer to the field (`/email`), or `/stage`. */
export interface EntryFault {
  readonly path: string;
  readonly code: 'required' | 'condition' | 'move';
  readonly text: Text;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/**
 * Everything that is missing for `record` to enter `stage`; empty = it may. A record in that stage already may always stay.
 * @throws LeitwerkError `Misconfigured` when the pipeline has no such stage.
 */
export function canEnter(definition: PipelineDefinition, stage: string, context: { readonly record: RecordValues; readonly now: string }): EntryFault[] {
  const { record } = context;
  const target = stageOf(definition, stage);
  if (record['stage'] === stage) return [];
  const labels = (fields: readonly string[], language: 'de' | 'en'): string =>
    fields.map((field) => definition.model.fields.get(field)?.label[language] ?? field).join(language === 'de' ? ' oder ' : ' or ');
  const faults: EntryFault[] = [];

  const current = typeof record['stage'] === 'string' ? definition.stages.get(record['stage']) : undefined;
  if (current?.next !== undefined && !current.next.includes(stage)) {
    faults.push({
      path: '/stage',
      code: 'move',
      text: { de: `Von „${current.label.de}“ geht es nicht zu „${target.label.de}“.`, en: `"${current.label.en}" does not lead to "${target.label.en}".` },
    });
  }
  const groups = [...(target.requires?.fields ?? []).map((field) => [field]), ...(target.requires?.anyOf ?? [])];
  for (const group of groups) {
    if (group.every((field) => isEmpty(record[field]))) {
      faults.push({
        path: `/${group[0] ?? ''}`,
        code: 'required',
        text: { de: `Für „${target.label.de}“ fehlt: ${labels(group, 'de')}.`, en: `"${target.label.en}" needs: ${labels(group, 'en')}.` },
      });
    }
  }
  for (const condition of target.requires?.conditions ?? []) {
    if (!definition.conditions.holds(condition.if, context)) faults.push({ path: '/stage', code: 'condition', text: condition.text });
  }
  return faults;
}
