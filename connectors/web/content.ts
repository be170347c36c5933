import busboy from 'busboy';
import { Readable } from 'node:stream';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
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

/** A name that occurs several times is a list. */
const collect = (pairs: Iterable<readonly [string, string]>): Members => {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let count = 0;
  for (const [rawName, value] of pairs) {
    count += 1;
    if (count > mostFields)
      throw new LeitwerkError('Unreadable', { text: { de: 'Zu viele Felder.', en: 'Too many fields.' } });
    const name = rawName.replace(/\[\]$/, '');
    const before = fields[name];
    fields[name] =
      before === undefined ? value : [...(Array.isArray(before) ? (before as unknown[]) : [before]), value];
  }
  return { ...fields };
};

const readMultipart = async (
  raw: Uint8Array,
  contentType: string,
): Promise<{ fields: Members; files: ReceivedFile[] }> => {
  const parser = busboy({
    headers: { 'content-type': contentType },
    defParamCharset: 'utf8',
    limits: { fields: mostFields, files: mostFiles, fieldSize: mostText },
  });
  const pairs: [string, string][] = [];
  const files: ReceivedFile[] = [];
  await new Promise<void>((resolve, reject) => {
    parser.on('field', (name, value, info) => {
      if (info.valueTruncated || info.nameTruncated) reject(new Error(`a field of more than ${mostText} bytes`));
      pairs.push([name, value]);
    });
    parser.on('file', (field, stream, info) => {
      // A body that ends inside a file fails on the file's stream, and nobody else's listener hears that.
      stream.on('error', reject);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks);
        // The types promise a name; a part without one has none.
        const name: string | undefined = info.filename;
        if (bytes.byteLength > 0) files.push({ field, name: name ?? '', contentType: info.mimeType, bytes });
      });
    });
    parser.on('filesLimit', () => reject(new Error(`more than ${mostFiles} files`)));
    parser.on('fieldsLimit', () => reject(new Error(`more than ${mostFields} fields`)));
    parser.on('error', reject);
    parser.on('close', resolve);
    Readable.from([Buffer.from(raw)]).pipe(parser);
  });
  return { fields: collect(pairs), files };
};

const unreadable = (cause: unknown): Content => {
  if (cause instanceof LeitwerkError) return { unreadable: cause.text };
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { unreadable: { de: `Der Inhalt ist nicht lesbar: ${reason}`, en: `The content cannot be read: ${reason}` } };
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
    if (format === 'form')
      return { fields: collect(new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(raw))), files: [] };
    return readObject(parseJson(raw));
  } catch (cause) {
    return unreadable(cause);
  }
}

const readObject = (value: unknown): Content => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { fields: value as Members, files: [] };
  return { unreadable: { de: 'Erwartet wird ein JSON-Objekt.', en: 'A JSON object is expected.' } };
};
