import type { Encoding } from '../../core/import-options.ts';

/** More of what is not ASCII is UTF-8 than not: a file to which another program has added a row is still UTF-8. */
const isMostlyUtf8 = (bytes: Buffer): boolean => {
  // A character that the cut has halved is no fault.
  const text = new TextDecoder('utf-8').decode(bytes, { stream: true });
  const broken = text.match(/\uFFFD/g)?.length ?? 0;
  return broken === 0 || (text.match(/[^\0-\u007F\uFFFD]/gu)?.length ?? 0) > broken;
};

/** Latin letters in UTF-16 have a zero beside each: in the second byte of a pair (little endian) or in the first. */
const zerosAt = (bytes: Buffer, odd: 0 | 1): number => {
  let zeros = 0;
  for (let index = odd; index < Math.min(bytes.length, 2_000); index += 2) if (bytes[index] === 0) zeros += 1;
  return zeros / Math.max(Math.min(bytes.length, 2_000) / 2, 1);
};

/** By byte order mark, else by the bytes: UTF-8 when they are that, else what Windows writes in Western Europe. */
export function guessEncoding(bytes: Buffer): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (zerosAt(bytes, 1) > 0.3 && zerosAt(bytes, 0) < 0.05) return 'utf-16le';
  if (zerosAt(bytes, 0) > 0.3 && zerosAt(bytes, 1) < 0.05) return 'utf-16be';
  return isMostlyUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

/** Length of a byte order mark in UTF-8. */
export const startOf = (bytes: Buffer): number => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);

const isWide = (encoding: Encoding): boolean => encoding === 'utf-16le' || encoding === 'utf-16be';

const wideDecoder = (encoding: Encoding): InstanceType<typeof TextDecoder> =>
  new TextDecoder(encoding, { ignoreBOM: false });

/** The bytes as they are, UTF-16 in UTF-8. */
export function toUtf8Bytes(bytes: Buffer, encoding: Encoding): Buffer {
  return isWide(encoding) ? Buffer.from(wideDecoder(encoding).decode(bytes, { stream: true })) : bytes;
}

/** Whether a file can be read from the middle: UTF-16 is counted in UTF-8 and has to be read from its beginning. */
export const isSeekable = (encoding: Encoding): boolean => !isWide(encoding);

/** A UTF-16 file in UTF-8, from byte `at` of that on. */
export async function* wideToUtf8(
  source: AsyncIterable<Uint8Array>,
  { encoding, at }: { readonly encoding: Encoding; readonly at: number },
): AsyncGenerator<Buffer> {
  const decoder = wideDecoder(encoding);
  let skip = at;
  for await (const bytes of source) {
    const text = Buffer.from(decoder.decode(bytes, { stream: true }));
    if (skip >= text.length) skip -= text.length;
    else {
      yield text.subarray(skip);
      skip = 0;
    }
  }
}

/** What windows-1252 has where Latin-1 has control characters. */
const windows = new Map(
  [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'].map((letter, index) => [
    String.fromCodePoint(0x80 + index),
    letter,
  ]),
);

const fromWindows = (bytes: Buffer, from: number, to: number): string =>
  bytes.toString('latin1', from, to).replaceAll(/[\u0080-\u009f]/g, (letter) => windows.get(letter) ?? letter);

/** What UTF-8 makes of bytes that are none. */
const replacement = '\uFFFD';
const replacementBytes = Buffer.from(replacement);

export type Decode = (bytes: Buffer, from: number, to: number) => string;

/** Part of a file that has a byte that is not UTF-8 is read as Windows writes it: files grow from several programs. */
export function decoderOf(encoding: Encoding): Decode {
  if (encoding === 'windows-1252') return fromWindows;
  return (bytes, from, to) => {
    const text = bytes.toString('utf8', from, to);
    const isBroken = text.includes(replacement) && !bytes.subarray(from, to).includes(replacementBytes);
    return isBroken ? fromWindows(bytes, from, to) : text;
  };
}
