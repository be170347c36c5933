import { detectDialect, headSize, type Dialect, type DialectWishes, type OpenFile } from './csv/index.ts';
import { isArchive, readSheets, transcribeSheet } from './xlsx/index.ts';

/** Rows in a file: text with separators as it is, a sheet of a spreadsheet written out as such. */
export interface Tables {
  /** Whether a file of which this is the beginning is a spreadsheet. */
  isSpreadsheet(head: Uint8Array): boolean;
  readSheets(path: string): Promise<readonly { readonly name: string; readonly isHidden: boolean }[]>;
  transcribeSheet(path: string, sheet: string | undefined): AsyncIterable<Uint8Array>;
  readHead(open: OpenFile): Promise<Buffer>;
  detect(
    head: Uint8Array,
    file: { readonly isWhole: boolean; readonly wishes: DialectWishes; readonly knows: (name: string) => boolean },
  ): Dialect;
}

const readHead = async (open: OpenFile): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of await open(0)) {
    parts.push(bytes);
    size += bytes.byteLength;
    if (size >= headSize) break;
  }
  return Buffer.concat(parts).subarray(0, headSize);
};

export const tables: Tables = {
  isSpreadsheet: isArchive,
  readSheets,
  transcribeSheet,
  readHead,
  detect: detectDialect,
};
