import { suggestMapping, toColumnPaths } from '../core/import-columns.ts';
import { columnName } from '../core/mapping-path.ts';
import { createMapper, type Mapped, type Mapper, type MapperOptions, type Mapping } from '../core/mapping.ts';
import type { Source } from './source.ts';

/** Sets of headings whose mapper is kept; a table has one as long as nobody changes them. */
const mostKept = 20;

/** A sender does not get to name users or other records by a heading; a mapping row may. */
const suggested = ({ model }: MapperOptions, columns: readonly string[]): Mapping => {
  const { rows, ...rest } = suggestMapping(model, columns);
  return { ...rest, rows: rows.filter(({ to }) => model.fields.get(to)?.kind !== 'reference') };
};

/**
 * Maps rows of a table that are pushed (`{"E-Mail": "…", "Nr": "…"}`) as they are when they are fetched or come in a file: by the source's
 * mapping with headings as names, else by the headings; without the columns that we fill in; empty cells say nothing.
 */
export const createRowMapper =
  ({ sheet }: Source) =>
  (options: MapperOptions): Mapper => {
    const own = new Set([sheet?.writeBack?.status, sheet?.writeBack?.link]);
    const mappers = new Map<string, Mapper>();
    const mapperFor = (columns: readonly string[]): Mapper => {
      const id = columns.join('\u0000');
      const kept = mappers.get(id);
      if (kept !== undefined) return kept;
      const { mapping } = options;
      const made = createMapper({
        ...options,
        mapping: mapping === undefined ? suggested(options, columns) : toColumnPaths(mapping, columns),
      });
      if (mappers.size >= mostKept) mappers.clear();
      mappers.set(id, made);
      return made;
    };
    return ({ body, headers }, language): Mapped => {
      const cells = Object.entries(body)
        .map(([name, value]) => [columnName(name), typeof value === 'string' ? value.trim() : value] as const)
        .filter(([name]) => !own.has(name));
      const mapper = mapperFor(cells.map(([name]) => name));
      const row = Object.fromEntries(cells.filter(([, value]) => value !== ''));
      const key = sheet?.keyColumn === undefined ? undefined : row[sheet.keyColumn];
      const mapped = mapper({ body: row, headers }, language);
      return typeof key === 'string' ? { ...mapped, key } : mapped;
    };
  };
