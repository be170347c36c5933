import type { Text } from '../../core/errors.ts';
import type { Encoding } from '../../core/import-options.ts';
import { decoderOf, type Decode } from './encoding.ts';

interface Place {
  /** Physical line on which it begins, from 1. */
  readonly line: number;
  /** Bytes of the file before it, and before what comes after it. */
  readonly at: number;
  readonly end: number;
  /** Line of what comes after it. */
  readonly nextLine: number;
}

/** One row of a file: its cells, or why it has none. */
export type CsvRecord = Place &
  (
    | { readonly cells: readonly string[]; readonly fault?: undefined }
    | { readonly cells?: undefined; readonly fault: Text }
  );

export interface ReaderOptions {
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly isCarriageReturn: boolean;
  /** A row counts as one line, whatever breaks its cells have. */
  readonly isSheet: boolean;
  /** Where in the file the first byte stands that is pushed. */
  readonly at: number;
  readonly line: number;
  /** Cells that every row must have; undefined = any number. */
  readonly width: number | undefined;
}

export interface Reader {
  /** Rows that are complete with these bytes. */
  push(bytes: Uint8Array): CsvRecord[];
  /** The last row, which no line break ends. */
  end(): CsvRecord[];
}

/** Beyond these a quotation mark counts as one that nobody meant. */
const mostBytes = 1_048_576;
const mostLines = 1_000;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

const faults = {
  unclosed: {
    de: 'Ein Anführungszeichen wird geöffnet und nicht geschlossen.',
    en: 'A quotation mark is opened and never closed.',
  },
  afterQuote: {
    de: 'Nach einem schließenden Anführungszeichen steht noch Text.',
    en: 'There is text after a closing quotation mark.',
  },
  tooLong: { de: 'Die Zeile ist länger als 1 MB.', en: 'The row is longer than 1 MB.' },
  zero: {
    de: 'Die Zeile enthält Nullbytes. Stimmt die Kodierung?',
    en: 'The row has NUL bytes. Is the encoding right?',
  },
} as const satisfies Record<string, Text>;

const widthFault = (found: number, wanted: number): Text => ({
  de: `Die Zeile hat ${found} ${found === 1 ? 'Spalte' : 'Spalten'}, erwartet werden ${wanted}.`,
  en: `The row has ${found} ${found === 1 ? 'column' : 'columns'}, ${wanted} are expected.`,
});

/** `more`: the rest has not come yet. */
type Scanned = { readonly cells: string[]; readonly end: number } | { readonly fault: Text } | 'more';

/**
 * Reads rows from bytes as they come, with the physical line and the byte offset of each, so that reading can go on at any of them.
 * A quotation mark that is never closed costs its own line only: reading goes on with the next one (R26). Blank lines are left out.
 */
export function createReader(options: ReaderOptions): Reader {
  return new RecordReader(options);
}

