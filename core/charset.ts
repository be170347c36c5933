import { LeitwerkError } from './errors.ts';
import { isAscii } from './filter/text.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const western = new TextDecoder('windows-1252');

type Decoder = InstanceType<typeof TextDecoder>;

/** Undefined for a name that is not in the Encoding Standard, UTF-7 among them (it can hide markup from a sanitiser). */
export const decoderOf = (charset: string, options?: { readonly fatal: boolean }): Decoder | undefined => {
  try {
    return new TextDecoder(charset, options);
  } catch {
    return undefined;
  }
};

/** Undefined for bytes that the decoder, made with `fatal`, cannot read. */
const decoded = (bytes: Uint8Array, decoder: Decoder): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

export const utf8Of = (bytes: Uint8Array): string | undefined => decoded(bytes, utf8);

export const westernOf = (bytes: Uint8Array): string => western.decode(bytes);

/** Text of bytes whose charset nobody named: UTF-8 when it is, else windows-1252, which is what German form scripts send. */
export const guessText = (bytes: Uint8Array): string => utf8Of(bytes) ?? westernOf(bytes);

/** A text with one character for each byte: what parsers hand out that are not to decode. */
export type ByteText = string;

const toBytes = (text: ByteText): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A text that is decoded already, such as a file name that brought its own charset, may have more. */
const isBytes = (text: string): boolean => /^[\0-\xFF]*$/.test(text);

const charsetPattern = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** What a content type says of the charset; empty = nothing. */
export const charsetOf = (contentType: string): string => charsetPattern.exec(contentType)?.[1] ?? '';

/** @throws LeitwerkError `Unreadable` for a charset that there is not. */
const declaredDecoder = (charset: string): Decoder => {
  const decoder = decoderOf(charset, { fatal: true });
  if (decoder !== undefined) return decoder;
  const name = charset.slice(0, 40);
  throw new LeitwerkError('Unreadable', {
    text: { de: `Den Zeichensatz „${name}“ gibt es nicht.`, en: `There is no charset "${name}".` },
  });
};

/** Field in which a browser says with which charset it sends a form (HTML, "constructing the entry list"). */
export const charsetField = '_charset_';

/**
 * Reads texts that are in one charset: `charset` where it is not empty, else UTF-8 when all of them are that, else windows-1252. Nobody sends
 * a form in UTF-16, and western text does not look like UTF-8 by chance: under these names it is found out, too, as where the bytes are
 * not what the name says.
 * @throws LeitwerkError `Unreadable` for a charset that there is not.
 */
const readerOf = (texts: readonly ByteText[], charset: string): ((text: ByteText) => string) => {
  const declared = charset === '' ? undefined : declaredDecoder(charset);
  const all = texts.filter(isBytes).join('\n');
  if (isAscii(all) && declared?.encoding !== 'iso-2022-jp') return (text) => text;
  const isTold = declared !== undefined && !/^(?:windows-1252|utf-)/.test(declared.encoding);
  const bytes = toBytes(all);
  const fitting = [...(isTold ? [declared] : []), utf8].find((one) => decoded(bytes, one) !== undefined);
  const decoder = fitting ?? western;
  return (text) => (isBytes(text) ? decoder.decode(toBytes(text)) : text);
};

/** A text in a charset that is named. @throws LeitwerkError `Unreadable` for a charset that there is not. */
export const decodeText = (text: ByteText, charset: string): string => readerOf([text], charset)(text);

/**
 * Names and values of a form in `charset`; where it is empty, in the one that the form's own field names, else as found out.
 * @throws LeitwerkError `Unreadable` for a charset that there is not.
 */
export function decodePairs(
  pairs: readonly (readonly [name: ByteText, value: ByteText])[],
  charset: string,
): readonly (readonly [string, string])[] {
  const field = pairs.find(([name]) => name === charsetField)?.[1].trim() ?? '';
  const read = readerOf(pairs.flat(), charset === '' ? field : charset);
  return pairs.map(([name, value]) => [read(name), read(value)]);
}

const toByteText = (bytes: Uint8Array): ByteText => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** Names and values of `application/x-www-form-urlencoded`. @throws LeitwerkError `Unreadable` for a charset that there is not. */
export function readForm(raw: Uint8Array, contentType: string): Iterable<readonly [string, string]> {
  const text = utf8Of(raw);
  if (text !== undefined && /^(?:utf-?8)?$/i.test(charsetOf(contentType)) && !text.includes(charsetField)) {
    const pairs = [...new URLSearchParams(text)];
    // A character that stands for what UTF-8 cannot be: another charset, as good as always.
    const isOther = pairs.some(([name, value]) => name.includes('\uFFFD') || value.includes('\uFFFD'));
    if (!isOther) return pairs;
  }
  // Bytes beyond ASCII as characters, which come out of the search parameters as they went in.
  const bytes = toByteText(raw).replaceAll(/%([89a-f][\da-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodePairs([...new URLSearchParams(bytes)], charsetOf(contentType));
}
