import { queryOptions, keepPreviousData } from '@tanstack/react-query';
import type { Mapping } from '../../core/mapping.ts';
import { queryString, read, request, type FieldIssue } from './client.ts';
import type { OneRecord, RecordValue } from './types.ts';

/** How a draft's file is read, and what its first rows would become. */
export interface ImportPreview {
  readonly sheets: readonly { readonly name: string; readonly isHidden: boolean }[] | null;
  readonly sheet: string | null;
  readonly encoding: string;
  readonly delimiter: string | null;
  readonly header: boolean;
  readonly decimal: string | null;
  readonly expected: number;
  readonly columns: readonly { readonly name: string; readonly samples: readonly string[] }[];
  readonly notes: readonly string[];
  /** Why no row can be taken. */
  readonly fault: string | null;
  readonly mapping: Mapping;
  readonly isMappingSuggested: boolean;
  /** Where a record keeps what no field takes. */
  readonly unmapped: 'additional' | 'note' | 'none';
  readonly matchKeys: readonly string[];
  readonly processes: string | null;
  readonly former: { readonly id: string; readonly fileName: string; readonly at: string } | null;
  readonly rows: readonly {
    readonly line: number;
    readonly cells: readonly string[];
    readonly values?: Readonly<Record<string, unknown>>;
    readonly issues: readonly FieldIssue[];
  }[];
}

export interface ImportRow {
  readonly line: number;
  readonly outcome: string;
  readonly recordId: string | null;
  readonly reasons: readonly { readonly code: string; readonly message: string; readonly field: string | null }[];
  readonly cells: readonly string[];
  readonly isEdited: boolean;
}

export interface ImportRows {
  readonly columns: readonly string[];
  readonly rows: readonly ImportRow[];
  readonly next: number | null;
}

/** Words of an import by name; empty takes one back. */
export type ImportWords = Readonly<Record<string, unknown>>;

const hurryMs = 1_000;

const isMoving = (record: RecordValue | undefined): boolean =>
  record?.['state'] === 'queued' || record?.['state'] === 'running' || record?.['undoState'] === 'running';

/** An import, looked at again and again as long as something moves: its progress is no change that anybody is told of. */
export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ['record', 'imports', id],
    queryFn: async ({ signal }): Promise<OneRecord> =>
      (await request<OneRecord>('GET', `/imports/${id}`, { signal })).body,
    refetchInterval: ({ state }) => (isMoving(state.data?.data) ? hurryMs : false),
  });

/** Processes of the import's records that have not begun yet; while rows still come, there may be more. */
export const waitingQuery = (id: string, isOpen: boolean) =>
  queryOptions({
    queryKey: ['import-processes', id],
    queryFn: async ({ signal }) =>
      (await read<{ readonly waiting: number }>(`/imports/${id}/processes`, signal)).waiting,
    refetchInterval: ({ state }) => (state.data === 0 && !isOpen ? false : 2 * hurryMs),
  });

/** The newest imports, of one source where one is named. */
export const importsQuery = (source: string | undefined) =>
  queryOptions({
    queryKey: ['list', 'imports', 'related', source ?? 'all'],
    queryFn: async () => {
      const filter = source === undefined ? undefined : `source = "${source}"`;
      return await read<RecordValue[]>(
        `/imports${queryString({ sort: '-createdAt', limit: 100, total: 'none', filter })}`,
      );
    },
    refetchInterval: ({ state }) => (state.data?.some(isMoving) === true ? hurryMs : false),
  });

export const previewQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['import-preview', id, version],
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => await read<ImportPreview>(`/imports/${id}/preview?rows=12`, signal),
  });

export const rowsQuery = (id: string, outcome: string, page: { readonly run: string; readonly after: number }) =>
  queryOptions({
    queryKey: ['import-rows', id, outcome, page],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<ImportRows> => {
      const query = queryString({ outcome, after: page.after, limit: 25 });
      const { body } = await request<{ data: Omit<ImportRows, 'next'>; page: { next: number | null } }>(
        'GET',
        `/imports/${id}/rows${query}`,
        { signal },
      );
      return { ...body.data, next: body.page.next };
    },
  });

/** Stores a file, or pasted text, as a draft. A preset starts it at once. */
export async function uploadImport(
  content: { readonly file: File } | { readonly text: string },
  words: Readonly<Record<string, string>>,
): Promise<RecordValue> {
  if ('text' in content)
    return (await request<OneRecord>('POST', '/imports', { body: { text: content.text, ...words } })).body.data;
  const form = new FormData();
  for (const [name, value] of Object.entries(words)) form.set(name, value);
  form.set('file', content.file, content.file.name);
  return (await request<OneRecord>('POST', '/imports', { form })).body.data;
}

export async function changeImport(id: string, words: ImportWords): Promise<OneRecord> {
  return (await request<OneRecord>('PATCH', `/imports/${id}`, { body: words })).body;
}

export async function actOnImport(id: string, act: string): Promise<OneRecord> {
  return (await request<OneRecord>('POST', `/imports/${id}/${act}`, { body: {} })).body;
}

export async function fixImportRow(id: string, line: number, cells: readonly string[] | null): Promise<ImportRow> {
  return (await request<{ data: ImportRow }>('PUT', `/imports/${id}/rows/${line}`, { body: { cells } })).body.data;
}