class RecordReader implements Reader {
  readonly #options: ReaderOptions;
  readonly #decode: Decode;
  readonly #delimiter: number;
  readonly #newline: number;
  #held: Buffer = Buffer.alloc(0);
  /** Where `held` begins in the file. */
  #base: number;
  #from = 0;
  #line: number;
  /** In the middle of a line that is too long already. */
  #skipped: { at: number; line: number } | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#decode = decoderOf(options.encoding);
    this.#delimiter = options.delimiter.codePointAt(0) ?? 0;
    this.#newline = options.isCarriageReturn ? carriageReturn : lineFeed;
    this.#base = options.at;
    this.#line = options.line;
  }

  push(bytes: Uint8Array): CsvRecord[] {
    const rest = this.#held.subarray(this.#from);
    this.#base += this.#from;
    this.#from = 0;
    const more = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#held = rest.length === 0 ? more : Buffer.concat([rest, more]);
    return this.#read(false);
  }

  end(): CsvRecord[] {
    const rest = this.#read(true);
    const skipped = this.#skipped === undefined ? undefined : this.#skip(true);
    return skipped === undefined ? rest : [...rest, skipped];
  }

  #read(isLast: boolean): CsvRecord[] {
    const found: CsvRecord[] = [];
    while (this.#from < this.#held.length) {
      const before = this.#from;
      const record = this.#skipped === undefined ? this.#next(isLast) : this.#skip(isLast);
      if (record !== undefined) found.push(record);
      if (this.#from === before) break;
    }
    return found;
  }

  /** One row, or a blank line, or nothing yet. */
  #next(isLast: boolean): CsvRecord | undefined {
    const from = this.#from;
    const newline = this.#held.indexOf(this.#newline, from);
    if (newline < 0 && !isLast) {
      if (this.#held.length - from > mostBytes) this.#beginSkipping();
      return undefined;
    }
    const lineEnd = newline < 0 ? this.#held.length : newline;
    const text = this.#decode(this.#held, from, this.#withoutReturn(from, lineEnd));
    const next = Math.min(lineEnd + 1, this.#held.length);
    if (text.trim() === '') return this.#blank(next);
    if (next - from > mostBytes) return this.#fault(faults.tooLong, next);
    if (!text.includes('"')) return this.#row(text.split(this.#options.delimiter), { next, lines: 1 });
    const scanned = this.#scan(from, isLast);
    if (scanned === 'more') return undefined;
    if ('fault' in scanned) return this.#fault(scanned.fault, next);
    const lines = this.#options.isSheet ? 1 : this.#countLines(from, scanned.end);
    if (lines > 1 && this.#hasSwallowed(scanned.cells, next)) return this.#fault(faults.unclosed, next);
    return this.#row(scanned.cells, { next: scanned.end, lines });
  }

  #withoutReturn(from: number, to: number): number {
    return this.#newline === lineFeed && to > from && this.#held[to - 1] === carriageReturn ? to - 1 : to;
  }

  #take(next: number, lines: number): Place {
    const place = {
      line: this.#line,
      at: this.#base + this.#from,
      end: this.#base + next,
      nextLine: this.#line + lines,
    };
    this.#from = next;
    this.#line += lines;
    return place;
  }

  #blank(next: number): undefined {
    this.#take(next, 1);
  }

  #fault(fault: Text, next: number): CsvRecord {
    return { ...this.#take(next, 1), fault };
  }

  #row(cells: string[], { next, lines }: { readonly next: number; readonly lines: number }): CsvRecord | undefined {
    const { width } = this.#options;
    const place = this.#take(next, lines);
    if (cells.every((cell) => cell.trim() === '')) return undefined;
    if (cells.some((cell) => cell.includes('\0'))) return { ...place, fault: faults.zero };
    if (width === undefined || cells.length === width) return { ...place, cells };
    // Spreadsheets leave empty cells behind the last column.
    const isWider = cells.length > width && cells.slice(width).every((cell) => cell.trim() === '');
    return isWider ? { ...place, cells: cells.slice(0, width) } : { ...place, fault: widthFault(cells.length, width) };
  }

  /** A row of several lines that has the wrong width, whose second line is a row of its own: a stray mark has taken it in. */
  #hasSwallowed(cells: readonly string[], second: number): boolean {
    const { width, delimiter } = this.#options;
    if (width === undefined || width < 2 || cells.length === width) return false;
    const newline = this.#held.indexOf(this.#newline, second);
    const text = this.#decode(this.#held, second, newline < 0 ? this.#held.length : newline);
    return text.split(delimiter).length === width;
  }

  #countLines(from: number, to: number): number {
    let lines = 0;
    for (
      let at = this.#held.indexOf(this.#newline, from);
      at >= 0 && at < to;
      at = this.#held.indexOf(this.#newline, at + 1)
    )
      lines += 1;
    // The last line of a file may have no end.
    return this.#held[to - 1] === this.#newline ? lines : lines + 1;
  }

  /** A row with quotation marks, cell by cell. */
  #scan(from: number, isLast: boolean): Scanned {
    const cells: string[] = [];
    let position = from;
    for (;;) {
      const cell =
        this.#held[position] === quote ? this.#quoted({ from, position, isLast }) : this.#bare(position, isLast);
      if (cell === 'more' || 'fault' in cell) return cell;
      cells.push(cell.text);
      const follows = this.#held[cell.end];
      if (follows !== this.#delimiter) return { cells, end: this.#afterBreak(cell.end) };
      position = cell.end + 1;
      if (position === this.#held.length) {
        if (!isLast) return 'more';
        cells.push('');
        return { cells, end: position };
      }
    }
  }

  #afterBreak(at: number): number {
    const isPair = this.#newline === lineFeed && this.#held[at] === carriageReturn;
    return Math.min(at + (isPair ? 2 : 1), this.#held.length);
  }

  #bare(position: number, isLast: boolean): { text: string; end: number } | 'more' {
    const newline = this.#held.indexOf(this.#newline, position);
    if (newline < 0 && !isLast) return 'more';
    const lineEnd = this.#withoutReturn(position, newline < 0 ? this.#held.length : newline);
    const delimiter = this.#held.indexOf(this.#delimiter, position);
    const end = delimiter < 0 || delimiter > lineEnd ? lineEnd : delimiter;
    return { text: this.#decode(this.#held, position, end), end };
  }

  #quoted(at: {
    readonly from: number;
    readonly position: number;
    readonly isLast: boolean;
  }): { text: string; end: number } | { fault: Text } | 'more' {
    const { from, position, isLast } = at;
    const { close, isEscaped } = this.#closingQuote(position);
    const reach = (close < 0 ? this.#held.length : close) - from;
    if (reach > mostBytes || (isLast && close < 0)) return { fault: faults.unclosed };
    // What follows the mark decides whether it closes.
    if (!isLast && (close < 0 || close + 2 >= this.#held.length)) return 'more';
    if (this.#countLines(from, close) > mostLines) return { fault: faults.unclosed };
    if (!this.#endsCell(close + 1)) return { fault: faults.afterQuote };
    const text = this.#decode(this.#held, position + 1, close);
    return { text: isEscaped ? text.replaceAll('""', '"') : text, end: close + 1 };
  }

  /** The mark that ends a quoted cell, -1 when it has not come; two of them stand for one in the text. */
  #closingQuote(position: number): { readonly close: number; readonly isEscaped: boolean } {
    let close = this.#held.indexOf(quote, position + 1);
    let isEscaped = false;
    while (close >= 0 && this.#held[close + 1] === quote) {
      isEscaped = true;
      close = this.#held.indexOf(quote, close + 2);
    }
    return { close, isEscaped };
  }

  #endsCell(at: number): boolean {
    const follows = this.#held[at];
    if (follows === undefined || follows === this.#delimiter || follows === this.#newline) return true;
    return follows === carriageReturn && this.#held[at + 1] === this.#newline;
  }

  #beginSkipping(): void {
    this.#skipped = { at: this.#base + this.#from, line: this.#line };
    this.#from = this.#held.length;
  }

  /** To the end of a line that is too long to be kept. */
  #skip(isLast: boolean): CsvRecord | undefined {
    const { at, line } = this.#skipped ?? { at: 0, line: 0 };
    const newline = this.#held.indexOf(this.#newline, this.#from);
    this.#from = newline < 0 ? this.#held.length : newline + 1;
    if (newline < 0 && !isLast) return undefined;
    this.#skipped = undefined;
    this.#line = line + 1;
    return { line, at, end: this.#base + this.#from, nextLine: this.#line, fault: faults.tooLong };
  }
}
