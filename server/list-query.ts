import type { EntityModel, Field } from '../core/entity.ts';
import { LeitwerkError, type Issue, type Text } from '../core/errors.ts';
import { parseFilter, type Filter } from '../core/filter/index.ts';
import type { Context } from '../commands/context.ts';
import { filterOptions } from '../commands/filterOptions.ts';
import type { ListQuery, SortKey } from '../store/record-list.ts';

const largestLimit = 200;

/** The query of a collection, for the description of the API. */
export const listParameters = {
  filter: { type: 'string', description: 'Filter language: conditions joined with and, or, not, parentheses.' },
  sort: { type: 'string', description: 'Fields, `-` for descending: `-budget,createdAt`.' },
  limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  cursor: { type: 'string' },
  fields: { type: 'string' },
  q: { type: 'string', description: 'Words to search for.' },
  total: { enum: ['none', 'capped', 'exact'], default: 'none' },
  expand: { type: 'string', description: 'References whose names are wanted.' },
} as const;

const fault = (ctx: Context, path: string, text: Text): Issue => ({ path, code: 'query', message: text[ctx.language] });

/** Fields that this actor may see. */
export const readableFields = (ctx: Context, model: EntityModel): Field[] =>
  [...model.fields.values()].filter((field) => !field.isHidden && ctx.ability.isReadable(model.name, field.name));

/** @throws LeitwerkError `InvalidFilter` with position and what was expected. */
export const readFilter = (ctx: Context, model: EntityModel, text: string): Filter =>
  parseFilter(text, model, filterOptions(ctx, model));

const readLimit = (text: string | null, ctx: Context, usual = 50): number | Issue => {
  if (text === null) return usual;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= largestLimit) return limit;
  return fault(ctx, 'limit', {
    de: `limit liegt zwischen 1 und ${largestLimit}.`,
    en: `limit is between 1 and ${largestLimit}.`,
  });
};

const readSort = (text: string | null, fields: ReadonlyMap<string, Field>, ctx: Context): SortKey[] | Issue => {
  if (text === null || text === '') return [{ field: 'createdAt', isDescending: true }];
  const keys = text
    .split(',')
    .map((part) => ({ field: part.trim().replace(/^[-+]/, ''), isDescending: part.trim().startsWith('-') }));
  const wrong = keys.find(
    (key) => !fields.has(key.field) || ['json', 'list'].includes(fields.get(key.field)?.kind ?? 'json'),
  );
  if (wrong === undefined && keys.length <= 4) return keys;
  const name = wrong?.field ?? text;
  return fault(ctx, 'sort', {
    de: `Nach „${name}“ lässt sich nicht sortieren.`,
    en: `It is not possible to sort by "${name}".`,
  });
};

const readFields = (text: string | null, fields: ReadonlyMap<string, Field>, ctx: Context): Field[] | Issue => {
  if (text === null || text === '') return [...fields.values()];
  const names = new Set(['id', 'version', ...text.split(',').map((name) => name.trim())]);
  const wrong = [...names].find((name) => !fields.has(name));
  if (wrong !== undefined)
    return fault(ctx, 'fields', { de: `Das Feld „${wrong}“ gibt es nicht.`, en: `There is no field "${wrong}".` });
  return [...names].flatMap((name) => fields.get(name) ?? []);
};

const readTotal = (text: string | null, ctx: Context): 'none' | 'capped' | 'exact' | Issue => {
  if (text === null) return 'none';
  if (text === 'none' || text === 'capped' || text === 'exact') return text;
  return fault(ctx, 'total', { de: 'total ist none, capped oder exact.', en: 'total is none, capped or exact.' });
};

const isIssue = (value: unknown): value is Issue =>
  typeof value === 'object' && value !== null && 'path' in value && 'code' in value;

const refuse = (issues: readonly Issue[]): void => {
  if (issues.length === 0) return;
  const text = issues.map((one) => one.message).join(' ');
  throw new LeitwerkError('InvalidFilter', { issues, text: { de: text, en: text } });
};

/**
 * Reads which part of the audit log is wanted.
 * @throws LeitwerkError `InvalidFilter` (400) naming every wrong parameter.
 */
export function readAuditPage(
  ctx: Context,
  query: URLSearchParams,
): { readonly limit: number; readonly before: number | undefined } {
  const limit = readLimit(query.get('limit'), ctx, 100);
  const cursor = query.get('cursor');
  const before = /^\d{1,15}$/.test(cursor ?? '0')
    ? Number(cursor ?? 0)
    : fault(ctx, 'cursor', { de: 'cursor ist keine Nummer.', en: 'cursor is not a number.' });
  refuse([limit, before].filter(isIssue));
  return { limit: limit as number, before: cursor === null ? undefined : (before as number) };
}

/**
 * Reads the query of a collection.
 * @throws LeitwerkError `InvalidFilter` (400) naming every wrong parameter.
 */
export function readListQuery(ctx: Context, model: EntityModel, query: URLSearchParams): ListQuery {
  const fields = new Map(readableFields(ctx, model).map((field) => [field.name, field]));
  const limit = readLimit(query.get('limit'), ctx);
  const sort = readSort(query.get('sort'), fields, ctx);
  const chosen = readFields(query.get('fields'), fields, ctx);
  const total = readTotal(query.get('total'), ctx);
  refuse([limit, sort, chosen, total].filter(isIssue));
  const filter = query.get('filter');
  return {
    tenantId: ctx.actor.tenantId,
    rows: ctx.ability.rowFilter('read', model.name),
    filter: filter === null || filter === '' ? undefined : readFilter(ctx, model, filter),
    search: { text: query.get('q')?.slice(0, 200) ?? '', fields: [...fields.values()] },
    sort: sort as SortKey[],
    limit: limit as number,
    cursor: query.get('cursor') ?? undefined,
    fields: chosen as Field[],
    total: total as 'none' | 'capped' | 'exact',
  };
}
