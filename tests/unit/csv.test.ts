import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectDialect, headSize, readRecords, type CsvRecord, type Dialect } from '../../connectors/csv/index.ts';
import type { LeitwerkError } from '../../core/errors.ts';

type Wishes = Parameters<typeof detectDialect>[1]['wishes'];

const detect = (bytes: Uint8Array, wishes: Wishes = {}): Dialect =>
  detectDialect(bytes.subarray(0, headSize), {
    isWhole: bytes.byteLength <= headSize,
    wishes,
    knows: (name) => ['vorname', 'nachname', 'e-mail', 'name'].includes(name.toLowerCase()),
  });

/** Comes in pieces of any size, as from a disk. */
const inPieces = (bytes: Uint8Array, size: number) => async (start: number) =>
  (async function* () {
    await Promise.resolve();
    for (let at = start; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
  })();

const read = async (bytes: Uint8Array, dialect: Dialect, size = 7): Promise<CsvRecord[]> => {
  const found: CsvRecord[] = [];
  const from = { at: dialect.start, line: dialect.startLine };
  for await (const rows of readRecords(inPieces(bytes, size), dialect, from)) found.push(...rows);
  return found;
};
const utf8 = (text: string): Buffer => Buffer.from(text);
const all = async (text: string | Buffer, wishes?: Wishes): Promise<[number, readonly string[] | string][]> => {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const rows = await read(bytes, detect(bytes, wishes), bytes.byteLength > 10_000 ? 60_000 : 7);
  return rows.map((row) => [row.line, row.cells ?? row.fault.en]);
};

describe('how a file is to be read', () => {
  const text = 'Vorname;Nachname;Betrag\r\nJörg;Müßig;"1.234,50 €"\r\n';
  const wide = (order: 'le' | 'be', mark: boolean): Buffer => {
    const bytes = Buffer.from(`${mark ? '\uFEFF' : ''}${text}`, 'utf16le');
    return order === 'le' ? bytes : bytes.swap16();
  };

  it.each([
    ['UTF-8', utf8(text), 'utf-8'],
    ['UTF-8 with a mark', utf8(`\uFEFF${text}`), 'utf-8'],
    ['UTF-16 LE with a mark', wide('le', true), 'utf-16le'],
    ['UTF-16 BE with a mark', wide('be', true), 'utf-16be'],
    ['UTF-16 LE without', wide('le', false), 'utf-16le'],
    ['UTF-16 BE without', wide('be', false), 'utf-16be'],
    ['windows-1252', Buffer.from(text.replace('€', '\u0080'), 'latin1'), 'windows-1252'],
  ])('finds out %s', async (_name, bytes, encoding) => {
    const dialect = detect(bytes);
    expect(dialect).toMatchObject({ encoding, delimiter: ';', hasHeader: true, decimal: 'comma', startLine: 2 });
    expect(dialect.columns).toEqual(['Vorname', 'Nachname', 'Betrag']);
    for (const size of [1, 3, 1_000])
      expect((await read(bytes, dialect, size)).map(({ cells }) => cells)).toEqual([['Jörg', 'Müßig', '1.234,50 €']]);
  });

  it.each([';', ',', '\t', '|'] as const)('finds out the delimiter %j', (delimiter) => {
    const lines = [
      ['Name', 'Ort', 'Notiz'],
      ['Anna', 'Berlin, Mitte', 'a;b'],
      ['Bert', 'Köln', 'x|y'],
    ];
    expect(detect(utf8(stringify(lines, { delimiter }))).delimiter).toBe(delimiter);
  });

  it('reads sep= and counts its line', async () => {
    expect(await all('sep=;\r\nName;Ort\r\nAnna;Ulm, West\r\n')).toEqual([[3, ['Anna', 'Ulm, West']]]);
  });

  it('knows a file without a header, and decimal points', () => {
    expect(detect(utf8('Anna;anna@example.org;12.50\nBert;bert@example.org;3.10\n'))).toMatchObject({
      hasHeader: false,
      decimal: 'point',
      columns: ['1', '2', '3'],
      startLine: 1,
    });
  });

  it('gives columns of the same name names of their own, and says so', () => {
    const dialect = detect(utf8('Name;Telefon;Telefon;;"a [b] ""c"""\nAnna;1;2;3;4\n'));
    expect(dialect.columns).toEqual(['Name', 'Telefon', 'Telefon (2)', '4', 'a b c']);
    expect(dialect.notes).toHaveLength(1);
  });

  it('does what it is told instead', async () => {
    const bytes = Buffer.from('Name;Ort\nJörg;Köln\n', 'latin1');
    const wishes = { encoding: 'windows-1252', delimiter: ',', hasHeader: false } as const;
    expect(await all(bytes, wishes)).toEqual([
      [1, ['Name;Ort']],
      [2, ['Jörg;Köln']],
    ]);
  });

  it.each([
    ['an Excel file', Buffer.from('PK\u0003\u0004....', 'latin1'), /Excel/],
    ['bytes', Buffer.alloc(4_000), /NUL/],
    ['nothing but line breaks', utf8('\n\r\n\n'), /no row/],
  ])('refuses %s in a sentence', (_name, bytes, sentence) => {
    expect(() => detect(bytes)).toThrow(expect.objectContaining<Partial<LeitwerkError>>({ code: 'Unreadable' }));
    expect(() => detect(bytes)).toThrow(sentence);
  });
});

describe('rows', () => {
  it.each(['\n', '\r\n', '\r'])('have the line they begin on, with breaks %j inside and between', async (end) => {
    const text = ['Name;Ort', 'Anna;Ulm', '', 'Bert;"Am', 'See"', 'Carl;""', 'Dora;"a ""b"" c"'].join(end);
    expect(await all(text)).toEqual([
      [2, ['Anna', 'Ulm']],
      [4, ['Bert', `Am${end}See`]],
      [6, ['Carl', '']],
      [7, ['Dora', 'a "b" c']],
    ]);
  });

  it('R26: a stray quotation mark costs its own row only', async () => {
    const good = (name: string): string => `${name};Ulm;x\n`;
    const head = 'Name;Ort;Notiz\n';
    const stray = 'Bert;"Köln;x\n';
    expect(await all(`${head}${good('Anna')}${stray}${good('Carl').repeat(3)}`)).toEqual([
      [2, ['Anna', 'Ulm', 'x']],
      [3, 'A quotation mark is opened and never closed.'],
      [4, ['Carl', 'Ulm', 'x']],
      [5, ['Carl', 'Ulm', 'x']],
      [6, ['Carl', 'Ulm', 'x']],
    ]);
    // The next mark in the file belongs to another cell.
    expect((await all(`${head}${stray}${good('Anna')}Dora;"Bonn";x\n`)).map(([line]) => line)).toEqual([2, 3, 4]);
    // Two stray marks that seem to belong together.
    expect(await all(`${head}${stray}${good('Anna')}Emil;Kiel;x"\nFritz;Ulm;x\n`)).toEqual([
      [2, 'A quotation mark is opened and never closed.'],
      [3, ['Anna', 'Ulm', 'x']],
      [4, ['Emil', 'Kiel', 'x"']],
      [5, ['Fritz', 'Ulm', 'x']],
    ]);
  });

  it('takes no more than a megabyte in behind a stray mark', async () => {
    const many = 'Anna;Ulm;x\n'.repeat(150_000);
    const rows = await all(`Name;Ort;Notiz\nBert;"Köln;x\n${many}`);
    expect(rows).toHaveLength(150_001);
    expect(rows[0]).toEqual([2, 'A quotation mark is opened and never closed.']);
    expect(rows.at(-1)).toEqual([150_002, ['Anna', 'Ulm', 'x']]);
  });

  it('says what else is wrong with a row, and leaves blank ones out', async () => {
    const long = 'x'.repeat(1_100_000);
    const text = `Name;Ort\nAnna\nBert;Ulm;Süd\nCarl;Ulm;;\n;;\n   \nD\0ra;Ulm\nEmil;"a"b\n${long};y\nFritz;5" Rohr\n`;
    expect(await all(text)).toEqual([
      [2, 'The row has 1 column, 2 are expected.'],
      [3, 'The row has 3 columns, 2 are expected.'],
      [4, ['Carl', 'Ulm']],
      [7, 'The row has NUL bytes. Is the encoding right?'],
      [8, 'There is text after a closing quotation mark.'],
      [9, 'The row is longer than 1 MB.'],
      [10, ['Fritz', '5" Rohr']],
    ]);
    expect(await all(`Name;Ort\n${long}`)).toEqual([[2, 'The row is longer than 1 MB.']]);
  });

  it('reads a row that is not UTF-8 in a file that is, as Windows writes it', async () => {
    const bytes = Buffer.concat([utf8('Name;Ort\nJörg;Köln\n'), Buffer.from('J\u00f6rg;M\u00fcnster\n', 'latin1')]);
    expect(await all(bytes, { encoding: 'utf-8' })).toEqual([
      [2, ['Jörg', 'Köln']],
      [3, ['Jörg', 'Münster']],
    ]);
  });

  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'ä', '€', '"', ';', ',', '\t', '|', '\n', ' ', '😀', "'") }),
    fc.string(),
  );
  const clean = (value: string): string => value.replaceAll(/[\0\r\uFEFF]/g, '');
  const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
    fc.array(
      fc
        .array(cell.map(clean), { minLength: width, maxLength: width })
        .filter((cells) => cells.some((one) => one.trim() !== '')),
      { minLength: 1, maxLength: 8 },
    ),
  );

  it('are what csv-stringify wrote and csv-parse reads, whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(';', ',', '\t', '|' as const),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 64 }),
        async (rows, delimiter, end, size) => {
          const header = rows[0]?.map((_, index) => `c${index}`) ?? [];
          const text = stringify([header, ...rows], { delimiter, record_delimiter: end, quoted_match: /[\s"]/ });
          const bytes = utf8(text);
          const dialect = detect(bytes, { encoding: 'utf-8', hasHeader: true, delimiter: delimiter as ';' });
          const found = await read(bytes, dialect, size);
          expect(found.map(({ cells, fault }) => cells ?? fault)).toEqual(rows);
          expect(parse(text, { delimiter, from: 2 })).toEqual(rows);
          // Going on at any row gives the rest.
          const middle = found[Math.floor(found.length / 2)];
          if (middle === undefined) return;
          const rest: CsvRecord[] = [];
          for await (const some of readRecords(inPieces(bytes, size), dialect, {
            at: middle.end,
            line: middle.nextLine,
          }))
            rest.push(...some);
          expect(rest).toEqual(found.slice(found.indexOf(middle) + 1));
        },
      ),
      { numRuns: 300 },
    );
  });
});
