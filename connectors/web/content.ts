import busboy from 'busboy';
import { Readable } from 'node:stream';
import { charsetOf, decodePairs, decodeText, readForm, type ByteText } from '../../core/charset.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import { parseExactJson } from '../../core/json.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { withoutMarks } from './marks.ts';

/** The members of a message by name. */
type Members = Readonly<Record<string, unknown>>;

/** A file that came with a message. */
export interface ReceivedFile {
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export type Content =
  | { readonly fields: Members; readonly files: readonly ReceivedFile[] }
  | { readonly unreadable: Text };

const mostFields = 500;
const mostFiles = 20;
/** Bytes of one field that is no file. */
const mostText = 1_000_000;

export type Format = 'json' | 'form' | 'multipart';

/** @throws LeitwerkError `UnsupportedMediaType`. */
export function formatOf(contentType: string): Format {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type === 'multipart/form-data') return 'multipart';
  throw new LeitwerkError('UnsupportedMediaType', {
    text: {
      de: 'Angenommen werden application/json, application/x-www-form-urlencoded und multipart/form-data.',
      en: 'Accepted are application/json, application/x-www-form-urlencoded and multipart/form-data.',
    },
  });
}

const refuse = (de: string, en: string): LeitwerkError => new LeitwerkError('Unreadable', { text: { de, en } });

const tooMuchText = (name: string): LeitwerkError =>
  refuse(
    `Das Feld „${name.slice(0, 100)}“ hat mehr als ${mostText / 1_000_000} MB.`,
    `The field "${name.slice(0, 100)}" has more than ${mostText / 1_000_000} MB.`,
  );

const tooMany = (count: number, de: string, en: string): LeitwerkError =>
  refuse(`Mehr als ${count} ${de} sind zu viele.`, `More than ${count} ${en} are too many.`);

/** A name that occurs several times is a list. */
const collect = (pairs: Iterable<readonly [string, string]>): Members => {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let count = 0;
  for (const [rawName, value] of pairs) {
    count += 1;
    if (count > mostFields) throw tooMany(mostFields, 'Felder', 'fields');
    const name = rawName.replace(/\[\]$/, '');
    const before = fields[name];
    fields[name] =
      before === undefined ? value : [...(Array.isArray(before) ? (before as unknown[]) : [before]), value];
  }
  return { ...fields };
};

const endsEarly: Text = {
  de: 'Das Formular bricht mitten im Inhalt ab.',
  en: 'The form breaks off in the middle of its content.',
};
const withoutBoundary: Text = {
  de: 'Der Content-Type nennt keine Trennlinie (boundary).',
  en: 'The content type names no boundary.',
};

/** What busboy says, for people. */
const broken: Readonly<Record<string, Text>> = {
  'Unexpected end of form': endsEarly,
  'Unexpected end of file': endsEarly,
  'Malformed part header': {
    de: 'Der Kopf eines Formularteils ist nicht lesbar.',
    en: 'The head of a part of the form cannot be read.',
  },
  'Multipart: Boundary not found': withoutBoundary,
  'Malformed content type': withoutBoundary,
};

/** A text of a form, as bytes. */
interface TextPart {
  readonly name: ByteText;
  readonly text: ByteText;
  /** The charset that the part itself names; empty = none. */
  readonly charset: string;
}

const boundaryPattern = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i;
const charsetLine = /^content-type:(?!\s*application\/octet-stream)[^\r\n]*;\s*charset="?([^";\s]+)[^\r\n]*/im;

/** Busboy knows few charsets and does not tell which one a part names: it gets them as media types, which it hands on. */
const withCharsetAsType = (raw: Buffer, contentType: string): Buffer => {
  const [, quoted, plain] = boundaryPattern.exec(contentType) ?? [];
  const line = `--${quoted ?? plain}\r\n`;
  const whole = raw.toString('latin1');
  if (!charsetLine.test(whole)) return raw;
  const parts = whole.split(line).map((part) => {
    const head = part.slice(0, Math.max(part.indexOf('\r\n\r\n'), 0));
    return /;\s*filename/i.test(head)
      ? part
      : head.replace(charsetLine, 'Content-Type: charset/$1') + part.slice(head.length);
  });
  return Buffer.from(parts.join(line), 'latin1');
};

