import { Button, Group, Kbd, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { proposalsQuery } from '../../api/mail.ts';
import { searchQuery, useEntities, useSession } from '../../api/queries.ts';
import type { MailProposals, RecordValue, SearchHit } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { Card } from '../../components/card.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { inLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';

interface Choice {
  readonly key: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly act: string;
  readonly body: unknown;
  /** Sentence of the toast. */
  readonly done: string;
}

/** Why a mail waits to be sorted. */
export const reasonOf = (message: RecordValue): string | undefined => {
  const mail = message['mail'];
  if (typeof mail !== 'object' || mail === null || !('reason' in mail)) return undefined;
  return typeof mail.reason === 'string' ? mail.reason : undefined;
};

/** Whoever a mail is with and nobody knows can become a person, with one key. */
function usePersonChoice(person: MailProposals['person']): readonly Choice[] {
  const { t } = useTranslation();
  const { can } = useSession();
  if (person === null || can['person']?.['create'] !== true) return [];
  const email = String(person['email']);
  const fullName = [person['firstName'], person['lastName']].filter(Boolean).join(' ');
  const name = fullName === '' ? email : fullName;
  const body = { fields: person };
  const done = t('mail.done.person', { name });
  return [{ key: 'p', label: t('mail.createPerson', { name }), hint: email, act: 'create-person', body, done }];
}

function useSortChoices({ records, person }: MailProposals, title: string): readonly Choice[] {
  const { t } = useTranslation();
  const creating = usePersonChoice(person);
  const entities = useEntities();
  const { can } = useSession();
  const filing = records.slice(0, 9).map((record, index) => ({
    key: String(index + 1),
    label: t('mail.fileOn', { title: record.title }),
    hint: `${inLanguage(entities.byName.get(record.entity)?.label)} · ${t(`mail.reason.${record.reason}`)}`,
    act: 'file',
    body: { entity: record.entity, record: record.id },
    done: t('mail.done.file', { title: record.title }),
  }));
  const leading =
    can['lead']?.['create'] === true
      ? [
          {
            key: 'l',
            label: t('mail.makeLead'),
            act: 'make-lead',
            body: undefined,
            done: t('mail.done.lead', { title }),
          },
        ]
      : [];
  const putAway = {
    key: 'x',
    label: t('mail.dismiss'),
    act: 'dismiss',
    body: undefined,
    done: t('mail.done.dismiss', { title }),
  };
  return [...filing, ...creating, ...leading, putAway];
}

/** Any record that a mail can be filed on, found by its name or number. */
function OtherRecord({ onChoose }: { readonly onChoose: (hit: SearchHit) => void }) {
  const { t } = useTranslation();
  const entities = useEntities();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text.trim(), 150);
  const { data = [] } = useQuery(searchQuery(query));
  const places = new Set(
    [...(entities.byName.get('timeline-entry')?.fields.values() ?? [])].map(({ target }) => target),
  );
  const hits = data.filter(({ entity }) => places.has(entity));
  return (
    <Select
      size="sm"
      mt={6}
      label={t('mail.otherRecord')}
      placeholder={t('mail.otherRecordHint')}
      searchable
      value={null}
      data={hits.map(({ id, title, entity, subtitle }) => ({
        value: id,
        label: [title, inLanguage(entities.byName.get(entity)?.label), subtitle].filter(Boolean).join(' · '),
      }))}
      filter={({ options }) => options}
      onSearchChange={setText}
      nothingFoundMessage={query.length > 1 ? t('common.noMatches') : undefined}
      onChange={(next) => {
        const hit = hits.find(({ id }) => id === next);
        if (hit !== undefined) onChoose(hit);
      }}
    />
  );
}

interface SortCardProps {
  readonly message: RecordValue;
  /** The mail has its place. */
  readonly onSorted: () => void;
}

type Sorting = Pick<Choice, 'act' | 'body' | 'done'>;

function useSort({ message, onSorted }: SortCardProps): (sorting: Sorting) => void {
  const { run } = useActs();
  const client = useQueryClient();
  const sort = async ({ act, body, done }: Sorting): Promise<void> => {
    const path = `/intake-messages/${message.id}/${act}`;
    if ((await run([{ path, body: body ?? {} }], { canUndo: act === 'dismiss', done })) === undefined) return;
    onSorted();
    // It waits no longer: its row leaves the list of those that do.
    await client.invalidateQueries({ queryKey: ['list', 'intake-messages'] });
  };
  return (sorting) => void sort(sorting);
}

interface ChoiceButtonsProps {
  readonly choices: readonly Choice[];
  readonly isFirstBest: boolean;
  readonly onChoose: (choice: Choice) => void;
}

function ChoiceButtons({ choices, isFirstBest, onChoose }: ChoiceButtonsProps) {
  useKeys(Object.fromEntries(choices.map((choice) => [choice.key, () => onChoose(choice)])));
  return choices.map((choice, index) => (
    <Button
      key={choice.key}
      variant={index === 0 && isFirstBest ? 'filled' : 'default'}
      justify="space-between"
      rightSection={<Kbd size="xs">{choice.key}</Kbd>}
      onClick={() => onChoose(choice)}
      h="auto"
      mih={36}
      py={6}
    >
      <Group gap="0 8px" style={{ whiteSpace: 'normal', textAlign: 'start', lineHeight: 1.5 }}>
        <span>{choice.label}</span>
        {choice.hint !== undefined && (
          <Text span size="xs" opacity={0.75}>
            {choice.hint}
          </Text>
        )}
      </Group>
    </Button>
  ));
}

function Choices({ proposals, ...sorting }: SortCardProps & { readonly proposals: MailProposals }) {
  const { t } = useTranslation();
  const { message } = sorting;
  const choices = useSortChoices(proposals, textOf(message, 'subject') ?? textOf(message, 'sender') ?? '');
  const choose = useSort(sorting);
  return (
    <Stack gap={6} aria-label={t('mail.sort')} role="group">
      <ChoiceButtons choices={choices} isFirstBest={proposals.records.length > 0} onChoose={choose} />
      <OtherRecord
        onChoose={({ entity, id: record, title }) =>
          choose({ act: 'file', body: { entity, record }, done: t('mail.done.file', { title }) })
        }
      />
    </Stack>
  );
}

/** A mail that found no place by itself: proposals first, each with its key. */
export function SortCard({ message, onSorted }: SortCardProps) {
  const { t } = useTranslation();
  const answer = useQuery(proposalsQuery(message.id));
  const reason = reasonOf(message);
  return (
    <Card title={t('mail.sort')}>
      {reason !== undefined && (
        <Text size="sm" mb={8}>
          {t(`mail.triage.${reason}`, { defaultValue: reason })}
        </Text>
      )}
      {answer.data !== undefined && <Choices message={message} onSorted={onSorted} proposals={answer.data} />}
    </Card>
  );
}

/** Of a mail that has its place: whom in it nobody knows. */
export function StrangerCard({ message }: Pick<SortCardProps, 'message'>) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const proposals = proposalsQuery(message.id);
  const { data } = useQuery(proposals);
  const choices = usePersonChoice(data?.person ?? null);
  const choose = useSort({
    message,
    onSorted: () => void client.invalidateQueries({ queryKey: proposals.queryKey }),
  });
  if (choices.length === 0) return undefined;
  return (
    <Card title={t('mail.stranger')}>
      <Stack gap={6}>
        <ChoiceButtons choices={choices} isFirstBest={false} onChoose={choose} />
      </Stack>
    </Card>
  );
}
