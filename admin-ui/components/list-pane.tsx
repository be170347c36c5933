import { Button } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/queries.ts';
import { useActs } from '../app/acts.tsx';
import { currentLanguage, inLanguage } from '../i18n/index.ts';
import type { FilterFault } from '../model/check-filter.ts';
import { formatNumber } from '../model/format.ts';
import { BulkBar, type BulkAct } from './bulk-bar.tsx';
import { EmptyFace, ErrorFace, LoadingFace } from './faces.tsx';
import classes from './list-pane.module.css';
import { ListToolbar, toFilterFault } from './list-toolbar.tsx';
import { RecordTable, type Column } from './record-table.tsx';
import type { ListPage } from './use-list-page.ts';

interface Action {
  readonly label: string;
  readonly onClick: () => void;
}

interface ListPaneProps {
  readonly page: ListPage;
  readonly columns: readonly Column[];
  readonly isCondensed?: boolean;
  readonly emptyText: string;
  readonly emptyAction?: Action | undefined;
  readonly bulk?: readonly BulkAct[];
  readonly actions?: ReactNode;
  readonly tabs?: ReactNode;
  readonly title?: string | undefined;
  readonly rowHeight?: number | undefined;
}

const isNarrowed = ({ search }: ListPage): boolean =>
  search.q !== undefined || search.filter !== undefined || search.columns !== undefined;

/** Saves what the list shows now as a view, and goes there. */
function useSaveView(page: ListPage): (name: string, isShared: boolean) => Promise<void> {
  const { t } = useTranslation();
  const { run } = useActs();
  const { search, view, model, sort } = page;
  return async (name, isShared) => {
    const columns = Object.entries(search.columns ?? {}).map(([field, text]) => `${field}: ${text}`);
    const parts = [view?.filter, search.filter, ...columns].filter((part) => part !== undefined && part !== '');
    const filter = parts.map((part) => `(${part ?? ''})`).join(' and ');
    const body = { name, entity: model.name, filter, isShared, ...(sort === undefined ? {} : { sort }) };
    const written = await run([{ path: '/saved-views', body }], { done: t('view.saved', { name }) });
    const id = written?.[0]?.data.id;
    if (id !== undefined) page.set({ view: id, filter: undefined, columns: undefined });
  };
}

/** Deletes the saved view that is shown, and goes back to the first one. */
function useDeleteView(page: ListPage): (() => void) | undefined {
  const { t } = useTranslation();
  const { run } = useActs();
  const can = useSession().can['saved-view'] ?? {};
  const id = page.view?.savedId;
  if (id === undefined || can['delete'] === false) return undefined;
  return () => {
    page.set({ view: undefined });
    void run([{ method: 'DELETE', path: `/saved-views/${id}` }], { done: t('common.deleted') });
  };
}

function NoRows({
  page,
  emptyText,
  emptyAction,
  fault,
}: Pick<ListPaneProps, 'page' | 'emptyText' | 'emptyAction'> & { readonly fault: FilterFault | undefined }) {
  const { t } = useTranslation();
  const reset = {
    label: t('list.resetFilter'),
    onClick: () => page.set({ q: undefined, filter: undefined, columns: undefined }),
  };
  if (fault !== undefined) return <EmptyFace text={t('list.faulty')} action={reset} />;
  if (page.isPending) return <LoadingFace />;
  if (page.error !== null) return <ErrorFace error={page.error} onRetry={page.reload} />;
  if (isNarrowed(page)) return <EmptyFace text={t('list.emptyFiltered')} action={reset} />;
  return <EmptyFace text={emptyText} action={emptyAction} />;
}

interface RowsProps extends Pick<ListPaneProps, 'page' | 'columns' | 'rowHeight'> {
  readonly label: string;
  readonly checked: ReadonlySet<string> | undefined;
  readonly onChecked: (checked: ReadonlySet<string>) => void;
}

