import { isForbidden } from './json.ts';
import { isPlainObject } from './plain-object.ts';

/** Headers that prove who sends: neither kept nor mapped. */
const provingHeader = /authorization|cookie|signature/;

/** One step of a path: a name, a position in a list, or the first entry of a list whose member has a value. */
type Step = { readonly name: string } | { readonly index: number } | { readonly where: string; readonly is: string };

export interface MappingPath {
  readonly text: string;
  readonly isHeader: boolean;
  readonly steps: readonly Step[];
  /** Name of the top-level member that the path begins with. */
  readonly root: string;
}

/** `name` at the beginning or after a point; `["name"]`, `[0]`, `[member=value]`. Each text matches in one way only. */
const stepPattern =
  /(?:^|(?<!^)\.)(?<name>[^.[\]]+)|\[(?:"(?<double>[^"\]]*)"|'(?<single>[^'\]]*)'|(?<index>\d{1,4})|(?<where>[^=\]"']+)=(?<is>[^\]]*))\]/gy;

const toStep = (groups: Readonly<Record<string, string | undefined>>): Step => {
  const { index, where, is } = groups;
  if (index !== undefined) return { index: Number(index) };
  if (where !== undefined) return { where: where.trim(), is: (is ?? '').trim() };
  return { name: groups['name'] ?? groups['double'] ?? groups['single'] ?? '' };
};

/**
 * Reads `email`, `contact.email`, `items[0].name`, `field_data[name=email].values[0]`, `["odd.name"]`, `$header.x-campaign`.
 * Answers undefined for anything else.
 */
export function parseMappingPath(text: string): MappingPath | undefined {
  if (text.startsWith('$header.')) {
    const name = text.slice('$header.'.length).toLowerCase();
    return name === '' ? undefined : { text, isHeader: true, steps: [{ name }], root: name };
  }
  const matches = [...text.matchAll(stepPattern)];
  const isWhole = matches.reduce((length, match) => length + match[0].length, 0) === text.length;
  const steps = matches.map((match) => toStep(match.groups ?? {}));
  const [first] = steps;
  return isWhole && first !== undefined && 'name' in first
    ? { text, isHeader: false, steps, root: first.name }
    : undefined;
}

/** Whatever stands over a column, as the column is called: brackets and quotation marks would have a meaning in paths. */
export const columnName = (heading: string): string =>
  heading
    .replaceAll(/["[\]\p{Cc}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The path to a column, by its name or heading. */
export const columnPath = (heading: string): string => `["${columnName(heading)}"]`;

/** A heading that reads as no path (`Tel.`, `Preis [€]`) names its column. */
export const toColumnPath = (from: string): string => (parseMappingPath(from) === undefined ? columnPath(from) : from);

const member = (value: unknown, name: string): unknown =>
  isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** Name of the header that the path takes, where it may be kept. */
export const keptHeaderOf = ({ isHeader, root }: MappingPath): string | undefined =>
  isHeader && !provingHeader.test(root) ? root : undefined;

/** Position of the entry that a step into a list means; -1 = none. */
const positionOf = (step: Step, list: readonly unknown[]): number => {
  if ('index' in step) return step.index;
  return 'where' in step ? list.findIndex((item) => String(member(item, step.where)) === step.is) : -1;
};

const follow = (steps: readonly Step[], value: unknown): unknown => {
  let current = value;
  for (const step of steps) {
    if ('name' in step) current = member(current, step.name);
    else current = Array.isArray(current) ? (current[positionOf(step, current)] as unknown) : undefined;
    if (current === undefined) return undefined;
  }
  return current;
};

/** Follows the path through own members only; undefined = absent. */
export const followPath = (path: MappingPath, value: unknown): unknown => follow(path.steps, value);

/** Steps that begin with this name or position, without it. */
type Ways = readonly (readonly Step[])[];

/** What is left of an object: undefined when what was taken was all. */
const objectWithout = (value: Readonly<Record<string, unknown>>, ways: Ways): unknown => {
  const names = Object.keys(value);
  const rest = names.flatMap((name) => {
    const further = ways.filter(([step]) => step !== undefined && 'name' in step && step.name === name);
    const left = without(
      value[name],
      further.map((way) => way.slice(1)),
    );
    return left === undefined ? [] : [[name, left] as const];
  });
  return rest.length === 0 && names.length > 0 ? undefined : Object.fromEntries(rest);
};

/** An entry that is known by the value of its member `where` is taken when nothing but that member is left of it. */
const entryWithout = (item: unknown, where: string | undefined, ways: Ways): unknown => {
  const left = without(item, ways);
  const isTaken = where !== undefined && ways.some((way) => follow(way, item) !== undefined);
  const hasMore = typeof left !== 'object' || left === null || Object.keys(left).some((name) => name !== where);
  return isTaken && !hasMore ? undefined : left;
};

const listWithout = (list: readonly unknown[], ways: Ways): unknown => {
  const placed = ways.flatMap(([step, ...further]) =>
    step === undefined || 'name' in step ? [] : [{ step, further, position: positionOf(step, list) }],
  );
  const names = new Set(placed.flatMap(({ step }) => ('where' in step ? [step.where] : [])));
  const [where] = names.size === 1 ? names : [];
  const rest = list.flatMap((item, index) => {
    const here = placed.filter(({ position }) => position === index);
    const left = entryWithout(
      item,
      where,
      here.map(({ further }) => further),
    );
    return left === undefined ? [] : [left];
  });
  if (rest.length === 0 && list.length > 0) return undefined;
  return (where === undefined ? undefined : pairsByName(rest, where)) ?? rest;
};

/** `[{name: 'Farbe', values: ['blau']}]` → `{Farbe: 'blau'}`; undefined for entries whose names do not tell them apart. */
const pairsByName = (list: readonly unknown[], where: string): Record<string, unknown> | undefined => {
  const pairs = new Map<string, unknown>();
  for (const item of list) {
    const name = member(item, where);
    if (typeof name !== 'string' || isForbidden(name) || pairs.has(name)) return undefined;
    const { [where]: _name, ...rest } = item as Record<string, unknown>;
    const values = Object.values(rest);
    const value = values.length === 1 ? values[0] : rest;
    pairs.set(name, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value);
  }
  return Object.fromEntries(pairs);
};

const without = (value: unknown, ways: Ways): unknown => {
  if (ways.length === 0) return value;
  if (ways.some((way) => way.length === 0)) return undefined;
  if (Array.isArray(value)) return listWithout(value, ways);
  return typeof value === 'object' && value !== null
    ? objectWithout(value as Readonly<Record<string, unknown>>, ways)
    : value;
};

/**
 * What is left of a top-level member when the paths into it have been followed; undefined = nothing. Lists whose entries the paths tell apart
 * by a member (`[name=email]`) are answered as that member's value → the rest.
 */
export const withoutTaken = (value: unknown, paths: readonly MappingPath[]): unknown =>
  without(
    value,
    paths.map(({ steps }) => steps.slice(1)),
  );
