import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query';
import { toEntities, type Entities } from '../model/entities.ts';
import { ApiError, queryString, read, request } from './client.ts';
import type {
  ConfigItem,
  Connection,
  DuplicatePair,
  Matches,
  Notice,
  OneRecord,
  Operations,
  Page,
  ParsedMessage,
  ProcessView,
  PublishedSchema,
  SearchHit,
  Session,
  SourceFigures,
  User,
} from './types.ts';

const minute = 60_000;

/** Outside systems that the company is connected with. */
export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  refetchInterval: 15_000,
  queryFn: async () => await read<Connection[]>('/connections'),
});

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['me'],
  staleTime: 5 * minute,
  queryFn: async (): Promise<Session | null> => {
    try {
      return await read<Session>('/me');
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async () => await read<{ needed: boolean }>('/setup'),
});

export const entitiesQuery = queryOptions({
  queryKey: ['schemas'],
  staleTime: minute,
  queryFn: async (): Promise<Entities> => toEntities(await read<PublishedSchema[]>('/schemas')),
});

export const usersQuery = queryOptions({
  queryKey: ['users'],
  staleTime: minute,
  queryFn: async () => await read<User[]>('/users'),
});

export const configQuery = (kind: string) =>
  queryOptions({
    queryKey: ['config', kind],
    staleTime: minute,
    queryFn: async () => await read<ConfigItem[]>(`/config/${kind}`),
  });

/** One revision of a pipeline, as it was published: it never changes. */
export const pipelineQuery = (key: string, revision: number) =>
  queryOptions({
    queryKey: ['pipeline', key, revision],
    staleTime: 'static',
    gcTime: Number.POSITIVE_INFINITY,
    queryFn: async () => await read<ConfigItem>(`/config/pipelines/${key}/revisions/${revision}`),
  });

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: async () => await read<SourceFigures[]>('/sources'),
});

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  staleTime: minute,
  queryFn: async () => {
    const { body } = await request<{ data: Notice[]; unread: number }>('GET', '/notices');
    return { notices: body.data, unread: body.unread };
  },
});

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  refetchInterval: 15_000,
  queryFn: async () => await read<Operations>('/operations'),
});

/** What a list shows: everything that its address says. */
export interface ListRequest {
  readonly plural: string;
  readonly filter?: string;
  readonly q?: string;
  readonly sort?: string;
  readonly expand?: string;
  readonly limit?: number;
  readonly isEnabled?: boolean;
}

/** A list that grows while the person scrolls; the old rows stay until the new ones are there. */
export const listQuery = ({ plural, isEnabled = true, ...query }: ListRequest) =>
  infiniteQueryOptions({
    enabled: isEnabled,
    queryKey: ['list', plural, query],
    initialPageParam: '',
    placeholderData: keepPreviousData,
    // To compare every row that is there with itself would take longer the further somebody scrolls.
    structuralSharing: false,
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const parameters = {
        ...query,
        limit: query.limit ?? 100,
        cursor: pageParam,
        total: pageParam === '' ? 'exact' : 'none',
      };
      return (await request<Page>('GET', `/${plural}${queryString(parameters)}`, { signal })).body;
    },
    getNextPageParam: (page) => page.page.next ?? undefined,
  });

export const recordQuery = (plural: string, id: string, expand?: string) =>
  queryOptions({
    queryKey: ['record', plural, id],
    queryFn: async ({ signal }): Promise<OneRecord> =>
      (await request<OneRecord>('GET', `/${plural}/${id}${queryString({ expand })}`, { signal })).body,
  });

/** Records of any kind by their name, number or address; from two characters on. */
export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['search', text],
    enabled: text.length > 1,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => await read<SearchHit[]>(`/search${queryString({ q: text })}`, signal),
  });

export const relatedQuery = (list: Omit<ListRequest, 'isEnabled'>) =>
  queryOptions({
    queryKey: ['list', list.plural, 'related', list],
    queryFn: async ({ signal }): Promise<Page> => {
      const { plural, ...query } = list;
      return (await request<Page>('GET', `/${plural}${queryString({ ...query, total: 'none' })}`, { signal })).body;
    },
  });

export const countsQuery = (plural: string, filters: readonly string[]) =>
  queryOptions({
    queryKey: ['counts', plural, filters],
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    queryFn: async () =>
      (await request<{ data: number[] }>('POST', `/${plural}/count`, { body: { filters } })).body.data,
  });

export const matchesQuery = (id: string) =>
  queryOptions({ queryKey: ['matches', id], queryFn: async () => await read<Matches>(`/leads/${id}/matches`) });

export const duplicatesQuery = (plural: string, state: DuplicatePair['state']) =>
  infiniteQueryOptions({
    queryKey: ['list', plural, 'related', 'duplicates', state],
    initialPageParam: '',
    queryFn: async ({ pageParam }) =>
      (
        await request<{ data: DuplicatePair[]; page: { next: string | null } }>(
          'GET',
          `/${plural}/duplicates${queryString({ state, cursor: pageParam })}`,
        )
      ).body,
    getNextPageParam: ({ page }) => page.next ?? undefined,
  });

/** What is made of a message depends on its version: what is tried with it or fetched for it makes another. */
export const parsedQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['parsed', id, version],
    queryFn: async () => await read<ParsedMessage>(`/intake-messages/${id}/parsed`),
  });

export const processQuery = (id: string) =>
  queryOptions({ queryKey: ['process', id], queryFn: async () => await read<ProcessView>(`/leads/${id}/process`) });

/** The signed-in session; only used below the door that makes sure of it. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new ApiError({ title: 'signed out', status: 401, code: 'Unauthenticated' });
  return data;
}

export function useEntities(): Entities {
  return useSuspenseQuery(entitiesQuery).data;
}

export function useUsers(): readonly User[] {
  return useQuery(usersQuery).data ?? [];
}

export function useConfig(kind: string): readonly ConfigItem[] {
  return useQuery(configQuery(kind)).data ?? [];
}
