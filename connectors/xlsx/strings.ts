import { LeitwerkError } from '../../core/errors.ts';
import type { Archive } from './archive.ts';
import { readXml } from './xml.ts';

/** Texts of a table that cells refer to by number. In a few buffers: as many small strings they would take several times the memory. */
export interface StringTable {
  at(index: number): string;
}

const mostBytes = 128 * 1024 * 1024;

const tooLarge = (): LeitwerkError =>
  new LeitwerkError('TooLarge', {
    text: {
      de: 'Die Excel-Datei hat mehr als 128 MB Text. Bitte als CSV speichern.',
      en: 'The Excel file has more than 128 MB of text. Please save it as CSV.',
    },
  });

const chunkSize = 1024 * 1024;

class Texts implements StringTable {
  readonly #chunks: Buffer[] = [];
  /** Bytes taken of the last chunk. */
  #taken = chunkSize;
  #total = 0;
  /** Where each text begins (number of its chunk times the size of one, and its place in it), and how many bytes it has. */
  readonly #places: number[] = [];
  readonly #lengths: number[] = [];

  add(text: string): void {
    const length = Buffer.byteLength(text);
    this.#total += length;
    if (this.#total > mostBytes) throw tooLarge();
    if (this.#taken + length > chunkSize) {
      // A text that no chunk can hold has one of its own.
      this.#chunks.push(Buffer.alloc(Math.max(chunkSize, length)));
      this.#taken = 0;
    }
    const last = this.#chunks.length - 1;
    this.#places.push(last * chunkSize + this.#taken);
    this.#lengths.push(length);
    this.#chunks[last]?.write(text, this.#taken);
    this.#taken += length;
  }

  at(index: number): string {
    const [place, length] = [this.#places[index], this.#lengths[index]];
    if (place === undefined || length === undefined) return '';
    const from = place % chunkSize;
    return this.#chunks[Math.floor(place / chunkSize)]?.toString('utf8', from, from + length) ?? '';
  }
}

/** `_x000D_` stands for a character that XML cannot have. */
export const unescaped = (text: string): string =>
  text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));

/** Reads the shared texts; formatted pieces of one text are put together, hints for pronunciation left out. */
export async function readStrings(archive: Archive, name: string | undefined): Promise<StringTable> {
  const texts = new Texts();
  if (name === undefined || !archive.has(name)) return texts;
  let text = '';
  let isText = false;
  let isHint = false;
  const reading = readXml(await archive.part(name), {
    opens: (tag) => {
      if (tag.name === 'si') text = '';
      if (tag.name === 'rPh') isHint = true;
      isText = tag.name === 't' && !isHint;
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    closes: (closed) => {
      isText = false;
      if (closed === 'rPh') isHint = false;
      if (closed === 'si') texts.add(unescaped(text));
    },
  });
  for await (const _ of reading);
  return texts;
}
