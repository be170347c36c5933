import { LeitwerkError } from '../../core/errors.ts';
import type { Archive } from './archive.ts';
import { readXml } from './xml.ts';

/** Texts of a table that cells refer to by number. In one buffer: as many small strings they would take several times the memory. */
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

class Texts implements StringTable {
  #bytes = Buffer.alloc(64 * 1024);
  #length = 0;
  readonly #ends: number[] = [];

  add(text: string): void {
    const needed = this.#length + Buffer.byteLength(text);
    if (needed > mostBytes) throw tooLarge();
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(text, this.#length);
    this.#ends.push(this.#length);
  }

  at(index: number): string {
    const end = this.#ends[index];
    return end === undefined ? '' : this.#bytes.toString('utf8', this.#ends[index - 1] ?? 0, end);
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
