import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { textOf } from '../model/entities.ts';
import { builtInViews, type View } from '../model/views.ts';
import { countsQuery, relatedQuery } from './queries.ts';
import type { RecordValue } from './types.ts';

const toView = (record: RecordValue): View => {
  const sort = textOf(record, 'sort');
  const view = {
    key: record.id,
    savedId: record.id,
    label: textOf(record, 'name') ?? '',
    filter: textOf(record, 'filter') ?? '',
  };
  return sort === undefined ? view : { ...view, sort };
};

export const savedViewsQuery = (entity: string) =>
  relatedQuery({ plural: 'saved-views', filter: `entity = "${entity}"`, sort: 'position', limit: 100 });

/** Views of an entity: the built-in ones, then those that people saved. */
export function useViews(entity: string): readonly View[] {
  const { t } = useTranslation();
  const saved = useQuery(savedViewsQuery(entity));
  const shipped = builtInViews(entity).map((view) => ({ ...view, label: t(`view.${view.key}`) }));
  return [...shipped, ...(saved.data?.data ?? []).map(toView)];
}

/** How many records each view holds right now, by the view's key. */
export function useViewCounts(plural: string, views: readonly View[]): ReadonlyMap<string, number> {
  const filters = views.map((view) => view.filter);
  const counts = useQuery({ ...countsQuery(plural, filters), enabled: views.length > 0 });
  return new Map(
    views.flatMap((view, index) => {
      const count = counts.data?.[index];
      return count === undefined ? [] : [[view.key, count] as const];
    }),
  );
}
