import type { Dialect } from '../../../connectors/csv/index.ts';

/** A row by the physical line it begins on: its cells, or a part of the sentence that refuses it. */
export type ExpectedRow = readonly [line: number, cells: readonly string[] | string];

/** What must come of a table of the corpus; of the dialect only what is given is looked at. */
export interface Expected extends Partial<
  Pick<Dialect, 'encoding' | 'delimiter' | 'decimal' | 'hasHeader' | 'columns'>
> {
  readonly rows: readonly ExpectedRow[];
  /** The leads that an import with the usual mapping makes, in the file's order; absent: not looked at. */
  readonly leads?: readonly Readonly<Record<string, unknown>>[];
  /** Lines that the import refuses, with a part of the reason; absent: those of `rows`. */
  readonly refused?: readonly (readonly [line: number, reason: string])[];
}

const columns = ['Vorname', 'Nachname', 'E-Mail', 'Betrag', 'Wunschtermin', 'Nachricht'];

interface Spelling {
  readonly end?: string;
  readonly budgets?: readonly [string, string];
  readonly dates?: readonly [string, string];
  /** Lines before the header. */
  readonly above?: number;
}

/** The same two leads, as many programs write them. */
const same = (name: string, dialect: Partial<Dialect>, spelling: Spelling = {}): Expected => {
  const { end = '\r\n', budgets = ['12.500,50 €', '1.000'], dates = ['31.12.2026', '1.2.2027'], above = 0 } = spelling;
  const [joerg, zoe] = [`joerg@${name}.example`, `zoe@${name}.example`];
  const message = `Halle 7; 1.OG, "hinten" | links${end}zweite Zeile`;
  return {
    encoding: 'utf-8',
    delimiter: ';',
    hasHeader: true,
    decimal: 'comma',
    columns,
    ...dialect,
    rows: [
      [above + 2, ['Jörg', 'Müßig', joerg, budgets[0], dates[0], message]],
      [above + 4, ['Zoë', "d'Arc", zoe, budgets[1], dates[1], '']],
    ],
    leads: [
      {
        firstName: 'Jörg',
        lastName: 'Müßig',
        email: joerg,
        budget: 1_250_050,
        wunschtermin: '2026-12-31',
        message: 'Halle 7; 1.OG, "hinten" | links\nzweite Zeile',
      },
      { firstName: 'Zoë', lastName: "d'Arc", email: zoe, budget: 100_000, wunschtermin: '2027-02-01', message: null },
    ],
  };
};

const abelAndBach: readonly ExpectedRow[] = [
  [2, ['Abel', 'Ulm']],
  [3, ['Bach', 'Kiel']],
];

