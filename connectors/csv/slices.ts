import type { Dialect } from './dialect.ts';
import { decoderOf, isSeekable, wideToUtf8 } from './encoding.ts';
import type { OpenFile } from './open-file.ts';
import { createReader } from './records.ts';

/** Where a row stands in its file. */
export interface Slice {
  readonly at: number;
  readonly bytes: number;
}

/** Rows are kept whole up to this size. */
const mostBytes = 2 * 1_048_576;

/** The cells of a row that may have been refused for its shape: then as far as they can be told apart. */
const cellsOf = (bytes: Buffer, dialect: Dialect): readonly string[] => {
  const { encoding, delimiter } = dialect;
  const reader = createReader({ ...dialect, at: 0, line: 1, width: undefined });
  const [record, more] = [...reader.push(bytes), ...reader.end()];
  if (record?.cells !== undefined && more === undefined) return record.cells;
  const text = decoderOf(encoding)(bytes, 0, bytes.length)
    .replace(/[\r\n]+$/, '')
    .replaceAll('\0', '');
  return text.split(delimiter);
};

/** Reads the cells of rows in one pass over the file. `slices` are in its order. */
export async function* readSlices<T extends Slice>(
  open: OpenFile,
  dialect: Dialect,
  slices: AsyncIterable<T>,
): AsyncGenerator<{ readonly slice: T; readonly cells: readonly string[] }> {
  const { encoding } = dialect;
  let file: AsyncIterator<Uint8Array> | undefined;
  let held = Buffer.alloc(0);
  let base = 0;
  for await (const slice of slices) {
    if (file === undefined) {
      base = isSeekable(encoding) ? slice.at : 0;
      const source = isSeekable(encoding) ? await open(base) : wideToUtf8(await open(0), { encoding, at: 0 });
      file = source[Symbol.asyncIterator]();
    }
    const size = Math.min(slice.bytes, mostBytes);
    while (base + held.length < slice.at + size) {
      const next = await file.next();
      if (next.done === true) break;
      const skipped = Math.min(Math.max(slice.at - base, 0), held.length);
      base += skipped;
      held = Buffer.concat([held.subarray(skipped), next.value]);
    }
    yield { slice, cells: cellsOf(held.subarray(slice.at - base, slice.at - base + size), dialect) };
  }
}
