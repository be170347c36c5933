import { Button, Group, Select, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../api/client.ts';
import { useUsers } from '../api/queries.ts';
import { useActs, showProblem, toProblem } from '../app/acts.tsx';
import { currentLanguage, inLanguage } from '../i18n/index.ts';
import { formatNumber } from '../model/format.ts';
import { notifications } from '@mantine/notifications';
import { EmptyFace, ErrorFace, LoadingFace } from './faces.tsx';
import classes from './list-pane.module.css';
import { ListToolbar, toFilterFault } from './list-toolbar.tsx';
import { RecordTable, type Column } from './record-table.tsx';
import type { ListPage } from './use-list-page.ts';

type BulkAct = 'assign' | 'archive';

interface ListPaneProps {
  readonly page: ListPage;
  readonly columns: readonly Column[];
  readonly isCondensed?: boolean;
  readonly emptyText: string;
  readonly emptyAction?: { readonly label: string; readonly onClick: () => void };
  readonly bulk?: readonly BulkAct[];
  readonly actions?: ReactNode;
  readonly tabs?: ReactNode;
  readonly title?: string;
  readonly rowHeight?: number;
}

interface BulkBarProps {
  readonly page: ListPage;
  readonly ids: ReadonlySet<string>;
  readonly acts: readonly BulkAct[];
  readonly onDone: () => void;
}

interface BulkAnswer {
  readonly data: { readonly changed: number; readonly failed: readonly unknown[] };
}

function BulkBar({ page, ids, acts, onDone }: BulkBarProps) {
  const { t } = useTranslation();
  const users = useUsers();
  const apply = async (act: BulkAct, input: unknown): Promise<void> => {
    try {
      const { body } = await request<BulkAnswer>('POST', `/${page.model.plural}/bulk`, { body: { ids: [...ids], act, input } });
      const failed = body.data.failed.length;
      const sentence = t('inbox.bulkDone', { count: body.data.changed });
      notifications.show({ message: failed === 0 ? sentence : `${sentence}, ${t('inbox.bulkFailed', { count: failed })}` });
      onDone();
      page.reload();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  return (
    <Group className={classes['bulk']} gap="sm" wrap="nowrap">
      <Text size="sm" fw={560}>
        {t('list.selected', { count: ids.size })}
      </Text>
      {acts.includes('assign') && (
        <Select
          size="xs"
          w={150}
          aria-label={t('inbox.assign')}
          placeholder={t('inbox.assign')}
          data={users.map((user) => ({ value: user.id, label: user.name }))}
          value={null}
          onChange={(owner) => void apply('assign', { owner })}
        />
      )}
      {acts.includes('archive') && (
        <Button variant="default" onClick={() => void apply('archive', { reason: t('inbox.reason.notALead') })}>
          {t('inbox.archive')}
        </Button>
      )}
      <Button variant="subtle" color="gray" onClick={onDone}>
        {t('list.clearSelection')}
      </Button>
    </Group>
  );
}

/** A list with its head: search, filter, sort, selection, and all of its faces. */
export function ListPane(props: ListPaneProps) {
  const { page, columns, isCondensed = false, bulk = [], emptyAction } = props;
  const { t } = useTranslation();
  const { run } = useActs();
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const { search, set } = page;
  const isNarrowed = search.q !== undefined || search.filter !== undefined || search.columns !== undefined;
  const fault = page.fault ?? toFilterFault(page.error);
  const count = page.total ?? undefined;
  const words = count === undefined ? undefined : formatNumber(count, currentLanguage());
  const saveView = async (name: string, isShared: boolean): Promise<void> => {
    const columnFilters = Object.entries(search.columns ?? {}).map(([field, text]) => `(${field}: ${text})`);
    const parts = [page.view?.filter, search.filter].flatMap((part) => (part === undefined ? [] : [`(${part})`]));
    const filter = [...parts, ...columnFilters].join(' and ');
    const body = { name, entity: page.model.name, filter, isShared, ...(page.sort === undefined ? {} : { sort: page.sort }) };
    const written = await run([{ path: '/saved-views', body }], { done: t('view.saved', { name }) });
    const id = written?.[0]?.data.id;
    if (id !== undefined) set({ view: id, filter: undefined, columns: undefined });
  };
  const setColumn = (field: string, expression: string | undefined): void => {
    const others = Object.entries(search.columns ?? {}).filter(([name]) => name !== field);
    const next = expression === undefined ? others : [...others, [field, expression] as const];
    set({ columns: next.length === 0 ? undefined : Object.fromEntries(next) });
  };
  const check = (id: string, isChecked: boolean): void => {
    const next = new Set(checked);
    if (isChecked) next.add(id);
    else next.delete(id);
    setChecked(next);
  };

  return (
    <div className={classes['pane']}>
      <ListToolbar
        key={`${page.model.name}${search.view ?? ''}${search.filter ?? ''}`}
        title={props.title ?? page.view?.label ?? inLanguage(page.model.pluralLabel)}
        total={words === undefined ? undefined : page.isTotalExact ? words : t('list.totalCapped', { count })}
        q={search.q ?? ''}
        onSearch={(q) => set({ q })}
        filter={search.filter ?? ''}
        columns={search.columns}
        fault={fault}
        onFilter={(filter) => set({ filter })}
        {...(isNarrowed ? { onSaveView: (name: string, isShared: boolean) => void saveView(name, isShared) } : {})}
      >
        {props.actions}
      </ListToolbar>
      {props.tabs}
      {checked.size > 0 && <BulkBar page={page} ids={checked} acts={bulk} onDone={() => setChecked(new Set())} />}
      {page.fresh > 0 && (
        <Button variant="light" radius={0} fullWidth onClick={page.reload}>
          {t('list.newRows', { count: page.fresh })}
        </Button>
      )}
      <div className={classes['body']}>
        {page.isPending && fault === undefined && <LoadingFace />}
        {fault !== undefined && (
          <EmptyFace
            text={t('list.faulty')}
            action={{ label: t('list.resetFilter'), onClick: () => set({ q: undefined, filter: undefined, columns: undefined }) }}
          />
        )}
        {page.error !== null && fault === undefined && <ErrorFace error={page.error} onRetry={page.reload} />}
        {!page.isPending && page.error === null && fault === undefined && page.rows.length === 0 && (
          <EmptyFace
            text={isNarrowed ? t('list.emptyFiltered') : props.emptyText}
            {...(isNarrowed
              ? { action: { label: t('list.resetFilter'), onClick: () => set({ q: undefined, filter: undefined, columns: undefined }) } }
              : emptyAction === undefined
                ? {}
                : { action: emptyAction })}
          />
        )}
        {page.rows.length > 0 && page.error === null && fault === undefined && (
          <RecordTable
            label={page.view?.label ?? inLanguage(page.model.pluralLabel)}
            columns={columns}
            rows={page.rows}
            rowHeight={props.rowHeight ?? 52}
            total={count}
            selectedId={search.id}
            onOpen={(record) => page.open(record.id)}
            onEnd={page.loadMore}
            isLoadingMore={page.isLoadingMore}
            sort={page.sort}
            onSort={(sort) => set({ sort })}
            filters={search.columns}
            onFilter={setColumn}
            {...(bulk.length > 0 && !isCondensed ? { checked, onCheck: check } : {})}
          />
        )}
      </div>
    </div>
  );
}
