/**
 * What the address of a list says: the view, the filter, the order and the open record. Members are present and
 * undefined where the address says nothing readable: the router would keep the raw value of an absent one.
 */
export interface ListSearch {
  readonly view?: string | undefined;
  readonly filter?: string | undefined;
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
  /** Column expressions (X8) by field name. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  readonly id?: string | undefined;
  /** Opens the form of a new record. */
  readonly new?: string | undefined;
}

export function toText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const toColumns = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).flatMap(([name, text]) => {
    const known = toText(text);
    return known === undefined ? [] : [[name, known] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};

/** Reads the address; whatever is not understood is left out. */
export function toListSearch(search: Record<string, unknown>): ListSearch {
  return {
    view: toText(search['view']),
    filter: toText(search['filter']),
    q: toText(search['q']),
    sort: toText(search['sort']),
    columns: toColumns(search['columns']),
    id: toText(search['id']),
    new: toText(search['new']),
  };
}

/** A path of this app: `//host`, `/\host` and `https:` would leave it. */
export function toInternalPath(value: unknown): string | undefined {
  const path = toText(value);
  return path !== undefined && /^\/(?![/\\])/.test(path) ? path : undefined;
}

/** One filter text from the view's, the typed one and the column heads'. */
export function joinFilters(search: ListSearch, viewFilter: string | undefined): string | undefined {
  const columns = Object.entries(search.columns ?? {}).map(([field, expression]) => `${field}: ${expression}`);
  const parts = [viewFilter, search.filter, ...columns].filter((part) => part !== undefined && part.trim() !== '');
  if (parts.length === 0) return undefined;
  return parts.length === 1 ? parts[0] : parts.map((part) => `(${part ?? ''})`).join(' and ');
}
