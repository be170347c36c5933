import {
  ActionIcon,
  Button,
  CloseButton,
  Group,
  Popover,
  Stack,
  Switch,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconBookmarkPlus, IconFilter, IconSearch, IconTrash } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client.ts';
import type { FilterFault } from '../model/check-filter.ts';
import classes from './list-toolbar.module.css';

/** What the server says about a filter it does not understand, after the one here has let it pass. */
export function toFilterFault(error: unknown): FilterFault | undefined {
  if (!(error instanceof ApiError) || error.problem.code !== 'InvalidFilter') return undefined;
  const { errors, detail, title } = error.problem;
  return { position: undefined, message: errors?.[0]?.message ?? detail ?? title };
}

interface FilterBarProps {
  readonly filter: string;
  readonly columns?: Readonly<Record<string, string>> | undefined;
  readonly fault: FilterFault | undefined;
  readonly onFilter: (filter: string | undefined) => void;
}

interface FaultTextProps {
  readonly fault: FilterFault;
  /** The text that holds the error. */
  readonly text: string;
}

function FaultText({ fault, text }: FaultTextProps) {
  const { t } = useTranslation();
  const { position, message, column } = fault;
  const from = (position ?? 1) - 1;
  return (
    <div id="filter-fault" role="alert" className={classes['fault']}>
      {position !== undefined && (
        <div className={classes['mono']} aria-hidden>
          {column !== undefined && <span>{column}: </span>}
          <span>{text.slice(0, from)}</span>
          <mark className={classes['mark']}>{text.slice(from) || '\u00a0\u00a0'}</mark>
        </div>
      )}
      <Text size="xs">{position === undefined ? message : t('list.filterError', { position, message })}</Text>
    </div>
  );
}

/** The filter language, with the place of an error marked under the text. */
export function FilterBar({ filter, columns, fault, onFilter }: FilterBarProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(filter);
  const submit = (next: string): void => onFilter(next.trim() === '' ? undefined : next.trim());
  const clear = (
    <CloseButton
      size="xs"
      aria-label={t('list.clear')}
      onClick={() => {
        setText('');
        submit('');
      }}
    />
  );
  return (
    <form
      className={classes['filter']}
      onSubmit={(event) => {
        event.preventDefault();
        submit(text);
      }}
    >
      <TextInput
        size="xs"
        aria-label={t('list.filter')}
        placeholder={t('list.filterPlaceholder')}
        leftSection={<IconFilter size={14} />}
        classNames={{ input: classes['mono'] ?? '' }}
        spellCheck={false}
        value={text}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : 'filter-fault'}
        onChange={(event) => setText(event.currentTarget.value)}
        rightSection={text === '' ? undefined : clear}
      />
      {fault !== undefined && (
        <FaultText fault={fault} text={fault.column === undefined ? filter : (columns?.[fault.column] ?? '')} />
      )}
    </form>
  );
}

interface SaveViewProps {
  readonly onSave: (name: string, isShared: boolean) => void;
}

function SaveView({ onSave }: SaveViewProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [isShared, setShared] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} width={280} position="bottom-end" trapFocus>
      <Popover.Target>
        <Tooltip label={t('view.save')}>
          <ActionIcon size={30} aria-label={t('view.save')} onClick={() => setOpen((known) => !known)}>
            <IconBookmarkPlus size={17} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onSave(name, isShared);
            setOpen(false);
            setName('');
          }}
        >
          <Stack gap="sm">
            <TextInput
              size="xs"
              label={t('view.name')}
              required
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Switch
              size="sm"
              label={t('view.shared')}
              checked={isShared}
              onChange={(event) => setShared(event.currentTarget.checked)}
            />
            <Button type="submit">{t('view.save')}</Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

interface ListToolbarProps extends FilterBarProps {
  readonly title: string;
  readonly total: string | undefined;
  readonly q: string;
  readonly onSearch: (q: string | undefined) => void;
  /** Absent where the view is not the person's to delete. */
  readonly onDeleteView?: (() => void) | undefined;
  readonly onSaveView?: ((name: string, isShared: boolean) => void) | undefined;
  readonly children?: ReactNode;
}

/** Head of every list: what it is, how many, search, filter, and what can be added. */
export function ListToolbar({
  title,
  total,
  q,
  onSearch,
  filter,
  columns,
  fault,
  onFilter,
  onSaveView,
  onDeleteView,
  children,
}: ListToolbarProps) {
  const { t } = useTranslation();
  const [isFilterOpen, setFilterOpen] = useState(filter !== '');
  const [text, setText] = useState(q);
  const search = useDebouncedCallback((next: string) => onSearch(next.trim() === '' ? undefined : next.trim()), 200);
  return (
    <div className={classes['bar']}>
      <Group gap="sm" wrap="nowrap">
        <h1 className={classes['title']}>{title}</h1>
        <span className={classes['total']}>{total}</span>
        <span style={{ flex: 1 }} />
        {children}
      </Group>
      <Group gap={4} wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          data-list-search
          aria-label={t('list.search')}
          placeholder={t('list.search')}
          leftSection={<IconSearch size={14} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <Tooltip label={t('list.filter')}>
          <ActionIcon
            size={30}
            aria-label={t('list.filter')}
            aria-expanded={isFilterOpen}
            variant={filter === '' ? 'subtle' : 'light'}
            color={filter === '' ? 'gray' : 'petrol'}
            onClick={() => setFilterOpen((known) => !known)}
          >
            <IconFilter size={17} />
          </ActionIcon>
        </Tooltip>
        {onSaveView !== undefined && <SaveView onSave={onSaveView} />}
        {onDeleteView !== undefined && (
          <Tooltip label={t('view.remove')}>
            <ActionIcon size={30} aria-label={t('view.remove')} onClick={onDeleteView}>
              <IconTrash size={17} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {(isFilterOpen || fault !== undefined) && (
        <FilterBar filter={filter} columns={columns} fault={fault} onFilter={onFilter} />
      )}
    </div>
  );
}
