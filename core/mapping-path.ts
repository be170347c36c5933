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

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** Follows the path through own members only; undefined = absent. */
export function followPath(path: MappingPath, value: unknown): unknown {
  let current = value;
  for (const step of path.steps) {
    if ('name' in step) current = member(current, step.name);
    else if (!Array.isArray(current)) return undefined;
    else if ('index' in step) current = current[step.index] as unknown;
    else current = current.find((item: unknown) => String(member(item, step.where)) === step.is) as unknown;
    if (current === undefined) return undefined;
  }
  return current;
}