const parseMultipart = async (
  raw: Buffer,
  contentType: string,
): Promise<{ texts: TextPart[]; files: ReceivedFile[] }> => {
  const parser = busboy({
    headers: { 'content-type': contentType },
    defCharset: 'latin1',
    defParamCharset: 'latin1',
    limits: { fields: mostFields, files: mostFiles, fieldSize: mostText },
  });
  const texts: TextPart[] = [];
  const files: ReceivedFile[] = [];
  await new Promise<void>((resolve, reject) => {
    parser.on('field', (name, text, info) => {
      if (info.valueTruncated || info.nameTruncated) reject(tooMuchText(name));
      const [kind, charset = ''] = info.mimeType.split('/');
      texts.push({ name, text, charset: kind === 'charset' ? charset : '' });
    });
    parser.on('file', (field, stream, info) => {
      // A body that ends inside a file fails on the file's stream, and nobody else's listener hears that.
      stream.on('error', reject);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks);
        // The types promise a name; a part without one has none.
        const { filename: name = '' } = info as { readonly filename?: string };
        // What browsers send of an input in which nothing was chosen.
        if (name === '' && bytes.byteLength === 0) return;
        files.push({ field, name, contentType: info.mimeType, bytes });
      });
    });
    parser.on('filesLimit', () => reject(tooMany(mostFiles, 'Dateien', 'files')));
    parser.on('fieldsLimit', () => reject(tooMany(mostFields, 'Felder', 'fields')));
    parser.on('error', reject);
    parser.on('close', resolve);
    Readable.from([withCharsetAsType(raw, contentType)]).pipe(parser);
  });
  return { texts, files };
};

const readMultipart = async (
  raw: Uint8Array,
  contentType: string,
): Promise<{ fields: Members; files: ReceivedFile[] }> => {
  const { texts, files } = await parseMultipart(Buffer.from(raw), contentType);
  const pairs = [
    ...texts.map(({ name, text, charset }) => [name, charset === '' ? text : ''] as const),
    ...files.map(({ field, name }) => [field, name] as const),
  ];
  const read = decodePairs(pairs, charsetOf(contentType));
  const fields = texts.map(({ text, charset }, index) => {
    const [name, value] = read[index] ?? ['', ''];
    return [name, charset === '' ? value : decodeText(text, charset)] as const;
  });
  return {
    fields: collect(fields),
    files: files.map((file, index) => {
      const [field, name] = read[texts.length + index] ?? ['', ''];
      return { ...file, field, name };
    }),
  };
};

const unreadable = (cause: unknown): Content => {
  if (cause instanceof LeitwerkError) return { unreadable: cause.text };
  const known = cause instanceof Error ? broken[cause.message] : undefined;
  return { unreadable: known ?? { de: 'Der Inhalt ist nicht lesbar.', en: 'The content cannot be read.' } };
};

/** Reads a kept body again: what the sender said, without what a form says about itself. */
export async function readAgain(
  raw: Uint8Array,
  contentType: string,
): Promise<{ readonly fields: Members } | { readonly unreadable: Text }> {
  const read = await readContent(raw, contentType);
  return 'fields' in read ? { fields: withoutMarks(read.fields) } : read;
}

/** Reads a body's fields and files; a body that cannot be read is an answer, not a failure, because it is kept. */
export async function readContent(raw: Uint8Array, contentType: string): Promise<Content> {
  try {
    const format = formatOf(contentType);
    if (format === 'multipart') return await readMultipart(raw, contentType);
    if (format === 'form') return { fields: collect(readForm(raw, contentType)), files: [] };
    return readObject(parseExactJson(raw));
  } catch (cause) {
    return unreadable(cause);
  }
}

const readObject = (value: unknown): Content => {
  if (isPlainObject(value)) return { fields: value, files: [] };
  return { unreadable: { de: 'Erwartet wird ein JSON-Objekt.', en: 'A JSON object is expected.' } };
};
