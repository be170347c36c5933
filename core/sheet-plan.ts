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

/** Which known row each of these is: one that says the same, else one that it is the edited form of. Rows that are neither are absent. */
const pairByContent = <K extends KnownRow>(
  reads: readonly Read[],
  known: readonly K[],
  weight: ReturnType<typeof createWeights>,
): ReadonlyMap<Read, K> => {
  const contents = new Map<string, K>();
  for (const one of known) if (one.hash !== null && !contents.has(one.hash)) contents.set(one.hash, one);
  const here = new Set(reads.map(({ hash }) => hash));
  const same = new Map<Read, K>();
  for (const read of reads) {
    const found = contents.get(read.hash);
    if (found !== undefined) same.set(read, found);
    contents.delete(read.hash);
  }
  const unknown = reads.filter((read) => !same.has(read));
  const gone = known.filter(({ hash }) => hash === null || !here.has(hash));
  return new Map([...same, ...pairEdited(unknown, gone, weight)]);
};

/** A key that another row has got already is made distinct. */
const freeIdentity = (wanted: string, taken: ReadonlySet<string>): string => {
  let identity = wanted;
  for (let count = 2; taken.has(identity); count += 1) identity = `${wanted}#${count}`;
  return identity;
};

interface Plan<K extends KnownRow> {
  readonly reads: readonly Read[];
  readonly known: readonly K[];
  /** Every identity that is known, of whatever row. */
  readonly taken: ReadonlySet<string>;
  readonly weight: ReturnType<typeof createWeights>;
}

const toPlanned = <K extends KnownRow>(read: Read, known: K): PlannedRow<K> => ({
  ...read,
  identity: known.identity,
  known,
  change: known.hash === read.hash ? 'same' : 'edited',
});

const planByContent = <K extends KnownRow>({ reads, known, taken, weight }: Plan<K>): PlannedRow<K>[] => {
  const first = new Map<string, Read>();
  for (const read of reads) if (!first.has(read.hash)) first.set(read.hash, read);
  const pairs = pairByContent([...first.values()], known, weight);
  return reads.map((read): PlannedRow<K> => {
    const one = first.get(read.hash) ?? read;
    const before = pairs.get(one);
    if (one !== read)
      return { ...read, identity: before?.identity ?? `h:${read.hash}`, known: before, change: 'double' };
    if (before !== undefined) return toPlanned(read, before);
    return { ...read, identity: freeIdentity(`h:${read.hash}`, taken), known: undefined, change: 'new' };
  });
};

interface Keys {
  readonly column: string;
  readonly toIdentity: (key: string) => string;
  /** The row as if its key were not filled in. */
  readonly withoutKey: (read: Read) => Read;
}

const keyCell = (cells: Cells | null, { column }: Keys): string | undefined => cells?.[column];

/** Known rows by their key, whatever they were first known by: it is among their cells. */
const createKeyLookup = <K extends KnownRow>(
  known: readonly K[],
  keys: Keys,
): ((identity: string, read: Read) => K | undefined) => {
  const byIdentity = new Map(known.map((one) => [one.identity, one]));
  const byCell = Map.groupBy(known, ({ cells }) => keyCell(cells, keys));
  return (identity, read) => {
    const cell = keyCell(read.cells, keys);
    const before = byIdentity.get(identity);
    // With another key in this column it got its identity from another one.
    if (before !== undefined && (keyCell(before.cells, keys) ?? cell) === cell) return before;
    const found = byCell.get(cell) ?? [];
    return found.find(({ hash }) => hash === read.hash) ?? found[0];
  };
};

/** Known rows whose key has been filled in since. */
const pairFilledIn = <K extends KnownRow>(
  reads: readonly Read[],
  { known, weight }: Plan<K>,
  keys: Keys,
): ReadonlyMap<Read, K> => {
  const keyless = new Map(reads.map((read) => [keys.withoutKey(read), read]));
  const free = known.filter(({ cells }) => keyCell(cells, keys) === undefined);
  const pairs = pairByContent([...keyless.keys()], free, weight);
  return new Map(
    [...keyless].flatMap(([bare, read]) => {
      const before = pairs.get(bare);
      return before === undefined ? [] : [[read, before] as const];
    }),
  );
};

const planByKey = <K extends KnownRow>(
  plan: Plan<K>,
  { keys, isHere }: { readonly keys: Keys; readonly isHere: (one: K) => boolean },
): PlannedRow<K>[] => {
  const identityOf = ({ row }: Read): string => keys.toIdentity((row.cells[keys.column] ?? '').trim());
  const find = createKeyLookup(plan.known, keys);
  const first = new Map<string, Read>();
  const pairs = new Map<Read, K>();
  for (const read of plan.reads) {
    const identity = identityOf(read);
    if (first.has(identity)) continue;
    first.set(identity, read);
    const before = find(identity, read);
    if (before !== undefined) pairs.set(read, before);
  }
  const claimed = new Set(pairs.values());
  const known = plan.known.filter((one) => !claimed.has(one) && !isHere(one));
  const unknown = [...first.values()].filter((read) => !pairs.has(read));
  for (const [read, before] of pairFilledIn(unknown, { ...plan, known }, keys)) pairs.set(read, before);
  return plan.reads.map((read): PlannedRow<K> => {
    const identity = identityOf(read);
    const one = first.get(identity) ?? read;
    const before = pairs.get(one);
    if (one !== read) return { ...read, identity: before?.identity ?? identity, known: before, change: 'double' };
    if (before !== undefined) return toPlanned(read, before);
    return { ...read, identity: freeIdentity(identity, plan.taken), known: undefined, change: 'new' };
  });
};

/**
 * Says of every row of a sheet which one it is and what happened to it since it was read last. With a key the key decides; a row
 * without one, like all rows of a sheet without a key column, is known by what is in it, so that rows may be moved, inserted and sorted.
 * A row keeps its identity when its key is filled in or emptied later, or another column becomes the key.
 */
export function planSheet<K extends KnownRow>(
  sheet: { readonly rows: readonly SheetRow[]; readonly keyColumn: string | undefined },
  known: readonly K[],
  { hashing, toIdentity }: { readonly hashing: Hashing; readonly toIdentity: (key: string) => string },
): PlannedRow<K>[] {
  const { rows, keyColumn: column } = sheet;
  const reads = rows.map((row) => readRow(row, hashing));
  const shared = { taken: new Set(known.map(({ identity }) => identity)), weight: createWeights(known) };
  if (column === undefined) return planByContent({ reads, known, ...shared });
  const { keyed = [], keyless = [] } = Object.groupBy(reads, ({ row }) =>
    (row.cells[column] ?? '').trim() === '' ? 'keyless' : 'keyed',
  );
  const withoutKey = ({ row }: Read): Read => {
    const { [column]: _key, ...cells } = row.cells;
    return readRow({ ...row, cells }, hashing);
  };
  const contents = new Set(keyless.map(({ hash }) => hash));
  const byKey = planByKey(
    { reads: keyed, known, ...shared },
    { keys: { column, toIdentity, withoutKey }, isHere: ({ hash }) => hash !== null && contents.has(hash) },
  );
  const claimed = new Set(byKey.map((one) => one.known));
  const others = planByContent({ reads: keyless, known: known.filter((one) => !claimed.has(one)), ...shared });
  return [...byKey, ...others].toSorted((one, other) => one.row.number - other.row.number);
}
