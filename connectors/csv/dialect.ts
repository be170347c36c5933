import { LeitwerkError, type Text } from '../../core/errors.ts';
import { delimiters, type Decimal, type Delimiter, type Encoding } from '../../core/import-options.ts';
import { readColumns } from './columns.ts';
import { guessEncoding, startOf, toUtf8Bytes } from './encoding.ts';
import { createReader, type CsvRecord } from './records.ts';

/** How a file is to be read. Offsets are those of its bytes in UTF-8 or a one-byte encoding; UTF-16 counts as if it were UTF-8. */
export interface Dialect {
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  readonly hasHeader: boolean;
  /** Undefined: every number is judged by itself. */
  readonly decimal: Decimal | undefined;
  /** Line breaks are lone carriage returns. */
  readonly isCarriageReturn: boolean;
  /** Made of a sheet: its lines are the sheet's rows, whatever breaks a cell has. */
  readonly isSheet: boolean;
  /** Names of the columns: unique, never empty. */
  readonly columns: readonly string[];
  /** Where the first row of values begins. */
  readonly start: number;
  readonly startLine: number;
  /** Bytes that a row has on average, as far as the beginning shows. */
  readonly bytesPerRow: number;
  /** What a person should know, such as renamed columns. */
  readonly notes: readonly Text[];
}

/** What the sender says; the rest is found out. */
export interface DialectWishes {
  readonly encoding?: Encoding | undefined;
  readonly delimiter?: Delimiter | undefined;
  readonly hasHeader?: boolean | undefined;
  readonly decimal?: Decimal | undefined;
  readonly isSheet?: boolean | undefined;
}

/** So much of a file says how it is to be read. */
export const headSize = 64 * 1024;
const sampleRows = 200;

const unreadable = (de: string, en: string): LeitwerkError => new LeitwerkError('Unreadable', { text: { de, en } });

const known: readonly (readonly [signature: string, de: string, en: string])[] = [
  ['PK\u0003\u0004', 'eine Excel- oder ZIP-Datei', 'an Excel or ZIP file'],
  ['%PDF', 'eine PDF-Datei', 'a PDF file'],
  ['\u00d0\u00cf\u0011\u00e0', 'eine alte Excel-Datei', 'an old Excel file'],
  ['\u001f\u008b', 'eine gepackte Datei', 'a compressed file'],
];

/** @throws LeitwerkError `Unreadable` for what is no text at all. */
const assertText = (head: Buffer, encoding: Encoding): void => {
  const found = known.find(([signature]) => head.toString('latin1', 0, signature.length) === signature);
  if (found !== undefined) {
    throw unreadable(
      `Das ist ${found[1]}. Bitte als CSV (UTF-8) speichern.`,
      `This is ${found[2]}. Please save it as CSV (UTF-8).`,
    );
  }
  const isWide = encoding === 'utf-16le' || encoding === 'utf-16be';
  const zeros = head.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  if (!isWide && zeros > head.length / 20)
    throw unreadable(
      'Das ist keine Textdatei: sie ist voller Nullbytes.',
      'This is no text file: it is full of NUL bytes.',
    );
};

interface Sample {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
  readonly encoding: Encoding;
  readonly isCarriageReturn: boolean;
  readonly isSheet: boolean;
  readonly start: number;
  readonly startLine: number;
}

const readRows = (sample: Sample, delimiter: Delimiter): readonly CsvRecord[] => {
  const { start, startLine } = sample;
  const reader = createReader({ ...sample, delimiter, at: start, line: startLine, width: undefined });
  const rows = reader.push(sample.bytes.subarray(start));
  // What the cut leaves half says nothing.
  return [...rows, ...(sample.isWhole ? reader.end() : [])].slice(0, sampleRows);
};

/** How many rows agree on how many columns, more than one. */
const score = (rows: readonly CsvRecord[]): number => {
  const widths = rows.flatMap((row) => (row.cells === undefined ? [] : [row.cells.length]));
  const first = widths[0] ?? 1;
  if (first < 2) return 0;
  return widths.filter((width) => width === first).length / rows.length + Math.min(first, 50) / 1_000;
};

const chooseDelimiter = (sample: Sample): Delimiter => {
  const scored = delimiters.map((delimiter) => ({ delimiter, score: score(readRows(sample, delimiter)) }));
  return scored.reduce((best, one) => (one.score > best.score ? one : best)).delimiter;
};

