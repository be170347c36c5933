import { Anchor, Tabs, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { countsQuery, useConfig, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { ChoiceDot } from '../../components/choice-dot.tsx';
import { ListPane } from '../../components/list-pane.tsx';
import { Readable } from '../../components/readable.tsx';
import type { Column } from '../../components/record-table.tsx';
import { useListPage } from '../../components/use-list-page.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { faultsOf } from '../../model/faults.ts';
import { formatInstant, formatNumber } from '../../model/format.ts';
import panes from '../inbox/inbox.module.css';
import { MessageDetail } from './message-detail.tsx';
import { ReplayMany, ReplayProgress } from './replays.tsx';
import { sourceOf, SourceStrip } from './source-strip.tsx';
import { StateBadge } from './state-badge.tsx';

const route = getRouteApi('/app/received');

/** Mails that somebody has to sort. */
const waiting = 'state = triage';

const tabs = [
  { key: 'all', label: 'intake.all', filter: '' },
  { key: 'sort', label: 'intake.sort', filter: waiting },
  { key: 'review', label: 'intake.review', filter: 'state in (rejected, unreadable, quarantined, parked)' },
  { key: 'duplicate', label: 'choice.intake-message.state.duplicate', filter: 'state = duplicate' },
  { key: 'spam', label: 'view.spam', filter: 'state = spam' },
] as const;

/** What a message is about, by its sender and subject; where it came in otherwise, by its source. */
function Words({ message, source }: { readonly message: RecordValue; readonly source: ReactNode }) {
  const subject = textOf(message, 'subject');
  const sender = textOf(message, 'sender');
  if (subject === undefined && sender === undefined) return source;
  return (
    <div style={{ minWidth: 0 }}>
      <Text size="sm" truncate>
        {sender ?? source}
      </Text>
      <Text size="xs" c="dimmed" truncate>
        {subject ?? source}
      </Text>
    </div>
  );
}

/** The lead that a message has become, or why it has become none. */
function Became({
  message,
  labels,
}: {
  readonly message: RecordValue;
  readonly labels: Readonly<Record<string, string>>;
}) {
  const { t } = useTranslation();
  const lead = textOf(message, 'lead');
  const [fault] = faultsOf(message['errors']);
  if (lead === undefined) return fault?.message;
  return (
    <Anchor
      component={Link}
      to={addressOf('lead', lead, 'leads')}
      size="sm"
      onClick={(event) => event.stopPropagation()}
    >
      {labels[lead] ?? t('intake.openLead')}
    </Anchor>
  );
}

function useMessageColumns(isCondensed: boolean, labels: Readonly<Record<string, string>>): readonly Column[] {
  const { t } = useTranslation();
  const sources = toChoices(useConfig('sources'));
  const received: Column = {
    name: 'receivedAt',
    label: t('intake.received'),
    width: '132px',
    isSortable: true,
    isFilterable: true,
    example: 'heute-1..heute',
    render: (message) => formatInstant(textOf(message, 'receivedAt') ?? '', currentLanguage()),
  };
  const source: Column = {
    name: 'source',
    label: t('inbox.column.source'),
    width: 'minmax(96px, 1fr)',
    isFilterable: true,
    render: (message) => {
      const found = sources.find((one) => one.value === message['source']);
      const label = found?.label ?? textOf(message, 'source') ?? '';
      return <ChoiceDot label={label} {...(found?.color === undefined ? {} : { color: found.color })} />;
    },
  };
  const state: Column = {
    name: 'state',
    label: t('intake.result'),
    width: '104px',
    isFilterable: true,
    render: (message) => <StateBadge state={textOf(message, 'state') ?? ''} />,
  };
  if (isCondensed)
    return [
      {
        ...received,
        width: '84px',
        render: (message) => (
          <Text size="xs" style={{ whiteSpace: 'normal' }}>
            {received.render(message)}
          </Text>
        ),
      },
      {
        name: 'sender',
        label: t('mail.from'),
        width: 'minmax(120px, 1fr)',
        isFilterable: true,
        render: (message) => <Words message={message} source={source.render(message)} />,
      },
      state,
    ];
  const words = (name: string, label: string, width: string): Column => ({
    name,
    label,
    width,
    isFilterable: true,
    render: (message) => textOf(message, name) ?? '',
  });
  return [
    received,
    source,
    state,
    words('sender', t('mail.from'), 'minmax(120px, 1fr)'),
    words('subject', t('intake.subject'), 'minmax(120px, 1.5fr)'),
    {
      name: 'channel',
      label: t('intake.channel'),
      width: '80px',
      render: ({ channel }) =>
        typeof channel === 'string' ? t(`choice.intake-message.channel.${channel}`, { defaultValue: channel }) : '',
    },
    {
      name: 'lead',
      label: t('intake.became'),
      width: 'minmax(140px, 2fr)',
      render: (message) => <Became message={message} labels={labels} />,
    },
  ];
}

/** What is said where there is no message: what a source reads from its table comes by imports. */
function useEmpty(source: string | undefined) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (source === undefined) {
    const open = (): void => void navigate({ to: '/settings/$section', params: { section: 'sources' } });
    return { emptyText: t('intake.empty'), emptyAction: { label: t('intake.emptyAction'), onClick: open } };
  }
  const open = (): void => void navigate({ to: '/imports', search: { source } });
  return { emptyText: t('intake.emptyOf'), emptyAction: { label: t('intake.emptyOfAction'), onClick: open } };
}

function WaitingCount() {
  const { data } = useQuery(countsQuery('intake-messages', [waiting]));
  if (data?.[0] === undefined) return undefined;
  return (
    <Text span size="xs" c="dimmed" data-figure>
      {formatNumber(data[0], currentLanguage())}
    </Text>
  );
}

function Messages() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const source = sourceOf(search.filter);
  const empty = useEmpty(source);
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const tab = tabs.find((one) => one.key === search.view) ?? tabs[0];
  const page = useListPage({
    entity: 'intake-message',
    search,
    filter: tab.filter,
    defaultSort: '-receivedAt',
    expand: 'lead',
  });
  const mayReplay = useSession().can['intake-message']?.['replay'] !== false;
  const isCondensed = isNarrow || search.id !== undefined;
  const columns = useMessageColumns(isCondensed, page.labels);
  /** After a mail is sorted, the next one that waits comes up by itself. */
  const at = page.rows.findIndex(({ id }) => id === search.id);
  const isWaiting = (row: RecordValue): boolean => row['state'] === 'triage';
  const next = page.rows.slice(at + 1).find(isWaiting) ?? page.rows.slice(0, Math.max(at, 0)).findLast(isWaiting);
  return (
    <div className={panes['panes']} data-open={search.id !== undefined}>
      <div className={panes['list']}>
        <ListPane
          page={{ ...page, view: undefined }}
          columns={columns}
          title={t('intake.title')}
          rowHeight={isCondensed ? 52 : 44}
          {...empty}
          bulk={mayReplay ? ['replay'] : []}
          isCondensed={isCondensed}
          actions={mayReplay && <ReplayMany source={source} />}
          tabs={
            <>
              <SourceStrip filter={search.filter} onFilter={(filter) => page.set({ filter, id: undefined })} />
              <ReplayProgress />
              <Tabs
                value={tab.key}
                onChange={(view) => page.set({ view: view ?? undefined, id: undefined })}
                px="md"
                pt={4}
                style={{ flex: 'none' }}
              >
                <Tabs.List>
                  {tabs.map((one) => (
                    <Tabs.Tab
                      key={one.key}
                      value={one.key}
                      rightSection={one.key === 'sort' ? <WaitingCount /> : undefined}
                    >
                      {t(one.label)}
                    </Tabs.Tab>
                  ))}
                </Tabs.List>
              </Tabs>
            </>
          }
        />
      </div>
      {search.id !== undefined && (
        <div className={panes['detail']} key={search.id}>
          <MessageDetail id={search.id} onClose={() => page.open(undefined)} onSorted={() => page.open(next?.id)} />
        </div>
      )}
    </div>
  );
}

/** Every message that came in, with its raw form and what became of it. */
export function IntakeMessages() {
  return (
    <Readable entity="intake-message">
      <Messages />
    </Readable>
  );
}
