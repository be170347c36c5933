import * as fc from 'fast-check';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything, parseFilter } from '../../core/filter/index.ts';
import type { Database } from '../../store/database.ts';
import { filterSql } from '../../store/filter-sql.ts';
import { needsScan } from '../../store/needs-scan.ts';
import { countRecords, listRecords, type ListQuery } from '../../store/record-list.ts';
import { tableName, toTable } from '../../store/record-table.ts';
import { findRecord, insertRecord } from '../../store/records.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { migrate } from '../../store/tables.ts';
import { anyFilterText, anyRecord, filterOptions } from '../support/filter-arbitraries.ts';
import { filterModel as model } from '../support/filter-model.ts';

const many = 100_000;
const endless =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i % 1000000000 = 0';
const table = `\`${tableName(model.name)}\``;
const fields = [...model.fields.values()].filter((field) => !field.isHidden);
/** The model says of no text that it is searchable. */
const searchable = fields
  .filter((field) => field.name === 'name' || field.name === 'note')
  .map((field) => ({ ...field, isSearchable: true }));

const query = (more: Partial<ListQuery>): ListQuery => ({
  tenantId: 'main',
  sort: [{ field: 'id', isDescending: false }],
  limit: 50,
  fields,
  total: 'none',
  ...more,
});

const search = (text: string): ListQuery => query({ search: { text, fields: searchable } });

/** The same database whose long reads are done in its own place. */
const withoutThread = (db: Database): Database => {
  const whole: Database = {
    dialect: db.dialect,
    get scans() {
      return whole;
    },
    all: (sql, params) => db.all(sql, params),
    get: (sql, params) => db.get(sql, params),
    write: async (work) => await db.write(work),
    ddl: async (plan) => await db.ddl(plan),
    close: async () => await db.close(),
  };
  return whole;
};

const system = (id: string) => ({ id, tenantId: 'main', version: 1, createdAt: '', updatedAt: '' });

let folder: string;
let opened = 0;
const openStore = async (): Promise<Database> => {
  const db = openSqlite(join(folder, `${(opened += 1)}.sqlite`));
  await migrate(db, [toTable(model)]);
  return db;
};

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'leitwerk-scans-'))));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('long reads in a thread of their own', () => {
  it('find what the reader on the event loop finds', async () => {
    const db = await openStore();
    await db.write(async (tx) => {
      for (const [index, record] of fc.sample(anyRecord, 150).entries())
        await insertRecord(tx, model, { ...record, ...system(`id-${index}`) });
    });
    const words = fc.constantFrom('a', 'ä', 'Müller', 'MUSTER gmbh', '50%', 'k', 'x*y', ' ');

    await fc.assert(
      fc.asyncProperty(anyFilterText, words, async (text, word) => {
        const filter = parseFilter(text, model, filterOptions);
        const { sql, params } = filterSql(filter, model, 'sqlite');
        const statement = `SELECT * FROM ${table} WHERE ${sql} ORDER BY id`;
        expect(await db.scans.all(statement, params)).toEqual(db.all(statement, params));
        const wanted = { ...search(word), filter, limit: 200 };
        expect(await listRecords(db, model, wanted)).toEqual(await listRecords(withoutThread(db), model, wanted));
        expect(await countRecords(db, model, wanted)).toEqual(await countRecords(withoutThread(db), model, wanted));
      }),
      { numRuns: 300 },
    );
    await db.close();
  });

  it('delay nobody: a search of 100,000 records lets cheap reads go first', async () => {
    const db = await openStore();
    await db.write((tx) =>
      tx.run(
        `INSERT INTO ${table} (id, tenantId, version, createdAt, name, note)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
         SELECT 'id-' || i, 'main', 1, '', 'Firma ' || i, 'Anfrage wegen Angebot ' || i FROM n`,
      ),
    );
    let isFound = false;
    const found = listRecords(db, model, { ...search('angebot 99999'), total: 'exact' }).then((page) => {
      isFound = true;
      return page;
    });
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await findRecord(db, model, { tenantId: 'main', id: `id-${turn + 1}` })).toBeDefined();
      await new Promise((next) => void setImmediate(next));
    }

    expect(isFound).toBe(false);
    expect((await found).data.map((record) => record['name'])).toEqual(['Firma 99999']);
    expect((await found).total).toBe(1);
    await db.close();
  });

  it('see what was committed before they were asked', async () => {
    const db = await openStore();
    for (let index = 0; index < 50; index += 1) {
      await db.write(async (tx) => await insertRecord(tx, model, { ...system(`id-${index}`), name: `Neu ${index}x` }));
      const { data } = await listRecords(db, model, search(`neu ${index}x`));
      expect(data.map((record) => record['id'])).toEqual([`id-${index}`]);
    }
    await db.close();
  });

  it('fail as the database does when a statement is wrong, and go on with the next', async () => {
    const db = await openStore();
    await expect(db.scans.all('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
    expect(await db.scans.get('SELECT ? AS n', [1])).toEqual({ n: 1 });
    await db.close();
  });

  it('answer Unavailable when their thread dies, and the next starts another', async () => {
    const db = await openStore();
    const started = once(process, 'worker') as Promise<[Worker]>;
    const asked = expect(db.scans.all(endless)).rejects.toMatchObject({ code: 'Unavailable' });
    const [thread] = await started;
    await thread.terminate();

    await asked;
    expect(await db.scans.get('SELECT 2 AS two')).toEqual({ two: 2 });
    await db.close();
  });

  it('end with the database, after what was asked', async () => {
    const db = await openStore();
    const started = once(process, 'worker') as Promise<[Worker]>;
    const last = db.scans.get('SELECT 3 AS three');
    const [thread] = await started;
    await db.close();

    expect(await last).toEqual({ three: 3 });
    expect(thread.threadId).toBe(-1);
    await expect(async () => await db.scans.all('SELECT 1')).rejects.toMatchObject({ code: 'Unavailable' });
  });
});

describe('which queries are long', () => {
  const indexed = { ...model, indexes: [['score', 'rate'], ['name']] };
  const needs = (text: string): boolean => needsScan(indexed, { filter: parseFilter(text, model, filterOptions) });

  it('those that search, contain, negate, or ask for what no index has', () => {
    expect(needsScan(model, { search: { text: 'x', fields: [] } })).toBe(true);
    expect(needsScan(model, { sort: [{ field: 'name', isDescending: false }] })).toBe(true);
    for (const text of ['name ~ x', 'not score = 1', 'rate = 1', 'tags = x', 'score = 1 or rate = 1', 'name = "ä"'])
      expect([text, needs(text)]).toEqual([text, true]);
  });

  it('not those that an index leads to', () => {
    expect(needsScan(model, { search: { text: ' ', fields: [] }, rows: everything })).toBe(false);
    expect(needsScan(indexed, { rows: 'none', sort: [{ field: 'score', isDescending: true }] })).toBe(false);
    for (const text of ['id = x', 'score in (1, 2)', 'score > 1 and name = x', 'name is empty'])
      expect([text, needs(text)]).toEqual([text, false]);
  });
});
