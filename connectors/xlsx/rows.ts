import { LeitwerkError } from '../../core/errors.ts';
import { numberText, type NumberMeaning } from './formats.ts';
import { unescaped, type StringTable } from './strings.ts';
import { readXml, type Tag } from './xml.ts';

/** A row of a sheet that has cells; those to the left of the first and between them are empty. */
export interface SheetRow {
  /** From 1, as the sheet shows it. */
  readonly number: number;
  readonly cells: readonly string[];
}

export interface CellReading {
  readonly strings: StringTable;
  readonly meanings: readonly NumberMeaning[];
  readonly is1904: boolean;
}

const mostRows = 1_048_576;
const mostColumns = 1_000;

const outside = (place: string): LeitwerkError =>
  new LeitwerkError('Unreadable', {
    text: {
      de: `Die Tabelle hat Zellen jenseits von ${mostColumns} Spalten oder ${mostRows} Zeilen (${place}).`,
      en: `The sheet has cells beyond ${mostColumns} columns or ${mostRows} rows (${place}).`,
    },
  });

/** `AB12` → 27, the column from 0. */
const columnOf = (reference: string): number => {
  let column = 0;
  for (const letter of reference) {
    const value = letter.codePointAt(0) ?? 0;
    if (value < 65 || value > 90) break;
    column = column * 26 + value - 64;
  }
  return column - 1;
};

class RowReader {
  readonly #reading: CellReading;
  readonly rows: SheetRow[] = [];
  #number = 0;
  #cells: string[] = [];
  #column = -1;
  #type = 'n';
  #style = 0;
  #value = '';
  #isValue = false;
  #isHint = false;

  constructor(reading: CellReading) {
    this.#reading = reading;
  }

  opens(tag: Tag): void {
    if (tag.name === 'row') this.#beginRow(tag);
    else if (tag.name === 'c') this.#beginCell(tag);
    else if (tag.name === 'rPh') this.#isHint = true;
    // The result of a formula stands beside it in `v`; texts in the cell itself in `is`, maybe in pieces.
    this.#isValue = tag.name === 'v' || (tag.name === 't' && !this.#isHint);
  }

  text(text: string): void {
    if (this.#isValue) this.#value += text;
  }

  closes(name: string): void {
    this.#isValue = false;
    if (name === 'rPh') this.#isHint = false;
    if (name === 'c') this.#endCell();
    if (name === 'row' && this.#cells.length > 0) this.rows.push({ number: this.#number, cells: this.#cells });
  }

  #beginRow({ attribute }: Tag): void {
    const number = Number(attribute('r') ?? this.#number + 1);
    if (!(number > this.#number && number <= mostRows)) throw outside(attribute('r') ?? '');
    this.#number = number;
    this.#cells = [];
    this.#column = -1;
  }

  #beginCell({ attribute }: Tag): void {
    const reference = attribute('r');
    this.#column = reference === undefined ? this.#column + 1 : columnOf(reference);
    if (this.#column < 0 || this.#column >= mostColumns) throw outside(reference ?? '');
    this.#type = attribute('t') ?? 'n';
    this.#style = Number(attribute('s') ?? 0);
    this.#value = '';
  }

  #endCell(): void {
    const text = this.#textOf();
    if (text === '') return;
    while (this.#cells.length < this.#column) this.#cells.push('');
    this.#cells[this.#column] = text;
  }

  #textOf(): string {
    const { strings, meanings, is1904 } = this.#reading;
    if (this.#type === 's') return strings.at(Number(this.#value));
    if (this.#type === 'inlineStr' || this.#type === 'str') return unescaped(this.#value);
    if (this.#type === 'b') return this.#value.trim() === '1' ? 'true' : this.#value === '' ? '' : 'false';
    if (this.#type === 'e' || this.#type === 'd') return this.#value;
    return numberText(this.#value, meanings[this.#style] ?? { kind: 'number' }, is1904);
  }
}

/** Rows of a sheet as they come, in the order of their numbers. */
export async function* readRows(
  part: AsyncIterable<Uint8Array>,
  reading: CellReading,
): AsyncGenerator<readonly SheetRow[]> {
  const reader = new RowReader(reading);
  const listener = {
    opens: (tag: Tag) => reader.opens(tag),
    text: (text: string) => reader.text(text),
    closes: (name: string) => reader.closes(name),
  };
  for await (const _ of readXml(part, listener)) yield reader.rows.splice(0);
  yield reader.rows.splice(0);
}
