import { useNavigate } from '@tanstack/react-router';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { clearFresh, useFreshCount } from '../api/live.ts';
import { useChoices } from '../api/choices.ts';
import { listQuery, useEntities, useSession, type ListRequest } from '../api/queries.ts';
import { currentLanguage } from '../i18n/index.ts';
import { findFilterFault, type FilterFault } from '../model/check-filter.ts';
import type { OneRecord, Page, RecordValue } from '../api/types.ts';
import { useViews } from '../api/views.ts';
import { joinFilters, type ListSearch } from '../app/search.ts';
import type { EntityModel } from '../../core/entity.ts';
import type { View } from '../model/views.ts';
import { useNow } from './use-now.ts';

interface ListPageInput {
  readonly entity: string;
  readonly search: ListSearch;
  readonly defaultSort?: string | undefined;
  readonly expand?: string | undefined;
  /** Filter of a page's own tabs, beside the views. */
  readonly filter?: string | undefined;
}

/** Everything a list page needs, from its address. */
export interface ListPage {
  readonly model: EntityModel;
  readonly search: ListSearch;
  readonly view: View | undefined;
  readonly views: readonly View[];
  readonly sort: string | undefined;
  readonly rows: readonly RecordValue[];
  readonly labels: Readonly<Record<string, string>>;
  readonly total: number | null | undefined;
  readonly isTotalExact: boolean;
  readonly isPending: boolean;
  readonly isLoadingMore: boolean;
  readonly error: unknown;
  /** What is wrong in the filter or in a column head; nothing is asked for then. */
  readonly fault: FilterFault | undefined;
  readonly fresh: number;
  readonly openRecord: RecordValue | undefined;
  readonly set: (change: { readonly [Name in keyof ListSearch]?: ListSearch[Name] | undefined }) => void;
  readonly open: (id: string | undefined) => void;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

function useFilterFault(search: ListSearch, model: EntityModel): FilterFault | undefined {
  const { user } = useSession();
  const choicesOf = useChoices(model);
  const now = useNow();
  if (search.filter === undefined && search.columns === undefined) return undefined;
  const choices = (name: string) => {
    const field = model.fields.get(name);
    const known = field === undefined ? [] : choicesOf(field);
    return known.length === 0
      ? undefined
      : known.map(({ value, label }) => ({ key: value, label: { de: label, en: label } }));
  };
  const options = { now, me: user.id, team: user.team ?? undefined, choices, language: currentLanguage() };
  return findFilterFault({ filter: search.filter, columns: search.columns }, model, options);
}

/** The view that the address names; the inbox opens with its first one. */
function useView(entity: string, search: ListSearch) {
  const views = useViews(entity);
  const key = search.view ?? (entity === 'lead' ? views[0]?.key : undefined);
  return { views, view: views.find((one) => one.key === key) };
}

/** Keeps what is set: an absent member is not the same as an undefined one. */
const given = <Value extends object>(values: Value): { [Name in keyof Value]?: Exclude<Value[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

type Asked = Omit<ListPageInput, 'entity'> & {
  readonly plural: string;
  readonly view: Omit<View, 'label'> | undefined;
};

/** What the server is asked for, from what the address says. */
export const toListRequest = ({ plural, search, view, defaultSort, expand, filter }: Asked): ListRequest => ({
  plural,
  ...given({
    filter: joinFilters(search, filter ?? view?.filter),
    q: search.q,
    sort: search.sort ?? view?.sort ?? defaultSort,
    expand,
  }),
});

export function useListPage({ entity, search, defaultSort, expand, filter: own }: ListPageInput): ListPage {
  const model = useEntities().byName.get(entity);
  if (model === undefined) throw new Error(`no schema for ${entity}`);
  const client = useQueryClient();
  const navigate = useNavigate();
  const { views, view } = useView(entity, search);
  const fault = useFilterFault(search, model);
  const asked = toListRequest({ plural: model.plural, search, view, defaultSort, expand, filter: own });
  const list = useInfiniteQuery(listQuery({ ...asked, isEnabled: fault === undefined }));
  const fresh = useFreshCount(entity);
  const pages = list.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.data);
  const single = client.getQueryData<OneRecord>(['record', model.plural, search.id ?? '']);
  const set: ListPage['set'] = (change) =>
    void navigate({
      to: '.',
      search: (known: ListSearch) => given({ ...known, ...change }),
      replace: !('id' in change),
    });
  const isEmpty = list.isSuccess && rows.length === 0;
  // Where there is nothing, nothing moves under the mouse.
  useEffect(() => {
    if (fresh === 0 || !isEmpty) return;
    clearFresh(entity);
    void client.invalidateQueries({ queryKey: ['list', model.plural] });
  }, [client, entity, fresh, isEmpty, model.plural]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const loadMore = useCallback((): void => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  return {
    model,
    search,
    view,
    views,
    sort: asked.sort,
    rows,
    labels: labelsOf(pages),
    ...totalOf(pages),
    isPending: list.isPending,
    isLoadingMore: isFetchingNextPage,
    error: list.error,
    fault,
    fresh,
    openRecord: single?.data ?? rows.find((row) => row.id === search.id),
    set,
    open: (id) => set({ id }),
    loadMore,
    reload: () => {
      clearFresh(entity);
      void client.resetQueries({ queryKey: ['list', model.plural] });
    },
  };
}

const labelsOf = (pages: readonly Page[]): Readonly<Record<string, string>> =>
  Object.fromEntries(pages.flatMap(({ _labels: labels = {} }) => Object.entries(labels)));

const totalOf = ([first]: readonly Page[]) => ({
  total: first?.page.total,
  isTotalExact: first?.page.totalExact ?? true,
});
