import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSheet, type KnownRow, type PlannedRow, type SheetRow } from '../../core/sheet-plan.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('base64url');
const tools = {
  hashing: { row: (text: string) => sha(text).slice(0, 32), cell: (text: string) => sha(text).slice(0, 8) },
  toIdentity: (key: string) => `x:${key}`,
};

const rowsOf = (cells: readonly Readonly<Record<string, string>>[]): SheetRow[] =>
  cells.map((row, index) => ({ number: index + 2, cells: row }));

/** What would be known after the rows were taken in. */
const keep = (planned: readonly PlannedRow<KnownRow>[], before: readonly KnownRow[] = []): KnownRow[] => {
  const now = new Map(before.map((one) => [one.identity, one]));
  for (const { identity, hash, cells, row, change } of planned)
    if (change !== 'double') now.set(identity, { identity, hash, cells, position: row.number });
  return [...now.values()];
};

const plan = (
  cells: readonly Readonly<Record<string, string>>[],
  known: readonly KnownRow[] = [],
  keyColumn?: string,
): PlannedRow<KnownRow>[] => planSheet({ rows: rowsOf(cells), keyColumn }, known, tools);

const person = (nr: number): Readonly<Record<string, string>> => ({
  Nachname: `Muster ${nr}`,
  'E-Mail': `m${nr}@example.org`,
  Quelle: 'Messe',
  Ort: 'Köln',
});

describe('rows of a sheet', () => {
  it('are the same wherever they stand', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 40 }),
        fc.uniqueArray(fc.integer({ min: 501, max: 999 }), { maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        (numbers, added, order, isKeyed) => {
          const key = isKeyed ? 'E-Mail' : undefined;
          const known = keep(plan(numbers.map(person), [], key));
          const places = [...numbers, ...added].map((nr) => ({ nr, at: order.next().value ?? 0 }));
          const moved = places.toSorted((one, other) => one.at - other.at).map(({ nr }) => person(nr));
          const again = plan(moved, known, key);
          expect(again.filter(({ change }) => change === 'same')).toHaveLength(numbers.length);
          expect(again.filter(({ change }) => change === 'new')).toHaveLength(added.length);
          expect(new Set(again.map(({ identity }) => identity)).size).toBe(moved.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stay who they are when they are edited, with and without a key', () => {
    for (const key of [undefined, 'E-Mail']) {
      const known = keep(plan([1, 2, 3].map(person), [], key));
      const edited = plan([person(9), person(1), { ...person(2), Nachname: 'Neu' }, person(3)], known, key);
      expect(edited.map(({ change }) => change)).toEqual(['new', 'same', 'edited', 'same']);
      expect(edited[2]?.identity).toBe(known[1]?.identity);
      const after = keep(edited, known);
      expect(plan([person(3), { ...person(2), Nachname: 'Neu' }], after, key).map(({ change }) => change)).toEqual([
        'same',
        'same',
      ]);
    }
  });

  it('are new where somebody else stands in their place, however much stands in every row', () => {
    const known = keep(plan([1, 2, 3].map(person)));
    const replaced = plan([person(1), person(7), person(3)], known);
    expect(replaced.map(({ change }) => change)).toEqual(['same', 'new', 'same']);
    expect(known.map(({ identity }) => identity)).not.toContain(replaced[1]?.identity);
  });

  it('are one when they say the same twice, and each when a former content comes back', () => {
    expect(plan([person(1), person(1)]).map(({ change }) => change)).toEqual(['new', 'double']);
    const known = keep(plan([person(1)]));
    const edited = keep(plan([{ ...person(1), Ort: 'Bonn' }], known), known);
    const both = plan([{ ...person(1), Ort: 'Bonn' }, person(1)], edited);
    expect(both.map(({ change }) => change)).toEqual(['same', 'new']);
    expect(new Set(both.map(({ identity }) => identity)).size).toBe(2);
  });

  it('without a key in a sheet that has a key column are known by what is in them', () => {
    const { 'E-Mail': _email, ...keyless } = person(5);
    const known = keep(plan([person(1), keyless], [], 'E-Mail'));
    expect(plan([keyless, person(1)], known, 'E-Mail').map(({ change }) => change)).toEqual(['same', 'same']);
  });

  it('stay who they are when a key column is chosen, changed or taken away later', () => {
    const numbered = (nr: number) => ({ Nr: `${nr}`, ...person(nr) });
    const rows = [1, 2, 3].map(numbered);
    for (const [before, after] of [
      [undefined, 'Nr'],
      ['Nr', undefined],
      ['Nr', 'E-Mail'],
    ]) {
      const known = keep(plan(rows, [], before));
      const again = plan([numbered(3), numbered(9), { ...numbered(1), Nachname: 'Neu' }, numbered(2)], known, after);
      expect(again.map(({ change }) => change)).toEqual(['same', 'new', 'edited', 'same']);
      expect(again.map(({ identity }) => identity).toSpliced(1, 1)).toEqual(
        [known[2], known[0], known[1]].map((one) => one?.identity),
      );
      const later = keep(again, known);
      expect(plan([numbered(1)], later, after)[0]).toMatchObject({ identity: known[0]?.identity, change: 'edited' });
    }
  });

  it('stay who they are when their key is filled in or emptied, also together with another cell', () => {
    const known = keep(plan([person(1), person(2), person(3)], [], 'Nr'));
    const filled = plan(
      [{ Nr: 'A', ...person(1) }, { Nr: 'B', ...person(2), Ort: 'Bonn' }, { Nr: 'C', ...person(7) }, person(3)],
      known,
      'Nr',
    );
    expect(filled.map(({ change }) => change)).toEqual(['edited', 'edited', 'new', 'same']);
    expect(filled.map(({ identity }) => identity)).toEqual([
      known[0]?.identity,
      known[1]?.identity,
      'x:C',
      known[2]?.identity,
    ]);
    const after = keep(filled, known);
    const emptied = plan([person(7), { Nr: 'A', ...person(1), Ort: 'Ulm' }], after, 'Nr');
    expect(emptied.map(({ identity, change }) => [identity, change])).toEqual([
      ['x:C', 'edited'],
      [known[0]?.identity, 'edited'],
    ]);
  });

  it('with a key are new beside a row without one that says the same', () => {
    const known = keep(plan([person(1)], [], 'Nr'));
    const both = plan([{ Nr: 'A', ...person(1) }, person(1)], known, 'Nr');
    expect(both.map(({ change }) => change)).toEqual(['new', 'same']);
  });

  it('whose key an other column has given to another row are not taken for that one', () => {
    const known = keep(plan([{ Nr: '1', Kunde: '2', ...person(1) }], [], 'Nr'));
    const swapped = plan(
      [
        { Nr: '2', Kunde: '1', ...person(2) },
        { Nr: '1', Kunde: '2', ...person(1) },
      ],
      known,
      'Kunde',
    );
    expect(swapped.map(({ identity, change }) => [identity, change])).toEqual([
      ['x:1#2', 'new'],
      ['x:1', 'same'],
    ]);
  });
});
