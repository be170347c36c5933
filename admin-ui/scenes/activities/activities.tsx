import { Anchor, Button, Checkbox, Tabs } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { getRouteApi, Link } from '@tanstack/react-router';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { useConfig, useEntities, useSession, useUsers } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { addressOf } from '../../app/address.ts';
import { ReplanDialog, toggleActivity } from '../../components/activity-list.tsx';
import { CreateDialog } from '../../components/create-dialog.tsx';
import { ListPane } from '../../components/list-pane.tsx';
import { Readable } from '../../components/readable.tsx';
import type { Column } from '../../components/record-table.tsx';
import { useNow } from '../../components/use-now.ts';
import { useListPage } from '../../components/use-list-page.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatSoon } from '../../model/format.ts';

const route = getRouteApi('/app/activities');

const tabs = [
  { key: 'mine', label: 'viewMine', filter: 'state = open and owner = me' },
  { key: 'open', label: 'viewOpen', filter: 'state = open' },
  { key: 'overdue', label: 'viewOverdue', filter: 'state = open and dueAt < heute' },
  { key: 'done', label: 'viewDone', filter: 'state = done' },
] as const;

const parents = ['lead', 'opportunity', 'organization', 'person'] as const;

function ParentLink({
  activity,
  labels,
}: {
  readonly activity: RecordValue;
  readonly labels: Readonly<Record<string, string>>;
}) {
  const entities = useEntities();
  const parent = parents.find((name) => textOf(activity, name) !== undefined);
  const id = parent === undefined ? undefined : textOf(activity, parent);
  const model = entities.byName.get(parent ?? '');
  if (id === undefined || model === undefined) return undefined;
  return (
    <Anchor
      component={Link}
      to={addressOf(model.name, id, model.plural)}
      size="sm"
      onClick={(event) => event.stopPropagation()}
    >
      {labels[id] ?? model.label[currentLanguage()]}
    </Anchor>
  );
}

function useActivityColumns(labels: Readonly<Record<string, string>>): readonly Column[] {
  const { t } = useTranslation();
  const { run } = useActs();
  const users = useUsers();
  const can = useSession().can['activity'] ?? {};
  const types = toChoices(useConfig('activity-types'));
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const now = useNow();
  const due = (activity: RecordValue) => {
    const at = textOf(activity, 'dueAt');
    if (at === undefined) return '';
    const isOverdue = activity['state'] === 'open' && new Date(at) < now;
    return (
      <span style={isOverdue ? { color: 'var(--lw-bad)', fontWeight: 560 } : undefined}>
        {formatSoon(at, currentLanguage())}
        {isOverdue && <span className="lw-visually-hidden"> ({t('activity.overdue')})</span>}
      </span>
    );
  };
  const columns: readonly Column[] = [
    {
      name: 'done',
      label: '',
      width: '24px',
      render: (activity) => (
        <Checkbox
          size="xs"
          checked={activity['state'] === 'done'}
          disabled={activity['state'] === 'cancelled' || can['complete'] === false}
          aria-label={`${t('activity.complete')}: ${textOf(activity, 'title') ?? ''}`}
          onClick={(event) => event.stopPropagation()}
          onChange={() => void toggleActivity(run, t, activity)}
        />
      ),
    },
    {
      name: 'title',
      label: t('activity.name'),
      width: 'minmax(150px, 2.4fr)',
      isSortable: true,
      isFilterable: true,
      render: (activity) => <strong style={{ fontWeight: 540 }}>{textOf(activity, 'title')}</strong>,
    },
    {
      name: 'dueAt',
      label: t('activity.due'),
      width: '148px',
      isSortable: true,
      isFilterable: true,
      example: 'heute..heute+7',
      render: due,
    },
    {
      name: 'type',
      label: t('activity.type'),
      width: 'minmax(80px, 0.8fr)',
      isFilterable: true,
      render: (activity) => types.find((type) => type.value === activity['type'])?.label ?? '',
    },
    {
      name: 'parent',
      label: t('record.related'),
      width: 'minmax(120px, 2fr)',
      render: (activity) => <ParentLink activity={activity} labels={labels} />,
    },
    {
      name: 'owner',
      label: t('inbox.owner'),
      width: 'minmax(100px, 1fr)',
      isFilterable: true,
      example: 'me',
      render: (activity) => users.find((user) => user.id === activity['owner'])?.name ?? '',
    },
  ];
  return isNarrow ? columns.slice(0, 3) : columns;
}

function ActivityPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const session = useSession();
  const [isCreating, setCreating] = useState(false);
  const [moving, setMoving] = useState<RecordValue>();
  const tab = tabs.find((one) => one.key === search.view) ?? tabs[0];
  const page = useListPage({
    entity: 'activity',
    search,
    filter: tab.filter,
    defaultSort: tab.key === 'done' ? '-dueAt' : 'dueAt',
    expand: parents.join(','),
  });
  const columns = useActivityColumns(page.labels);
  const create = { label: t('activity.add'), onClick: () => setCreating(true) };
  const mayCreate = session.can['activity']?.['create'] === true;
  return (
    <>
      <ListPane
        page={{
          ...page,
          view: undefined,
          open: (id) => setMoving(page.rows.find((row) => row.id === id && row['state'] === 'open')),
        }}
        columns={columns}
        title={t('activity.title')}
        rowHeight={44}
        emptyText={t('activity.empty')}
        {...(mayCreate ? { emptyAction: create } : {})}
        tabs={
          <Tabs
            value={tab.key}
            onChange={(view) => page.set({ view: view ?? undefined })}
            px="md"
            pt={4}
            style={{ flex: 'none' }}
          >
            <Tabs.List>
              {tabs.map((one) => (
                <Tabs.Tab key={one.key} value={one.key}>
                  {t(`activity.${one.label}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
          </Tabs>
        }
        actions={
          mayCreate && (
            <Button leftSection={<IconPlus size={15} />} onClick={create.onClick}>
              {t('common.new')}
            </Button>
          )
        }
      />
      {isCreating && (
        <CreateDialog
          entity="activity"
          initial={{ owner: session.user.id }}
          only={['title', 'type', 'dueAt', 'durationMinutes', 'owner', 'note']}
          onClose={() => setCreating(false)}
        />
      )}
      {moving !== undefined && <ReplanDialog activity={moving} onClose={() => setMoving(undefined)} />}
    </>
  );
}

/** What is to be done: mine, everybody's, what is late. A click re-plans, the box ticks off. */
export function Activities() {
  return (
    <Readable entity="activity">
      <ActivityPage />
    </Readable>
  );
}
