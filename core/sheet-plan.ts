/** A row of a sheet as it was read: its number in the sheet, and its cells by column, empty ones left out. */
export interface SheetRow {
  readonly number: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** What is known of a row that was read before. */
export interface KnownRow {
  readonly identity: string;
  readonly position: number | null;
  readonly hash: string | null;
  /** Short hash of each cell by column. */
  readonly cells: Readonly<Record<string, string>> | null;
}

export interface PlannedRow<K extends KnownRow> {
  readonly row: SheetRow;
  /** What the row is known by, wherever it stands. */
  readonly identity: string;
  readonly hash: string;
  readonly cells: Readonly<Record<string, string>>;
  readonly known: K | undefined;
  /** `double`: a row above has the same key, or says the same. */
  readonly change: 'new' | 'edited' | 'same' | 'double';
}

/** Hashes are made outside: the rules here are pure. */
export interface Hashing {
  /** Of a whole row; 32 characters. */
  readonly row: (text: string) => string;
  /** Of one cell; few characters are enough. */
  readonly cell: (text: string) => string;
}

interface Read {
  readonly row: SheetRow;
  readonly hash: string;
  readonly cells: Readonly<Record<string, string>>;
}

const readRow = (row: SheetRow, hashing: Hashing): Read => {
  const names = Object.keys(row.cells).toSorted();
  const text = names.map((name) => `${name}\u0000${row.cells[name] ?? ''}`).join('\u0001');
  const cells = Object.fromEntries(names.map((name) => [name, hashing.cell(row.cells[name] ?? '')]));
  return { row, hash: hashing.row(text), cells };
};

/** How much a cell says about which row it is: what stands in every row says nothing. */
const createWeights = (known: readonly KnownRow[]): ((column: string, cell: string) => number) => {
  const counts = new Map<string, number>();
  for (const { cells } of known)
    for (const [column, cell] of Object.entries(cells ?? {}))
      counts.set(`${column}\u0000${cell}`, (counts.get(`${column}\u0000${cell}`) ?? 0) + 1);
  return (column, cell) => 1 / (counts.get(`${column}\u0000${cell}`) ?? 1);
};

type Cells = Readonly<Record<string, string>>;

/** From 0 (nothing in common) to 1 (the same), by weight. */
const likeness = (one: Cells, other: Cells, weight: (column: string, cell: string) => number): number => {
  const sum = (cells: Cells, counts: (column: string, cell: string) => boolean): number =>
    Object.entries(cells).reduce(
      (total, [column, cell]) => total + (counts(column, cell) ? weight(column, cell) : 0),
      0,
    );
  const whole = Math.max(
    sum(one, () => true),
    sum(other, () => true),
  );
  return whole === 0 ? 0 : sum(one, (column, cell) => other[column] === cell) / whole;
};

/** Of an edited row at least so much stays; else it is taken for a new one, so that nobody's row is overwritten by another's. */
const enough = 0.5;
/** So far an edited row is looked for around where it stood, when rows were moved at the same time. */
const reach = 50;

/** Rows without a key whose content is not known: each is the edited form of a known row that is gone, or new. */
const pairEdited = <K extends KnownRow>(
  reads: readonly Read[],
  gone: readonly K[],
  weight: ReturnType<typeof createWeights>,
): ReadonlyMap<Read, K> => {
  const free = new Map<number, K[]>();
  for (const known of gone) {
    const position = known.position ?? 0;
    free.set(position, [...(free.get(position) ?? []), known]);
  }
  const taken = new Set<K>();
  const pairs = new Map<Read, K>();
  const pair = (read: Read, distance: number): void => {
    const { number } = read.row;
    const near = distance === 0 ? [number] : [number - distance, number + distance];
    for (const known of near.flatMap((position) => free.get(position) ?? [])) {
      if (pairs.has(read) || taken.has(known) || likeness(read.cells, known.cells ?? {}, weight) < enough) continue;
      taken.add(known);
      pairs.set(read, known);
    }
  };
  if (gone.length > 0)
    for (let distance = 0; distance <= reach; distance += 1) for (const read of reads) pair(read, distance);
  return pairs;
};

/** Known rows by what is in them. */
const byContent = <K extends KnownRow>(known: readonly K[]): Map<string, K> => {
  const found = new Map<string, K>();
  for (const one of known) if (one.hash !== null && !found.has(one.hash)) found.set(one.hash, one);
  return found;
};

interface Plan<K extends KnownRow> {
  readonly reads: readonly Read[];
  readonly known: readonly K[];
}

/** A key that another row has got already is made distinct. */
const freeIdentity = (wanted: string, taken: ReadonlySet<string>): string => {
  let identity = wanted;
  for (let count = 2; taken.has(identity); count += 1) identity = `${wanted}#${count}`;
  return identity;
};

const planByContent = <K extends KnownRow>({ reads, known }: Plan<K>): PlannedRow<K>[] => {
  const contents = byContent(known);
  const first = new Map<string, Read>();
  for (const read of reads) if (!first.has(read.hash)) first.set(read.hash, read);
  const here = new Set(reads.map(({ hash }) => hash));
  const unknown = [...first.values()].filter(({ hash }) => !contents.has(hash));
  const gone = known.filter(({ hash }) => hash === null || !here.has(hash));
  const edited = pairEdited(unknown, gone, createWeights(known));
  const taken = new Set(known.map(({ identity }) => identity));
  return reads.map((read): PlannedRow<K> => {
    const same = contents.get(read.hash);
    if (first.get(read.hash) !== read)
      return { ...read, identity: same?.identity ?? `h:${read.hash}`, known: same, change: 'double' };
    if (same !== undefined) return { ...read, identity: same.identity, known: same, change: 'same' };
    const before = edited.get(read);
    if (before !== undefined) return { ...read, identity: before.identity, known: before, change: 'edited' };
    const identity = freeIdentity(`h:${read.hash}`, taken);
    return { ...read, identity, known: undefined, change: 'new' };
  });
};

const planByKey = <K extends KnownRow>(
  { reads, known }: Plan<K>,
  keyOf: (row: SheetRow) => string,
): PlannedRow<K>[] => {
  const byIdentity = new Map(known.map((one) => [one.identity, one]));
  const seen = new Set<string>();
  return reads.map((read): PlannedRow<K> => {
    const identity = keyOf(read.row);
    const before = byIdentity.get(identity);
    const isDouble = seen.has(identity);
    seen.add(identity);
    const change = isDouble ? 'double' : before === undefined ? 'new' : before.hash === read.hash ? 'same' : 'edited';
    return { ...read, identity, known: before, change };
  });
};

/**
 * Says of every row of a sheet which one it is and what happened to it since it was read last. With a key the key decides; a row
 * without one, like all rows of a sheet without a key column, is known by what is in it, so that rows may be moved, inserted and sorted.
 */
export function planSheet<K extends KnownRow>(
  sheet: { readonly rows: readonly SheetRow[]; readonly keyColumn: string | undefined },
  known: readonly K[],
  { hashing, toIdentity }: { readonly hashing: Hashing; readonly toIdentity: (key: string) => string },
): PlannedRow<K>[] {
  const { rows, keyColumn } = sheet;
  const reads = rows.map((row) => readRow(row, hashing));
  const keyOf = (row: SheetRow): string => (keyColumn === undefined ? '' : (row.cells[keyColumn] ?? '').trim());
  const isKeyed = (identity: string): boolean => identity.startsWith('x:');
  const keyed = planByKey(
    { reads: reads.filter(({ row }) => keyOf(row) !== ''), known: known.filter(({ identity }) => isKeyed(identity)) },
    (row) => toIdentity(keyOf(row)),
  );
  const others = planByContent({
    reads: reads.filter(({ row }) => keyOf(row) === ''),
    known: known.filter(({ identity }) => !isKeyed(identity)),
  });
  return [...keyed, ...others].toSorted((one, other) => one.row.number - other.row.number);
}
