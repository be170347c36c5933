import { escapePointer, type Fault } from './faults.ts';
import { isPlainObject } from '../plain-object.ts';
import type { RevisionKind } from './kinds.ts';

interface Judging {
  /** Without the first of these nothing can be judged; without the others neither, where the text has them. */
  readonly needs: readonly string[];
  /** Codes of faults that may come from what was left out. */
  readonly unsure: ReadonlySet<string>;
}

/** Kinds whose parts mean something each on its own. */
const judged: Partial<Record<RevisionKind, Judging>> = {
  sources: { needs: ['auth'], unsure: new Set(['required', 'preset', 'kind', 'column']) },
  roles: { needs: ['can'], unsure: new Set(['superadmin']) },
  mappings: { needs: ['rows', 'entity', 'file'], unsure: new Set() },
};

type Values = Readonly<Record<string, unknown>>;

/** A value without some of its nodes, and where those that are left were. */
class Remainder {
  readonly value: unknown;
  /** Former positions of the entries of lists, by the pointer of the list. */
  readonly #positions = new Map<string, readonly number[]>();

  constructor(value: unknown, dropped: ReadonlySet<string>) {
    this.value = this.#without(value, { from: '', to: '' }, dropped);
  }

  #without(value: unknown, at: { readonly from: string; readonly to: string }, dropped: ReadonlySet<string>): unknown {
    const inner = (part: string | number, place: string | number = part): { from: string; to: string } => ({
      from: `${at.from}/${escapePointer(String(part))}`,
      to: `${at.to}/${escapePointer(String(place))}`,
    });
    if (Array.isArray(value)) {
      const kept = value.map((_, position) => position).filter((position) => !dropped.has(inner(position).from));
      this.#positions.set(at.to, kept);
      return kept.map((position, place) => this.#without(value[position], inner(position, place), dropped));
    }
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !dropped.has(inner(name).from))
        .map(([name, one]) => [name, this.#without(one, inner(name), dropped)]),
    );
  }

  /** The pointer in the whole value. */
  formerPath(path: string): string {
    let [at, former] = ['', ''];
    for (const part of path.split('/').slice(1)) {
      former += `/${this.#positions.get(at)?.[Number(part)] ?? part}`;
      at += `/${part}`;
    }
    return former;
  }
}

/** What is missing at the top leaves the rest as it is. */
const isBearable = ({ path, code }: Fault): boolean => path === '' && code === 'required';

/** Leaves out what breaks the schema until the rest passes it; undefined where nothing is left. */
const soundPart = (value: unknown, check: (value: unknown) => readonly Fault[]): Remainder | undefined => {
  const dropped = new Set<string>();
  for (;;) {
    const part = new Remainder(value, dropped);
    const paths = check(part.value)
      .filter((fault) => !isBearable(fault))
      .map(({ path }) => part.formerPath(path));
    if (paths.length === 0) return part;
    // What names nothing that could be left out would be found again for ever.
    if (paths.includes('') || paths.every((path) => dropped.has(path))) return undefined;
    for (const path of paths) dropped.add(path);
  }
};

/**
 * Faults of meaning in those parts of a text that have the right shape: an author sees them together with the faults of shape.
 * `check` says what breaks the schema, `judge` what a value that passes it means.
 */
export function faultsOfSoundPart<V>(
  kind: RevisionKind,
  value: unknown,
  { check, judge }: { readonly check: (value: unknown) => readonly Fault[]; readonly judge: (value: V) => Fault[] },
): Fault[] {
  const judging = judged[kind];
  const part = judging === undefined || !isPlainObject(value) ? undefined : soundPart(value, check);
  if (judging === undefined || !isPlainObject(value) || part === undefined) return [];
  const sound = part.value as Values;
  const isLacking = (name: string, index: number): boolean => !(name in sound) && (index === 0 || name in value);
  if (judging.needs.some(isLacking)) return [];
  return judge(sound as V)
    .filter(({ code }) => !judging.unsure.has(code))
    .map((fault) => ({ ...fault, path: part.formerPath(fault.path) }));
}
