import { open, rename } from 'node:fs/promises';

/** Whether the server ended because its file is no sound database. */
export const tellsOfDamage = (output: string): boolean =>
  /file is not a database|database disk image is malformed/.test(output);

/** Where a damaged file is kept. */
export const asideOf = (file: string): string => `${file}.damaged`;

/** Puts the file with its journal aside, so that the server begins with an empty one. */
export async function putAside(file: string): Promise<void> {
  for (const part of ['', '-wal', '-shm']) {
    await rename(`${file}${part}`, `${asideOf(file)}${part}`).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
  }
}

const beginning = Buffer.from('SQLite format 3\0');

/** Whether something is there that does not begin as a database does. An empty file becomes one. */
export async function isNoDatabase(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(beginning.length), 0, beginning.length, 0);
    return bytesRead > 0 && !buffer.equals(beginning);
  } finally {
    await handle.close();
  }
}