/** `sep=;` as Excel writes it. */
const readSeparator = (sample: Sample): { readonly delimiter: Delimiter; readonly length: number } | undefined => {
  const match = /^"?sep=([;,|\t])"?(\r\n|\n|\r)/i.exec(
    sample.bytes.toString('latin1', sample.start, sample.start + 20),
  );
  const delimiter = delimiters.find((one) => one === match?.[1]);
  return match === null || delimiter === undefined ? undefined : { delimiter, length: match[0].length };
};

const looksLikeValue = (cell: string): boolean => /^[-+]?[\d.,\s€/:-]*\d[\d.,\s€/:-]*$|@/.test(cell);

/** A row of names: none of them a number, date or address, and at least one that says something. */
const looksLikeHeader = (cells: readonly string[], knows: (name: string) => boolean): boolean =>
  cells.some((cell) => knows(cell)) || (cells.some((cell) => cell.trim() !== '') && !cells.some(looksLikeValue));

const commaNumber = /^[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+\s*€?$/;
const pointNumber = /^[-+]?(\d{1,3}(,\d{3})+|\d+)\.\d+\s*€?$/;
/** Three digits behind a single separator may be thousands. */
const unclear = /^[-+]?\d{1,3}[.,]\d{3}$/;

const chooseDecimal = (rows: readonly CsvRecord[]): Decimal | undefined => {
  const cells = rows.flatMap(({ cells: found }) => found ?? []).filter((cell) => !unclear.test(cell));
  const commas = cells.filter((cell) => commaNumber.test(cell)).length;
  const points = cells.filter((cell) => pointNumber.test(cell)).length;
  if (commas === 0 && points === 0) return undefined;
  return commas > 0 && points > 0 ? undefined : commas > 0 ? 'comma' : 'point';
};

/**
 * Finds out how a file is to be read from its first 64 KB. `knows` says whether a name could be a column's.
 * @throws LeitwerkError `Unreadable` for what is no text or has no row.
 */
export function detectDialect(
  head: Uint8Array,
  file: { readonly isWhole: boolean; readonly wishes: DialectWishes; readonly knows: (name: string) => boolean },
): Dialect {
  const { wishes, isWhole } = file;
  const raw = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const encoding = wishes.encoding ?? guessEncoding(raw);
  assertText(raw, encoding);
  const bytes = toUtf8Bytes(raw, encoding);
  const isSheet = wishes.isSheet === true;
  const isCarriageReturn = !bytes.includes(0x0a) && bytes.includes(0x0d);
  const { delimiter, ...sample } = withDelimiter(
    { bytes, isWhole, encoding, isCarriageReturn, isSheet, start: startOf(bytes), startLine: 1 },
    wishes.delimiter,
  );
  const rows = readRows(sample, delimiter);
  const { first, cells } = firstOf(rows);
  const hasHeader = wishes.hasHeader ?? looksLikeHeader(cells, file.knows);
  const body = hasHeader ? rows.slice(1) : rows;
  return {
    encoding,
    delimiter,
    hasHeader,
    decimal: wishes.decimal ?? chooseDecimal(body),
    isCarriageReturn,
    isSheet,
    ...readColumns(hasHeader ? cells : undefined, cells.length),
    start: hasHeader ? first.end : sample.start,
    startLine: hasHeader ? first.nextLine : sample.startLine,
    bytesPerRow: Math.max(((rows.at(-1) ?? first).end - first.at) / rows.length, 1),
  };
}

/** What the sender says goes before what the file says of itself, and that before what its rows look like. */
const withDelimiter = (plain: Sample, wanted: Delimiter | undefined): Sample & { readonly delimiter: Delimiter } => {
  const separator = readSeparator(plain);
  const sample = separator === undefined ? plain : { ...plain, start: plain.start + separator.length, startLine: 2 };
  return { ...sample, delimiter: wanted ?? separator?.delimiter ?? chooseDelimiter(sample) };
};

const firstOf = (rows: readonly CsvRecord[]): { readonly first: CsvRecord; readonly cells: readonly string[] } => {
  const [first] = rows;
  if (first === undefined)
    throw unreadable('Die Datei hat keine Zeile mit Werten.', 'The file has no row with values.');
  if (first.cells === undefined) throw new LeitwerkError('Unreadable', { text: first.fault });
  return { first, cells: first.cells };
};
