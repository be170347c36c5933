import { Transform, type TransformCallback } from 'node:stream';
import { decoderOf, guessText, utf8Of, westernOf } from '../../core/charset.ts';
import { doubt, type Doubts } from './doubts.ts';

const lenientUtf8 = new TextDecoder('utf-8');

const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80);

/** A few broken bytes in UTF-8, as opposed to another charset under its name. */
const isMostlyUtf8 = (bytes: Uint8Array): boolean => {
  const beyondAscii = Array.from(
    lenientUtf8.decode(bytes).matchAll(/[\u0080-\u{10ffff}]/gu),
    ([character]) => character,
  );
  return beyondAscii.filter((character) => character === '\uFFFD').length * 2 < beyondAscii.length;
};

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
    return isMostlyUtf8(bytes) ? lenientUtf8.decode(bytes) : westernOf(bytes);
  }
  const text = decoder.decode(bytes);
  if (text.includes('\uFFFD')) doubts.add(doubt.wrongCharset(charset));
  return text;
}

/** Whole chunks are kept until the end, because only then it is known what a part is. */
abstract class WholePartStream extends Transform {
  readonly #chunks: Buffer[] = [];

  protected abstract convert(whole: Buffer): Buffer;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, this.convert(Buffer.concat(this.#chunks)));
  }
}

export const isBase64 = (bytes: Buffer): boolean => /^[A-Za-z0-9+/=\s]*$/.test(bytes.toString('latin1'));

/** A text that claims to be base64: taken as it stands when it is not. */
export class Base64TextStream extends WholePartStream {
  protected override convert(whole: Buffer): Buffer {
    return isBase64(whole) ? Buffer.from(whole.toString('latin1'), 'base64') : whole;
  }
}

/** Decodes a whole part once it is there: only then is it known whether it is what it says. Answers UTF-8. */
export class TextDecodeStream extends WholePartStream {
  readonly #charset: string;
  readonly #doubts: Doubts;

  constructor(charset: string, doubts: Doubts) {
    super();
    this.#charset = charset;
    this.#doubts = doubts;
  }

  protected override convert(whole: Buffer): Buffer {
    return Buffer.from(decodeText(whole, this.#charset, this.#doubts));
  }
}
