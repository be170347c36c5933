import { useTranslation } from 'react-i18next';
import { stagesIn, stagesOf, toChoices, usePipelineOf, type Choice } from '../api/choices.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { useConfig, useEntities, useUsers } from '../api/queries.ts';
import type { RecordValue } from '../api/types.ts';
import { currentLanguage, inLanguage } from '../i18n/index.ts';
import { textOf } from '../model/entities.ts';
import { formatSoon } from '../model/format.ts';

type Facts = Readonly<Record<string, unknown>>;

const factsOf = (entry: RecordValue): Facts => {
  const { facts } = entry;
  return isPlainObject(facts) ? facts : {};
};

const labelIn = (choices: readonly Choice[], value: unknown): string =>
  choices.find((choice) => choice.value === value)?.label ??
  (typeof value === 'string' || typeof value === 'number' ? String(value) : '–');

/** Sentences of the timeline. What happened is kept as a kind and facts, so that everybody reads it in their language. */
export function useTimelineWords(entity: string, record: RecordValue): (entry: RecordValue) => string {
  const { t } = useTranslation();
  const users = useUsers();
  const entities = useEntities();
  const sources = toChoices(useConfig('sources'));
  const reasons = toChoices(useConfig('loss-reasons'));
  const own = stagesIn(usePipelineOf(entity, record));
  // What happened before the record was taken to another revision, or to a lead of the record's.
  const newest = stagesOf(useConfig('pipelines'), 'lead');
  const stages = [...own, ...newest].map((stage) => ({ value: stage.key, label: inLanguage(stage.label) }));
  const people = users.map((user) => ({ value: user.id, label: user.name }));
  const when = (value: unknown): string => (typeof value === 'string' ? formatSoon(value, currentLanguage()) : '–');

  const fieldNames = (facts: Facts): string => {
    const fields = entities.byName.get('lead')?.fields;
    return Object.keys(facts)
      .map((name) => inLanguage(fields?.get(name)?.label) || name)
      .join(', ');
  };
  const values = (kind: string, facts: Facts): Readonly<Record<string, string | number>> => {
    switch (kind) {
      case 'received':
      case 'received-again':
      case 'received-update':
        return { source: labelIn(sources, facts['source']) };
      case 'created':
        return { entity: inLanguage(entities.byName.get(String(facts['entity']))?.label) || String(facts['entity']) };
      case 'assigned':
        return { name: facts['owner'] === null ? t('inbox.nobody') : labelIn(people, facts['owner']) };
      case 'moved':
        return { from: labelIn(stages, facts['from']), to: labelIn(stages, facts['to']) };
      case 'migrated':
        return { from: String(facts['from']), to: String(facts['to']) };
      case 'changed':
        return { fields: fieldNames(facts) };
      case 'archived':
        return { reason: labelIn(reasons, facts['archiveReason']) };
      case 'snoozed':
        return { until: when(facts['snoozedUntil']) };
      case 'converted':
        return { number: String(facts['number'] ?? '') };
      case 'activity-move':
        return { title: String(facts['title'] ?? ''), at: when(facts['dueAt']) };
      case 'mail':
        return { subject: String(facts['subject'] ?? '') };
      default:
        return { title: String(facts['title'] ?? '') };
    }
  };
  return (entry) => {
    const kind = textOf(entry, 'kind') ?? 'note';
    const facts = factsOf(entry);
    const text = textOf(entry, 'text');
    const name = kind === 'mail' ? `mail-${String(facts['direction'] ?? 'in')}` : kind;
    const sentence = t(`event.${name}`, { ...values(kind, facts), defaultValue: kind });
    const result = textOf(entry, 'result') ?? (typeof facts['result'] === 'string' ? facts['result'] : undefined);
    if (kind === 'note' || kind === 'process' || kind === 'notice') return text ?? sentence;
    return [sentence, text ?? result].filter((part) => part !== undefined && part !== '').join(' – ');
  };
}