/** By file name. */
export const expected: Readonly<Record<string, Expected>> = {
  // What programs write by themselves.
  'excel-windows-1252.csv': same('excel-windows-1252', { encoding: 'windows-1252' }),
  'excel-utf8-bom.csv': same('excel-utf8-bom', {}),
  'excel-unicode-text.txt': same('excel-unicode-text', { encoding: 'utf-16le', delimiter: '\t' }),
  'utf-16be.csv': same('utf-16be', { encoding: 'utf-16be' }),
  'utf-16le-without-mark.csv': same('utf-16le-without-mark', { encoding: 'utf-16le' }),
  'google-sheets.csv': same('google-sheets', { delimiter: ',' }, { dates: ['2026-12-31', '2027-02-01'] }),
  'american.csv': same(
    'american',
    { delimiter: ',', decimal: 'point' },
    { end: '\n', budgets: ['12,500.50', '1,000'], dates: ['2026-12-31', '2027-02-01'] },
  ),
  'unix.csv': same('unix', {}, { end: '\n' }),
  'old-mac.csv': same('old-mac', {}, { end: '\r' }),
  'pipes.csv': same('pipes', { delimiter: '|' }),
  'tabs.tsv': same('tabs', { delimiter: '\t' }, { end: '\n' }),
  'all-quoted.csv': same('all-quoted', {}),
  'all-quoted-commas-bom.csv': same('all-quoted-commas-bom', { delimiter: ',' }, { end: '\n' }),
  'sep-line.csv': same('sep-line', { encoding: 'windows-1252', delimiter: ',' }, { above: 1 }),
  // macOS writes ö as o and a mark.
  'decomposed.csv': {
    ...same('decomposed', {}),
    rows: same('decomposed', {}).rows.map(([line, cells]) => [
      line,
      typeof cells === 'string' ? cells : cells.map((cell) => cell.normalize('NFD')),
    ]),
  },
  'facebook-export.csv': {
    encoding: 'utf-16le',
    delimiter: '\t',
    hasHeader: true,
    rows: [
      [
        2,
        [
          'l:7001',
          '2026-11-20T10:15:00+01:00',
          'ag:1',
          'f:9',
          'false',
          'fb',
          'Jörg Müßig',
          'joerg@facebook-export.example',
          'p:+4930123456',
        ],
      ],
    ],
  },
  'outlook-contacts.csv': {
    encoding: 'windows-1252',
    delimiter: ',',
    hasHeader: true,
    rows: [
      [
        2,
        [
          'Jörg',
          'Müßig',
          'Müßig GmbH',
          'Weg 1',
          '+49 30 12',
          'joerg@outlook-contacts.example',
          'erste Zeile\r\nzweite',
        ],
      ],
      [4, ['', '', 'Nur Firma AG', '', '', '', '']],
    ],
  },
  'windows-punctuation.csv': { encoding: 'windows-1252', rows: [[2, ['Abel', '„Angebot“ – 1.500 €']]] },
  // Line breaks and blanks.
  'quoted-breaks.csv': {
    delimiter: ';',
    rows: [
      [2, ['Abel', 'eins\r\nzwei\nd"r"ei\r\n\r\nfünf', 'Ulm']],
      [7, ['Bach', '', 'Kiel']],
      [8, ['Cohn', 'ende\r\n', 'Bonn']],
    ],
  },
  'mixed-breaks.csv': { rows: [...abelAndBach, [4, ['Cohn', 'Bonn']]] },
  'no-last-break.csv': { rows: abelAndBach },
  'blank-lines.csv': {
    rows: [
      [5, ['Abel', 'Ulm']],
      [8, ['Bach', 'Kiel']],
    ],
  },
  // Columns.
  'header-only.csv': { hasHeader: true, columns: ['Vorname', 'Nachname', 'E-Mail'], rows: [] },
  'no-header.csv': {
    hasHeader: false,
    columns: ['1', '2', '3', '4'],
    decimal: 'comma',
    rows: [
      [1, ['Anna', 'Abel', 'anna@no-header.example', '12,50']],
      [2, ['Bert', 'Bach', 'bert@no-header.example', '3,10']],
    ],
  },
  'one-column.csv': {
    columns: ['E-Mail'],
    rows: [
      [2, ['anna@one-column.example']],
      [3, ['bert@one-column.example']],
    ],
  },
  'twice-the-same-column.csv': {
    delimiter: ',',
    columns: ['Nachname', 'Telefon', 'Telefon (2)', '4', 'Ort'],
    rows: [[2, ['Abel', '030 1', '0171 2', 'x', 'Ulm']]],
  },
  'ragged.csv': {
    rows: [
      [2, ['Anna', 'Abel', 'Ulm']],
      [3, 'hat 2 Spalten'],
      // Further delimiters with nothing behind them say nothing.
      [4, ['Carl', 'Cohn', 'Bonn']],
      [5, 'hat 4 Spalten'],
      [6, 'hat 1 Spalte,'],
      [7, ['Fritz', 'Funk', 'Köln']],
    ],
  },
  // A quotation mark behind a blank opens nothing (RFC 4180).
  'padded.csv': {
    delimiter: ',',
    columns: ['Nachname', 'E-Mail', 'Betrag', 'Ort'],
    rows: [
      [2, 'hat 5 Spalten'],
      [3, [' Bach ', 'bach@padded.example', ' 20.00 ', 'Kiel ']],
    ],
    leads: [{ lastName: 'Bach', email: 'bach@padded.example', budget: 2_000, city: 'Kiel' }],
  },
  // What is broken.
  'stray-quotes.csv': {
    rows: [
      [2, ['Abel', '5" Rohr', 'Ulm']],
      [3, 'steht noch Text'],
      [4, 'steht noch Text'],
      [5, ['Dorn', 'gut', 'Köln']],
      [6, ['Emil', 'a"b', 'Ulm']],
    ],
  },
  'nul-bytes.csv': {
    rows: [
      [2, ['Abel', 'Ulm']],
      [3, 'Nullbytes'],
      [4, ['Cohn', 'Bonn']],
    ],
  },
  'two-encodings.csv': {
    encoding: 'utf-8',
    rows: [
      [2, ['Müller', 'Köln']],
      [3, ['Jörgens', 'Münster']],
      [4, ['Weiß', 'Fürth']],
    ],
  },
  // Values.
  'not-latin.csv': {
    rows: [
      [2, ['Παπαδόπουλος', 'Αθήνα', '😀 👩‍👩‍👧']],
      [3, ['عمر', 'القاهرة', 'مرحبا']],
      [4, ['王', '北京', '你好']],
    ],
  },
  'formulas.csv': {
    rows: [
      [2, ['Abel', '=HYPERLINK("http://x.example";"Klick")']],
      [3, ['@SUM(1+1)', '+49 30 1']],
      [4, ['-Bindestrich', "=cmd|'/c calc'!A1"]],
    ],
  },
  'numbers.csv': {
    decimal: 'comma',
    rows: [
      [2, ['A', '1.234.567,89']],
      [3, ['B', '1 234,50']],
      [4, ['C', '-5,00']],
      [5, ['D', 'EUR 99,-']],
      [6, ['E', '1e3']],
      [7, ['F', 'zwölf']],
      [8, ['G', '0,5']],
      [9, ['H', '']],
    ],
    leads: [
      { lastName: 'A', budget: 123_456_789 },
      { lastName: 'B', budget: 123_450 },
      { lastName: 'D', budget: 9_900 },
      { lastName: 'G', budget: 50 },
      { lastName: 'H', budget: null },
    ],
    refused: [
      [4, 'Mindestens 0'],
      [6, 'kein Geldbetrag'],
      [7, 'zwölf'],
    ],
  },
  'dates.csv': {
    rows: [
      [2, ['Tag A', '31.12.2026']],
      [3, ['Tag B', '1.2.27']],
      [4, ['Tag C', '2026-12-31']],
      [5, ['Tag D', '31.12.2026 14:30']],
      [6, ['Tag E', '29.2.2027']],
      [7, ['Tag F', '12/31/2026']],
      [8, ['Tag G', '29.02.2028']],
      [9, ['Tag H', '']],
    ],
    leads: [
      { lastName: 'Tag A', wunschtermin: '2026-12-31' },
      { lastName: 'Tag B', wunschtermin: '2027-02-01' },
      { lastName: 'Tag C', wunschtermin: '2026-12-31' },
      { lastName: 'Tag D', wunschtermin: '2026-12-31' },
      { lastName: 'Tag G', wunschtermin: '2028-02-29' },
      { lastName: 'Tag H', wunschtermin: null },
    ],
    refused: [
      [6, '29.2.2027'],
      [7, '12/31/2026'],
    ],
  },
};