function Rows({ page, columns, rowHeight = 52, label, checked, onChecked }: RowsProps) {
  const { search, set } = page;
  const setColumn = (field: string, expression: string | undefined): void => {
    const others = Object.entries(search.columns ?? {}).filter(([name]) => name !== field);
    const next = expression === undefined ? others : [...others, [field, expression] as const];
    set({ columns: next.length === 0 ? undefined : Object.fromEntries(next) });
  };
  const check = (id: string, isChecked: boolean): void => {
    const others = [...(checked ?? [])].filter((one) => one !== id);
    onChecked(new Set(isChecked ? [...others, id] : others));
  };
  return (
    <RecordTable
      label={label}
      columns={columns}
      rows={page.rows}
      rowHeight={rowHeight}
      total={page.total ?? undefined}
      selectedId={search.id}
      onOpen={(record) => page.open(record.id)}
      onEnd={page.loadMore}
      isLoadingMore={page.isLoadingMore}
      sort={page.sort}
      onSort={(sort) => set({ sort })}
      filters={search.columns}
      onFilter={setColumn}
      checked={checked}
      onCheck={checked === undefined ? undefined : check}
    />
  );
}

/** New records wait behind a button: rows never move under the mouse. */
function FreshRows({ page }: { readonly page: ListPage }) {
  const { t } = useTranslation();
  if (page.fresh === 0) return undefined;
  return (
    <Button variant="light" radius={0} fullWidth style={{ flex: 'none' }} onClick={page.reload}>
      {t('list.newRows', { count: page.fresh })}
    </Button>
  );
}

const useTotal = ({ total, isTotalExact }: ListPage): string | undefined => {
  const { t } = useTranslation();
  if (total === undefined || total === null) return undefined;
  return isTotalExact ? formatNumber(total, currentLanguage()) : t('list.totalCapped', { count: total });
};

const faultOf = (page: ListPage): FilterFault | undefined => page.fault ?? toFilterFault(page.error);

const labelOf = ({ view, model }: ListPage): string => view?.label ?? inLanguage(model.pluralLabel);

function Toolbar({ page, title, actions }: Pick<ListPaneProps, 'page' | 'title' | 'actions'>) {
  const saveView = useSaveView(page);
  const deleteView = useDeleteView(page);
  const total = useTotal(page);
  const { search, set, model } = page;
  const { q = '', filter = '', view = '' } = search;
  return (
    <ListToolbar
      key={`${model.name}${view}${filter}`}
      title={title ?? labelOf(page)}
      total={total}
      q={q}
      onSearch={(next) => set({ q: next })}
      filter={filter}
      columns={search.columns}
      fault={faultOf(page)}
      onFilter={(next) => set({ filter: next })}
      onDeleteView={deleteView}
      onSaveView={isNarrowed(page) ? (name, isShared) => void saveView(name, isShared) : undefined}
    >
      {actions}
    </ListToolbar>
  );
}

/** A list with its head: search, filter, sort, selection, and all of its faces. */
export function ListPane(props: ListPaneProps) {
  const { page, columns, bulk = [] } = props;
  const canCheck = bulk.length > 0 && props.isCondensed !== true;
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const fault = faultOf(page);
  const hasRows = page.rows.length > 0 && page.error === null && fault === undefined;
  return (
    <div className={classes['pane']}>
      <Toolbar page={page} title={props.title} actions={props.actions} />
      {props.tabs}
      {checked.size > 0 && <BulkBar page={page} ids={checked} acts={bulk} onDone={() => setChecked(new Set())} />}
      <FreshRows page={page} />
      <div className={classes['body']}>
        {hasRows ? (
          <Rows
            page={page}
            columns={columns}
            label={labelOf(page)}
            checked={canCheck ? checked : undefined}
            onChecked={setChecked}
            rowHeight={props.rowHeight}
          />
        ) : (
          <NoRows page={page} fault={fault} emptyText={props.emptyText} emptyAction={props.emptyAction} />
        )}
      </div>
    </div>
  );
}
