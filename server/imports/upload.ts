import busboy from 'busboy';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { LeitwerkError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import type { Blob, BlobStore } from '../../store/blobs.ts';
import { asObject } from '../input.ts';
import { readBytes } from '../json-body.ts';

/** A file that has been stored, and the other members of the request. */
export interface Upload extends Blob {
  readonly fileName: string;
  readonly words: Readonly<Record<string, string>>;
}

/** Bytes of a file. */
const mostBytes = 1024 ** 3;
/** Bytes of pasted text, with what JSON adds. */
const mostText = 8 * 1024 * 1024;
const mostFields = 50;
const mostFieldBytes = 200_000;

const tooLarge = (): LeitwerkError =>
  new LeitwerkError('TooLarge', {
    text: { de: 'Höchstens 1 GB sind erlaubt.', en: 'At most 1 GB is allowed.' },
    facts: { limit: mostBytes },
  });

const unreadable = (reason: string): LeitwerkError =>
  new LeitwerkError('Unreadable', {
    text: { de: `Die Anfrage ist nicht lesbar: ${reason}`, en: `The request cannot be read: ${reason}` },
  });

const noFile = (): LeitwerkError =>
  new LeitwerkError('InvalidInput', {
    issues: [{ path: '/file', code: 'required', message: 'A file is expected (multipart field "file").' }],
  });

async function* limited(file: Readable): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of file as AsyncIterable<Buffer>) {
    size += bytes.byteLength;
    if (size > mostBytes) throw tooLarge();
    yield bytes;
  }
}

/** The file goes to the blob store as it comes; nothing of it is kept in memory. */
const readMultipart = async (request: IncomingMessage, blobs: BlobStore): Promise<Upload> => {
  const parser = busboy({
    headers: request.headers,
    defParamCharset: 'utf8',
    limits: { fields: mostFields, fieldSize: mostFieldBytes, files: 1 },
  });
  const words: Record<string, string> = {};
  let stored: Promise<Blob> | undefined;
  let fileName = '';
  await new Promise<void>((resolve, reject) => {
    parser.on('field', (name, value, { valueTruncated }) => {
      if (valueTruncated) reject(unreadable(`"${name}" has more than ${mostFieldBytes} bytes`));
      words[name] = value;
    });
    parser.on('file', (name, file, info) => {
      if (name !== 'file') {
        file.resume();
        return;
      }
      // The types promise a name; a part without one has none.
      const given: string | undefined = info.filename;
      fileName = given ?? '';
      stored = blobs.putStream(limited(file));
      stored.catch(reject);
    });
    parser.on('error', (error) => reject(unreadable(error instanceof Error ? error.message : String(error))));
    parser.on('close', resolve);
    request.on('aborted', () => {
      parser.destroy(new Error('the request was broken off'));
      reject(unreadable('the request was broken off'));
    });
    request.pipe(parser);
  });
  if (stored === undefined) throw noFile();
  return { ...(await stored), fileName, words };
};

const toWord = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const optionNames: ReadonlySet<string> = new Set([
  'source',
  'entity',
  'mapping',
  'encoding',
  'delimiter',
  'decimal',
  'header',
  'matchKey',
  'onMatch',
  'processes',
  'dryRun',
]);

/** Pasted text: the member `text`, the others as in a form. */
const readText = async (request: IncomingMessage, blobs: BlobStore): Promise<Upload> => {
  const { text, fileName, ...rest } = asObject(parseJson(await readBytes(request, mostText)));
  const issues = Object.keys(rest)
    .filter((name) => !optionNames.has(name))
    .map((name) => ({ path: `/${name}`, code: 'unknown', message: 'There is no such option.' }));
  if (typeof text !== 'string')
    issues.push({ path: '/text', code: 'required', message: 'The text of the file is expected.' });
  if (typeof text !== 'string' || issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  const bytes = Buffer.from(text);
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return {
    name: await blobs.put(bytes),
    size: bytes.byteLength,
    fileName: typeof fileName === 'string' ? fileName : '',
    words: Object.fromEntries(given.map(([name, value]) => [name, toWord(value)])),
  };
};

/**
 * Stores the file of a request, durably.
 * @throws LeitwerkError `TooLarge`, `Unreadable`, `UnsupportedMediaType`, `InvalidInput` without a file.
 */
export async function readUpload(request: IncomingMessage, blobs: BlobStore): Promise<Upload> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + mostText) throw tooLarge();
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return await readMultipart(request, blobs);
  if (type === 'application/json') return await readText(request, blobs);
  throw new LeitwerkError('UnsupportedMediaType');
}
