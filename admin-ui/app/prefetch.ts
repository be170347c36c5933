import type { QueryClient } from '@tanstack/react-query';
import { configQuery, listQuery, usersQuery } from '../api/queries.ts';
import { savedViewsQuery } from '../api/views.ts';
import { toListRequest } from '../components/use-list-page.ts';
import { builtInViews } from '../model/views.ts';
import type { ListSearch } from './search.ts';

/** How the inbox is listed unless its address says otherwise. */
export const inboxList = { defaultSort: '-createdAt', expand: 'organization' } as const;

/** Settings that the inbox puts into words. */
const settings = ['pipelines', 'calendars', 'sources', 'priorities', 'tags'];

/** Asks at once for all that the inbox begins with, instead of each part asking when it is drawn. What is there already stays. */
export function prefetchInbox(client: QueryClient, search: ListSearch): void {
  const isThere = { staleTime: 'static' } as const;
  // Whatever fails is asked for again, and told of, by the part of the page that needs it.
  const ignore = (): void => undefined;
  const [first, ...others] = builtInViews('lead');
  const view = search.view === undefined ? first : others.find(({ key }) => key === search.view);
  // A typed filter is checked first; a saved view has to be fetched before its rows.
  if (view !== undefined && search.filter === undefined && search.columns === undefined) {
    const list = listQuery(toListRequest({ plural: 'leads', search, view, ...inboxList }));
    client.infiniteQuery({ ...list, ...isThere }).catch(ignore);
  }
  for (const kind of settings) client.query({ ...configQuery(kind), ...isThere }).catch(ignore);
  client.query({ ...usersQuery, ...isThere }).catch(ignore);
  client.query({ ...savedViewsQuery('lead'), ...isThere }).catch(ignore);
}
