import type { EntityModel } from '../core/entity.ts';
import { isAscii, type Filter, type FilterCondition } from '../core/filter/index.ts';
import type { ListQuery } from './record-list.ts';

/** Whether an index begins with the field. */
const hasIndex = (model: EntityModel, name: string): boolean =>
  model.fields.get(name)?.isIndexed === true || model.indexes.some(([first]) => first === name);

/** Texts with other letters are compared folded, which no index is. */
const isPlain = (condition: FilterCondition): boolean => {
  if (condition.is === 'compare') return isAscii(String(condition.value));
  return condition.is === 'empty' || (condition.is === 'in' && isAscii(condition.values.join('')));
};

const isLedToByIndexes = (filter: Filter, model: EntityModel): boolean => {
  switch (filter.is) {
    case 'and':
    case 'or':
      return filter.parts.every((part) => isLedToByIndexes(part, model));
    case 'not':
      return false;
    default:
      return filter.field === 'id' || (isPlain(filter) && hasIndex(model, filter.field));
  }
};

/**
 * Whether a query may have to look at every record: it searches texts, asks for what no index has, or sorts by it.
 * In doubt it may: the thread for such queries costs a tenth of a millisecond, a scan in the wrong place holds up everybody.
 */
export function needsScan(
  model: EntityModel,
  { rows, filter, search, sort = [] }: Partial<Pick<ListQuery, 'rows' | 'filter' | 'search' | 'sort'>>,
): boolean {
  if (search !== undefined && search.text.trim() !== '') return true;
  // Many may have owners that the reader may not see.
  if (typeof rows === 'object' && rows.is === 'linked') return true;
  const filters = [filter, rows === 'none' ? undefined : rows].filter((one) => one !== undefined);
  const [first] = sort;
  return filters.some((one) => !isLedToByIndexes(one, model)) || (first !== undefined && !hasIndex(model, first.field));
}
