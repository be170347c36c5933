import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlobStore, type BlobStore } from '../../store/blobs.ts';

let folder: string;
let blobs: BlobStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leitwerk-blobs-'));
  blobs = createBlobStore(folder);
});
afterAll(async () => await rm(folder, { recursive: true }));

const long = new Date('2026-01-01T00:00:00Z');
const since = new Date('2026-02-01T00:00:00Z');

describe('removing a stored file', () => {
  it('takes one that was stored before, and leaves nothing of it', async () => {
    const name = await blobs.put(Buffer.from('alt'));
    const path = await blobs.path(name);
    await utimes(path, long, long);
    await blobs.remove(name, since);
    await expect(blobs.get(name)).rejects.toMatchObject({ code: 'NotFound' });
    expect(await readdir(dirname(path))).toEqual([]);
    await blobs.remove(name, since);
  });

  it('leaves one that was stored since, and everything that is no name', async () => {
    const name = await blobs.put(Buffer.from('neu'));
    for (const one of [name, '', '..', `${name}/../${name}`]) await blobs.remove(one, since);
    expect(Buffer.from(await blobs.get(name)).toString()).toBe('neu');
  });

  it('never takes what is stored at the same moment', async () => {
    const bytes = Buffer.from('zugleich');
    const name = await blobs.put(bytes);
    for (let round = 0; round < 50; round += 1) {
      await utimes(await blobs.path(name), long, long);
      const put = { isOver: false };
      const stored = blobs.put(bytes).finally(() => (put.isOver = true));
      // Again and again, so that one of them meets the moment.
      while (!put.isOver) await Promise.all(Array.from({ length: 4 }, async () => await blobs.remove(name, since)));
      await stored;
      expect(Buffer.from(await blobs.get(name)).toString()).toBe('zugleich');
    }
  });
});
