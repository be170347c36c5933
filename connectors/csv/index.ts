import type { Dialect } from './dialect.ts';
import { isSeekable, wideToUtf8 } from './encoding.ts';
import type { OpenFile } from './open-file.ts';
import { createReader, type CsvRecord } from './records.ts';

export { detectDialect, headSize, type Dialect, type DialectWishes } from './dialect.ts';
export type { OpenFile } from './open-file.ts';
export type { CsvRecord } from './records.ts';
export { readSlices } from './slices.ts';

/** Where reading goes on. */
export interface CsvPosition {
  readonly at: number;
  readonly line: number;
}

/** The rows from a position on, as many at a time as one piece of the file has. */
export async function* readRecords(
  open: OpenFile,
  dialect: Dialect,
  { at, line }: CsvPosition,
): AsyncGenerator<readonly CsvRecord[]> {
  const { encoding } = dialect;
  const source = isSeekable(encoding) ? await open(at) : wideToUtf8(await open(0), { encoding, at });
  const reader = createReader({ ...dialect, at, line, width: dialect.columns.length });
  for await (const bytes of source) yield reader.push(bytes);
  yield reader.end();
}
