import busboy from 'busboy';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { issueOf, LeitwerkError, messageOf, type Issue, type Text } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import type { Blob, BlobStore } from '../../store/blobs.ts';
import { asObject } from '../input.ts';
import { readBytes } from '../json-body.ts';
import { optionNames } from './options.ts';

/** A file that has been stored, and the other members of the request. */
export interface Upload extends Blob {
  readonly fileName: string;
  readonly words: Readonly<Record<string, string>>;
}

export interface UploadLimits {
  /** Bytes of a file. */
  readonly file: number;
  /** Bytes of pasted text, with what JSON adds. */
  readonly text: number;
}

const usualLimits: UploadLimits = { file: 1024 ** 3, text: 8 * 1024 * 1024 };
const mostFields = 50;
const mostFieldBytes = 200_000;

const sizeOf = (bytes: number, language: 'de' | 'en'): string => {
  const [value, unit] = bytes >= 1024 ** 3 ? [bytes / 1024 ** 3, 'GB'] : [bytes / 1024, 'KB'];
  return `${value.toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
};

const tooLarge = (limit: number): LeitwerkError =>
  new LeitwerkError('TooLarge', {
    text: {
      de: `Höchstens ${sizeOf(limit, 'de')} sind erlaubt.`,
      en: `At most ${sizeOf(limit, 'en')} are allowed.`,
    },
    facts: { limit },
  });

const unreadable = (reason: Text): LeitwerkError =>
  new LeitwerkError('Unreadable', {
    text: { de: `Die Anfrage ist nicht lesbar: ${reason.de}`, en: `The request cannot be read: ${reason.en}` },
  });

const brokenOff: Text = { de: 'sie wurde abgebrochen.', en: 'it was broken off.' };

/** Who reads it is known only where it is answered. */
const faultOf = (path: string, code: string, text: Text): Issue => issueOf({ path, code }, text, 'en');

/** Names that are none of the options. */
export const unknownIssues = (names: readonly string[], known: ReadonlySet<string> = optionNames): Issue[] =>
  names
    .filter((name) => !known.has(name))
    .map((name) =>
      faultOf(`/${name}`, 'unknown', { de: 'Diese Angabe gibt es nicht.', en: 'There is no such option.' }),
    );

const missing = (path: '/file' | '/text'): Issue =>
  path === '/file'
    ? faultOf(path, 'required', {
        de: 'Erwartet wird eine Datei (multipart-Feld „file“).',
        en: 'A file is expected (multipart field "file").',
      })
    : faultOf(path, 'required', { de: 'Erwartet wird der Text der Datei.', en: 'The text of the file is expected.' });

const tooMany: Issue = faultOf('/file', 'tooMany', { de: 'Nur eine Datei je Import.', en: 'One file an import only.' });

async function* limited(file: Readable, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of file as AsyncIterable<Buffer>) {
    size += bytes.byteLength;
    if (size > limit) throw tooLarge(limit);
    yield bytes;
  }
}

interface Parts {
  readonly words: Record<string, string>;
  /** Options that are sent as files (`curl -F mapping=@m.yaml`), while they are read. */
  readonly pending: Promise<void>[];
  /** Names of parts that are files without being asked for. */
  readonly others: string[];
  file?: { readonly stored: Promise<Blob>; readonly name: string };
}

const readWord = async (file: Readable): Promise<string> => {
  const bytes: Uint8Array[] = [];
  for await (const some of limited(file, mostFieldBytes)) bytes.push(some);
  return new TextDecoder().decode(Buffer.concat(bytes));
};

/** The file goes to the blob store as it comes; nothing of it is kept in memory. */
const readParts = async (request: IncomingMessage, blobs: BlobStore, limit: number): Promise<Parts> => {
  const parser = busboy({
    headers: request.headers,
    defParamCharset: 'utf8',
    limits: { fields: mostFields, fieldSize: mostFieldBytes, files: mostFields },
  });
  const parts: Parts = { words: {}, pending: [], others: [] };
  await new Promise<void>((resolve, reject) => {
    parser.on('field', (name, value, { valueTruncated }) => {
      if (valueTruncated)
        reject(
          unreadable({
            de: `„${name}“ hat mehr als ${mostFieldBytes} Bytes.`,
            en: `"${name}" has more than ${mostFieldBytes} bytes.`,
          }),
        );
      parts.words[name] = value;
    });
    parser.on('file', (name, file, info) => {
      if (optionNames.has(name)) {
        const word = readWord(file).then((text) => void (parts.words[name] = text));
        word.catch(reject);
        parts.pending.push(word);
        return;
      }
      if (name !== 'file' || parts.file !== undefined) {
        parts.others.push(name);
        file.resume();
        return;
      }
      // The types promise a name; a part without one has none.
      const given: string | undefined = info.filename;
      const stored = blobs.putStream(limited(file, limit));
      stored.catch(reject);
      parts.file = { stored, name: given ?? '' };
    });
    parser.on('error', (error) => {
      const reason = messageOf(error);
      reject(unreadable({ de: reason, en: reason }));
    });
    parser.on('close', resolve);
    request.on('aborted', () => {
      parser.destroy(new Error(brokenOff.en));
      reject(unreadable(brokenOff));
    });
    request.pipe(parser);
  });
  await Promise.all(parts.pending);
  return parts;
};

const readMultipart = async (request: IncomingMessage, blobs: BlobStore, limit: number): Promise<Upload> => {
  const { words, others, file } = await readParts(request, blobs, limit);
  const issues = unknownIssues([...Object.keys(words), ...others.filter((name) => name !== 'file')]);
  if (others.includes('file')) issues.push(tooMany);
  if (file === undefined) issues.push(missing('/file'));
  if (file === undefined || issues.length > 0) {
    await file?.stored;
    throw new LeitwerkError('InvalidInput', { issues });
  }
  return { ...(await file.stored), fileName: file.name, words };
};

const toWord = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Options of a JSON body as a form would have sent them; null and absent are the same, unless null is said to mean something. */
export function toWords(options: Readonly<Record<string, unknown>>, ofNull?: string): Record<string, string> {
  const given = Object.entries(options).flatMap(([name, value]) => {
    const word = value === null || value === undefined ? ofNull : toWord(value);
    return word === undefined ? [] : [[name, word] as const];
  });
  return Object.fromEntries(given);
}

/** Pasted text: the member `text`, the others as in a form. */
const readText = async (request: IncomingMessage, blobs: BlobStore, limit: number): Promise<Upload> => {
  const { text, fileName, ...rest } = asObject(parseJson(await readBytes(request, limit)));
  const issues = unknownIssues(Object.keys(rest));
  if (typeof text !== 'string') issues.push(missing('/text'));
  if (typeof text !== 'string' || issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  const bytes = Buffer.from(text);
  return {
    name: await blobs.put(bytes),
    size: bytes.byteLength,
    fileName: typeof fileName === 'string' ? fileName : '',
    words: toWords(rest),
  };
};

/**
 * Stores the file of a request, durably.
 * @throws LeitwerkError `TooLarge`, `Unreadable`, `UnsupportedMediaType`, `InvalidInput` without a file or with unknown options.
 */
export async function readUpload(
  request: IncomingMessage,
  blobs: BlobStore,
  limits: UploadLimits = usualLimits,
): Promise<Upload> {
  if (Number(request.headers['content-length'] ?? 0) > limits.file + limits.text) throw tooLarge(limits.file);
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return await readMultipart(request, blobs, limits.file);
  if (type === 'application/json') return await readText(request, blobs, limits.text);
  throw new LeitwerkError('UnsupportedMediaType');
}
