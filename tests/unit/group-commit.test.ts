import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIdSource } from '../../bin/ids.ts';
import type { Database, Tx } from '../../store/database.ts';
import { armFailpoint } from '../../store/failpoints.ts';
import { openSqlite } from '../../store/sqlite.ts';

describe('group commit on SQLite', () => {
  let folder: string;
  let db: Database;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'leitwerk-group-'));
    db = openSqlite(join(folder, 'test.sqlite'));
    await db.ddl(() => ['CREATE TABLE `note` (`id` TEXT PRIMARY KEY)']);
  });

  afterEach(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const add = (id: string) => async (tx: Tx) => void (await tx.run('INSERT INTO `note` (`id`) VALUES (?)', [id]));
  const ids = async (): Promise<string[]> =>
    (await db.all<{ id: string }>('SELECT `id` FROM `note` ORDER BY `id`')).map((row) => row.id);

  it('keeps the work of all neighbours when one fails after it has written', async () => {
    const failing = async (tx: Tx): Promise<void> => {
      await add('b')(tx);
      throw new Error('changed its mind');
    };
    const outcomes = await Promise.allSettled([db.write(add('a')), db.write(failing), db.write(add('c'))]);

    expect(outcomes.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('undoes a single write that fails half-way, and takes the next', async () => {
    const failing = async (tx: Tx): Promise<void> => {
      await add('a')(tx);
      await add('a')(tx);
    };

    await expect(db.write(failing)).rejects.toThrow(/UNIQUE/);
    await db.write(add('b'));

    expect(await ids()).toEqual(['b']);
  });

  it('takes nothing more once a commit has not reached the disk', async () => {
    await db.write(add('a'));
    armFailpoint('sync:EIO');
    try {
      const outcomes = await Promise.allSettled([db.write(add('b')), db.write(add('c'))]);

      expect(outcomes.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    } finally {
      armFailpoint('none');
    }
    await expect(db.write(add('d'))).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('runs nothing twice when the one that fails has written nothing', async () => {
    let runs = 0;
    const counted = async (tx: Tx): Promise<void> => {
      runs += 1;
      await add('a')(tx);
    };
    await Promise.allSettled([db.write(counted), db.write(() => Promise.reject(new Error('not allowed')))]);

    expect(runs).toBe(1);
    expect(await ids()).toEqual(['a']);
  });

  it('calls what waits for the commit once, and not for those that failed', async () => {
    const called: string[] = [];
    const noted = (id: string, isFailing: boolean) => async (tx: Tx) => {
      await add(id)(tx);
      tx.afterCommit(() => called.push(id));
      if (isFailing) throw new Error('changed its mind');
    };
    await Promise.allSettled([db.write(noted('a', false)), db.write(noted('b', true)), db.write(noted('c', false))]);

    expect(called).toEqual(['a', 'c']);
  });
});

describe('SQLite while another process writes', () => {
  it('waits without holding up reads, and what came in meanwhile goes along', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'leitwerk-lock-'));
    const file = join(folder, 'test.sqlite');
    const db = openSqlite(file);
    await db.ddl(() => ['CREATE TABLE `note` (`id` TEXT PRIMARY KEY)']);
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    let isDone = false;
    const first = db
      .write(async (tx) => void (await tx.run("INSERT INTO `note` (`id`) VALUES ('a')")))
      .then(() => (isDone = true));
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => void setImmediate(resolve));

    expect({ isDone, rows: await db.all('SELECT * FROM `note`') }).toEqual({ isDone: false, rows: [] });

    const second = db.write(async (tx) => await tx.get<{ n: number }>('SELECT COUNT(*) AS `n` FROM `note`'));
    other.exec('COMMIT');
    await first;

    expect(await second).toEqual({ n: 1 });

    other.close();
    await db.close();
    rmSync(folder, { recursive: true });
  });
});

describe('ids', () => {
  it('grow with every call, also within a millisecond and when the clock is set back', () => {
    const times = [
      1_700_000_000_000,
      1_699_999_999_000,
      ...Array.from({ length: 5_000 }, () => 1_700_000_000_000),
      1_700_000_000_009,
    ].values();
    const newId = createIdSource(() => times.next().value ?? 0);
    const made = Array.from({ length: 5_003 }, newId);

    expect(made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
      true,
    );
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
  });
});
