/** What the address of a list says: the view, the filter, the order and the open record. */
export interface ListSearch {
  readonly view?: string;
  readonly filter?: string;
  readonly q?: string;
  readonly sort?: string;
  /** Column expressions (X8) by field name. */
  readonly columns?: Readonly<Record<string, string>>;
  readonly id?: string;
  /** Opens the form of a new record. */
  readonly new?: string;
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
  const read = <Name extends 'view' | 'filter' | 'q' | 'sort' | 'id' | 'new'>(name: Name) => {
    const value = toText(search[name]);
    return value === undefined ? {} : { [name]: value };
  };
  const columns = toColumns(search['columns']);
  return {
    ...read('view'),
    ...read('filter'),
    ...read('q'),
    ...read('sort'),
    ...read('id'),
    ...read('new'),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** One filter text from the view's, the typed one and the column heads'. */
export function joinFilters(search: ListSearch, viewFilter: string | undefined): string | undefined {
  const columns = Object.entries(search.columns ?? {}).map(([field, expression]) => `${field}: ${expression}`);
  const parts = [viewFilter, search.filter, ...columns].filter((part) => part !== undefined && part.trim() !== '');
  if (parts.length === 0) return undefined;
  return parts.length === 1 ? parts[0] : parts.map((part) => `(${part ?? ''})`).join(' and ');
}
