import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeitwerkError } from '../core/errors.ts';
import { failpoint } from './failpoints.ts';
import { sha256 } from './secrets.ts';
import { codeOf } from './violations.ts';

/** A stored file. */
export interface Blob {
  readonly name: string;
  readonly size: number;
}

/** Files by the hash of their content, in one folder that every process sees. */
export interface BlobStore {
  /** Resolves with the blob's name when the bytes are durable. The same bytes are stored once. */
  put(bytes: Uint8Array): Promise<string>;
  /** As `put`, without ever holding the file in memory. What the stream throws leaves nothing behind. */
  putStream(stream: AsyncIterable<Uint8Array>): Promise<Blob>;
  /** @throws LeitwerkError `NotFound`. */
  get(name: string): Promise<Uint8Array>;
  /** The file from byte `start` on. @throws LeitwerkError `NotFound`. */
  stream(name: string, start?: number): Promise<AsyncIterable<Uint8Array>>;
  /** Where the file lies, for readers that jump within it. @throws LeitwerkError `NotFound`. */
  path(name: string): Promise<string>;
  /**
   * Removes a file that nothing refers to, unless the same bytes were stored at `keptSince` or later: whoever stores them is about to refer
   * to them. One that is gone already is none to remove.
   */
  remove(name: string, keptSince: Date): Promise<void>;
}

/** A raw body up to this size is kept in its row; a larger one, or one that is not text, here. */
export const rowLimit = 60_000;

/** A text column would change what is no UTF-8, and some databases end a text at a zero. */
const isText = (bytes: Uint8Array): boolean => isUtf8(bytes) && !bytes.includes(0);

/** Whether raw bytes can be kept in their row. */
export const isRowSized = (raw: Uint8Array): boolean => raw.byteLength <= rowLimit && isText(raw);

const namePattern = /^[0-9a-f]{64}$/;

/** Large enough that reading is not bound by calls, small enough for every process. */
const readSize = 256 * 1024;

const unwritable = (cause: unknown): LeitwerkError =>
  new LeitwerkError('Unavailable', {
    cause,
    retryAfterSeconds: 5,
    text: { de: 'Die Ablage ist nicht beschreibbar.', en: 'The blob store cannot be written.' },
  });

/** Only the disk's faults are the blob store's: what the stream says stays what it is. */
const writing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw unwritable(cause);
  }
};

const temporaryName = (): string => `.${process.pid}.${Math.random().toString(36).slice(2)}`;

const syncFolder = async (folder: string): Promise<void> => {
  const parent = await open(folder, 'r');
  await parent.sync();
  await parent.close();
};

const writeAll = async (file: FileHandle, stream: AsyncIterable<Uint8Array>): Promise<Blob> => {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of stream) {
    hash.update(bytes);
    size += bytes.byteLength;
    await writing(async () => await file.writeFile(bytes));
  }
  await writing(async () => {
    failpoint('S2');
    await file.sync();
    failpoint('S3');
  });
  return { name: hash.digest('hex'), size };
};

const removeOlder = async (path: string, keptSince: Date): Promise<void> => {
  const aside = `${path}${temporaryName()}`;
  const isKept = async (file: string): Promise<boolean> => (await stat(file)).mtime >= keptSince;
  try {
    if (await isKept(path)) return;
    // Judged once more where nobody stores it meanwhile; what came in between goes back.
    await rename(path, aside);
    await ((await isKept(aside)) ? rename(aside, path) : rm(aside));
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw unwritable(cause);
  }
};

export function createBlobStore(folder: string): BlobStore {
  const pathOf = (name: string): string => join(folder, name.slice(0, 2), name);
  const put = async (bytes: Uint8Array): Promise<string> => {
    const name = sha256(bytes);
    const path = pathOf(name);
    const temporary = `${path}${temporaryName()}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        failpoint('S2');
        await file.sync();
        failpoint('S3');
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(dirname(path));
    } catch (cause) {
      await rm(temporary, { force: true });
      throw unwritable(cause);
    }
    return name;
  };
  const putStream = async (stream: AsyncIterable<Uint8Array>): Promise<Blob> => {
    const temporary = join(folder, temporaryName());
    const file = await writing(async () => {
      await mkdir(folder, { recursive: true });
      return await open(temporary, 'wx', 0o600);
    });
    try {
      const blob = await writeAll(file, stream);
      await writing(async () => {
        await mkdir(dirname(pathOf(blob.name)), { recursive: true });
        await rename(temporary, pathOf(blob.name));
        await syncFolder(dirname(pathOf(blob.name)));
      });
      return blob;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  };
  const existing = async (name: string): Promise<string> => {
    if (!namePattern.test(name)) throw new LeitwerkError('NotFound');
    try {
      await stat(pathOf(name));
    } catch (cause) {
      throw new LeitwerkError('NotFound', { cause });
    }
    return pathOf(name);
  };
  return {
    put,
    putStream,
    get: async (name) => await readFile(await existing(name)),
    stream: async (name, start = 0) =>
      createReadStream(await existing(name), { start, highWaterMark: readSize }) as AsyncIterable<Uint8Array>,
    path: existing,
    remove: async (name, keptSince) => {
      if (namePattern.test(name)) await removeOlder(pathOf(name), keptSince);
    },
  };
}
