import { Button, Group, SegmentedControl, Select, Stack, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPinned } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../api/choices.ts';
import { relatedQuery, useConfig, useUsers } from '../api/queries.ts';
import type { RecordValue } from '../api/types.ts';
import { currentLanguage } from '../i18n/index.ts';
import { textOf } from '../model/entities.ts';
import { actorLabel } from '../model/actors.ts';
import { formatInstant } from '../model/format.ts';
import { Card } from './card.tsx';
import { useTimelineWords } from './timeline-words.ts';
import classes from './timeline.module.css';

interface TimelineProps {
  /** Name of the entity and field that links the entries (`lead`, `organization`, …). */
  readonly entity: string;
  readonly id: string;
  readonly onNote: ((text: string, noteType: string | null) => Promise<boolean>) | undefined;
}

function Composer({ onNote }: { readonly onNote: NonNullable<TimelineProps['onNote']> }) {
  const { t } = useTranslation();
  const types = toChoices(useConfig('note-types'));
  const [text, setText] = useState('');
  const [type, setType] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    if (text.trim() !== '' && (await onNote(text.trim(), type))) setText('');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Textarea
        size="xs"
        autosize
        minRows={2}
        maxRows={10}
        data-note
        aria-label={t('timeline.label')}
        placeholder={t('timeline.placeholder')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) void submit();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <Group justify="space-between" mt={8} gap="sm">
        <Select
          size="xs"
          w={200}
          clearable
          aria-label={t('timeline.type')}
          placeholder={t('timeline.type')}
          data={types.map(({ value, label }) => ({ value, label }))}
          value={type}
          onChange={setType}
        />
        <Button type="submit" disabled={text.trim() === ''}>
          {t('timeline.submit')}
        </Button>
      </Group>
    </form>
  );
}

interface EntryProps {
  readonly entry: RecordValue;
  readonly author: string;
  readonly type: string | undefined;
  readonly words: string;
}

function Entry({ entry, author, type, words }: EntryProps) {
  const { t } = useTranslation();
  const isNote = entry['kind'] === 'note';
  return (
    <li className={classes['entry']} data-note={isNote}>
      <Group gap={6} wrap="nowrap">
        <Text size="xs" fw={560}>
          {author}
        </Text>
        <Text size="xs" c="dimmed">
          {formatInstant(textOf(entry, 'at') ?? textOf(entry, 'createdAt') ?? '', currentLanguage())}
        </Text>
        {type !== undefined && (
          <Text size="xs" c="dimmed">
            · {type}
          </Text>
        )}
        {(entry['isPinned'] === true || entry['isPinned'] === 1) && (
          <IconPinned size={14} role="img" aria-label={t('timeline.pinned')} />
        )}
      </Group>
      <Text size="sm" className={classes['text']}>
        {words}
      </Text>
    </li>
  );
}

/** What happened, newest first, with a place to write a note. */
export function Timeline({ entity, id, onNote }: TimelineProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState('all');
  const [limit, setLimit] = useState(20);
  const users = useUsers();
  const wordsOf = useTimelineWords();
  const types = toChoices(useConfig('note-types'));
  const entries = useQuery(
    relatedQuery({ plural: 'timeline-entries', filter: `${entity} = "${id}"`, sort: '-at', limit }),
  );
  const all = entries.data?.data ?? [];
  const rows = all.filter((entry) => shown === 'all' || (entry['kind'] === 'note') === (shown === 'notes'));
  const sources = toChoices(useConfig('sources'));
  const sourceLabel = (key: string): string | undefined => sources.find((one) => one.value === key)?.label;
  const authorOf = (entry: RecordValue): string =>
    actorLabel(textOf(entry, 'actor') ?? 'system', {
      users,
      sourceLabel,
      systemLabel: t('common.system'),
      processLabel: t('audit.process'),
    });
  const filters = ['all', 'notes', 'system'] as const;
  const labels = { all: t('timeline.filterAll'), notes: t('timeline.filterNotes'), system: t('timeline.filterSystem') };
  return (
    <Card
      title={t('timeline.title')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('list.filter')}
          value={shown}
          onChange={setShown}
          data={filters.map((value) => ({ value, label: labels[value] }))}
        />
      }
    >
      <Stack gap="md">
        {onNote !== undefined && <Composer onNote={onNote} />}
        {rows.length === 0 && entries.isSuccess && (
          <Text size="sm" c="dimmed">
            {t('timeline.empty')}
          </Text>
        )}
        <ol className={classes['entries']}>
          {rows.map((entry) => (
            <Entry
              key={entry.id}
              entry={entry}
              author={authorOf(entry)}
              words={wordsOf(entry)}
              type={types.find((type) => type.value === entry['noteType'])?.label}
            />
          ))}
        </ol>
        {entries.data?.page.next !== null && entries.data !== undefined && limit < 200 && (
          <Button variant="subtle" onClick={() => setLimit(200)}>
            {t('timeline.older')}
          </Button>
        )}
      </Stack>
    </Card>
  );
}
