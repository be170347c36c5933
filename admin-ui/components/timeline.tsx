import {
  ActionIcon,
  Anchor,
  Button,
  Group,
  Menu,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconDots, IconPin, IconPinned, IconPinnedOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../api/choices.ts';
import { relatedQuery, useConfig, useSession, useUsers } from '../api/queries.ts';
import type { Page, RecordValue } from '../api/types.ts';
import { useActs } from '../app/acts.tsx';
import { currentLanguage } from '../i18n/index.ts';
import { textOf } from '../model/entities.ts';
import { actorLabel } from '../model/actors.ts';
import { formatInstant } from '../model/format.ts';
import { Card } from './card.tsx';
import { MailView } from './mail-view.tsx';
import { useDraft } from './use-draft.ts';
import { useTimelineWords } from './timeline-words.ts';
import classes from './timeline.module.css';

interface TimelineProps {
  /** Name of the entity and field that links the entries (`lead`, `organization`, …). */
  readonly entity: string;
  readonly record: RecordValue;
  readonly onNote: ((text: string, noteType: string | null) => Promise<boolean>) | undefined;
}

interface ComposerProps {
  /** Name of the record's draft. */
  readonly draft: string;
  readonly onNote: NonNullable<TimelineProps['onNote']>;
}

function Composer({ draft, onNote }: ComposerProps) {
  const { t } = useTranslation();
  const types = toChoices(useConfig('note-types'));
  const [text, setText] = useDraft(`note/${draft}`);
  const [type, setType] = useDraft(`note-type/${draft}`);
  const submit = async (): Promise<void> => {
    if (text.trim() === '' || !(await onNote(text.trim(), type === '' ? null : type))) return;
    setText('');
    setType('');
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
          value={type === '' ? null : type}
          onChange={(next) => setType(next ?? '')}
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
  /** Absent: this person may not pin. */
  readonly onPin: ((isPinned: boolean) => void) | undefined;
}

function EntryMenu({
  isPinned,
  words,
  onPin,
}: Pick<EntryProps, 'words'> & { isPinned: boolean; onPin: (isPinned: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <Menu width={180}>
      <Menu.Target>
        <ActionIcon size={24} className={classes['menu']} aria-label={`${t('common.more')}: ${words.slice(0, 60)}`}>
          <IconDots size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={isPinned ? <IconPinnedOff size={16} /> : <IconPin size={16} />}
          onClick={() => onPin(!isPinned)}
        >
          {t(isPinned ? 'timeline.unpin' : 'timeline.pin')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Entry({ entry, author, type, words, onPin }: EntryProps) {
  const { t } = useTranslation();
  const isNote = entry['kind'] === 'note';
  const isPinned = entry['isPinned'] === true;
  const [isOpen, setOpen] = useState(false);
  return (
    <li className={classes['entry']} data-note={isNote} data-pinned={isPinned}>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Group gap="0 6px" flex={1} mih={24}>
          <Text size="xs" fw={560}>
            {author}
          </Text>
          <Text size="xs" c="dimmed">
            {[formatInstant(textOf(entry, 'at') ?? textOf(entry, 'createdAt') ?? '', currentLanguage()), type]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          {isPinned && <IconPinned size={14} role="img" aria-label={t('timeline.pinned')} className={classes['pin']} />}
        </Group>
        {onPin !== undefined && <EntryMenu isPinned={isPinned} words={words} onPin={onPin} />}
      </Group>
      <Text size="sm" className={classes['text']} {...(entry['kind'] === 'mail' && !isOpen ? { lineClamp: 6 } : {})}>
        {words}
      </Text>
      {entry['kind'] === 'mail' && (
        <Anchor component="button" type="button" size="xs" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t(isOpen ? 'timeline.hideMail' : 'timeline.showMail')}
        </Anchor>
      )}
      {isOpen && <MailView path={`/timeline-entries/${entry.id}`} />}
    </li>
  );
}

/** A received or imported lead has no entry of its beginning: the record says it. */
function withBeginning(entity: string, record: RecordValue, { data, page }: Page): readonly RecordValue[] {
  const isToldOf = data.some((entry) => entry['kind'] === 'created' || entry['kind'] === 'received');
  if (entity !== 'lead' || isToldOf || page.next !== null) return data;
  const { id, version, createdAt, createdBy, source } = record;
  return [...data, { id, version, kind: 'received', at: createdAt, actor: createdBy, facts: { source } }];
}

/** What happened: pinned entries, then the newest first, with a place to write a note. */
export function Timeline({ entity, record, onNote }: TimelineProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState('all');
  const [limit, setLimit] = useState(20);
  const users = useUsers();
  const wordsOf = useTimelineWords(entity, record);
  const types = toChoices(useConfig('note-types'));
  const { run } = useActs();
  const mayPin = useSession().can['timeline-entry']?.['update'] !== false;
  const entries = useQuery(
    relatedQuery({ plural: 'timeline-entries', filter: `${entity} = "${record.id}"`, sort: '-isPinned,-at', limit }),
  );
  // Empty, not false: all that is not pinned sorts alike.
  const pin = (entry: RecordValue, isPinned: boolean): void =>
    void run([{ method: 'PATCH', path: `/timeline-entries/${entry.id}`, body: { isPinned: isPinned ? true : null } }], {
      done: t(isPinned ? 'timeline.pinnedDone' : 'timeline.unpinnedDone'),
    });
  const all = entries.data === undefined ? [] : withBeginning(entity, record, entries.data);
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
        {onNote !== undefined && <Composer draft={`${entity}/${record.id}`} onNote={onNote} />}
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
              onPin={mayPin && entry.id !== record.id ? (isPinned) => pin(entry, isPinned) : undefined}
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
