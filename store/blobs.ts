import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeitwerkError } from '../core/errors.ts';
import { sha256 } from './secrets.ts';

/** Files by the hash of their content, in one folder that every process sees. */
export interface BlobStore {
  /** Resolves with the blob's name when the bytes are durable. The same bytes are stored once. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws LeitwerkError `NotFound`. */
  get(name: string): Promise<Uint8Array>;
}

const namePattern = /^[0-9a-f]{64}$/;

export function createBlobStore(folder: string): BlobStore {
  const pathOf = (name: string): string => join(folder, name.slice(0, 2), name);
  return {
    put: async (bytes) => {
      const name = sha256(bytes);
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      try {
        const file = await open(temporary, 'wx', 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
        const parent = await open(dirname(path), 'r');
        await parent.sync();
        await parent.close();
      } catch (cause) {
        await rm(temporary, { force: true });
        throw new LeitwerkError('Unavailable', {
          cause,
          retryAfterSeconds: 5,
          text: { de: 'Die Ablage ist nicht beschreibbar.', en: 'The blob store cannot be written.' },
        });
      }
      return name;
    },
    get: async (name) => {
      if (!namePattern.test(name)) throw new LeitwerkError('NotFound');
      try {
        return await readFile(pathOf(name));
      } catch (cause) {
        throw new LeitwerkError('NotFound', { cause });
      }
    },
  };
}
