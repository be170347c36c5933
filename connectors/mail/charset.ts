import { Transform, type TransformCallback } from 'node:stream';
import { TextDecoder } from 'node:util';
import { doubt, type Doubts } from './doubts.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const western = new TextDecoder('windows-1252');

const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80);

const utf8Of = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    // Not UTF-8: the caller tries the next.
    return undefined;
  }
};

const decoderOf = (charset: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(charset);
  } catch {
    // A name that is not in the Encoding Standard, UTF-7 among them (it can hide markup from a sanitiser).
    return undefined;
  }
};

/**
 * Text of bytes whose charset nobody named: UTF-8 when it is, else windows-1252, which is what German form scripts send.
 */
export function guessText(bytes: Uint8Array): string {
  return utf8Of(bytes) ?? western.decode(bytes);
}

/**
 * Text of bytes that name their charset, rightly or not. What is valid UTF-8 beyond ASCII is UTF-8 even where a western charset is named:
 * no western text looks like that by chance.
 */
export function decodeText(bytes: Uint8Array, charset: string, doubts: Doubts): string {
  const name = charset.trim().toLowerCase();
  if (name === '' || name === 'us-ascii' || name === 'ascii' || name === 'unknown-8bit') return guessText(bytes);
  const decoder = decoderOf(name);
  if (decoder === undefined) {
    if (!isAscii(bytes) || /utf-?7/.test(name)) doubts.add(doubt.unknownCharset(charset));
    return guessText(bytes);
  }
  if (decoder.encoding === 'windows-1252') return guessText(bytes);
  if (decoder.encoding === 'utf-8') {
    const text = utf8Of(bytes);
    if (text !== undefined) return text;
    doubts.add(doubt.wrongCharset(charset));
    return western.decode(bytes);
  }
  const text = decoder.decode(bytes);
  if (text.includes('\uFFFD')) doubts.add(doubt.wrongCharset(charset));
  return text;
}

/** Decodes a whole part once it is there: only then is it known whether it is what it says. Answers UTF-8. */
export class TextDecodeStream extends Transform {
  readonly #chunks: Buffer[] = [];
  readonly #charset: string;
  readonly #doubts: Doubts;

  constructor(charset: string, doubts: Doubts) {
    super();
    this.#charset = charset;
    this.#doubts = doubts;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, Buffer.from(decodeText(Buffer.concat(this.#chunks), this.#charset, this.#doubts)));
  }
}
