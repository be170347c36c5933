import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { OneRecord, Page, RecordValue } from './types.ts';

type Pages = InfiniteData<Page, string>;

const isPages = (data: unknown): data is Pages => typeof data === 'object' && data !== null && 'pages' in data;

const replaceIn = (pages: Pages, record: RecordValue): Pages => ({
  ...pages,
  pages: pages.pages.map((page) =>
    page.data.some((row) => row.id === record.id)
      ? { ...page, data: page.data.map((row) => (row.id === record.id ? { ...row, ...record } : row)) }
      : page,
  ),
});

/** Puts a newer version of a record wherever it is shown. Rows keep their place until the list is asked for again. */
export function applyRecord(client: QueryClient, plural: string, record: RecordValue | undefined): void {
  if (record?.id === undefined) return;
  client.setQueryData<OneRecord>(['record', plural, record.id], (known) =>
    known === undefined || known.data.version > record.version
      ? known
      : { ...known, data: { ...known.data, ...record } },
  );
  for (const [key, data] of client.getQueriesData({ queryKey: ['list', plural] })) {
    if (isPages(data)) client.setQueryData(key, replaceIn(data, record));
  }
}

/** Ids of a kind that some open list shows. */
export function shownIds(client: QueryClient, plural: string): ReadonlySet<string> {
  const lists = client
    .getQueriesData({ queryKey: ['list', plural] })
    .flatMap(([, data]) => (isPages(data) ? [data] : []));
  return new Set(lists.flatMap((list) => list.pages.flatMap((page) => page.data.map((row) => row.id))));
}

/** Small answers that hang on any record: asked for again after a write. Long lists are not among them. */
export function refreshAround(client: QueryClient): void {
  void client.invalidateQueries({
    predicate: ({ queryKey: [kind, , part] }) =>
      kind === 'counts' ||
      kind === 'process' ||
      kind === 'matches' ||
      kind === 'record' ||
      (kind === 'list' && part === 'related'),
  });
}
