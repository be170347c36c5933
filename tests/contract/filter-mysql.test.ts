import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, parseFilter } from '../../core/filter/index.ts';
import type { Database } from '../../store/database.ts';
import { filterSql } from '../../store/filter-sql.ts';
import { openMysql } from '../../store/mysql.ts';
import { tableName, toColumn, toTable, type RecordData } from '../../store/record-table.ts';
import { migrate } from '../../store/tables.ts';
import { anyFilterText, anyRecord, filterOptions } from '../support/filter-arbitraries.ts';
import { filterModel as model } from '../support/filter-model.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';

const table = `\`${tableName(model.name)}\``;
const fields = [...model.fields.values()];

const insert = async (db: Database, records: readonly RecordData[]): Promise<void> => {
  const columns = fields.map(({ name }) => `\`${name}\``).join(', ');
  await db.write(async (tx) => {
    for (const [position, record] of records.entries()) {
      const values = fields.map((field) =>
        field.name === 'id' ? String(position) : toColumn(field, record[field.name]),
      );
      await tx.run(`INSERT INTO ${table} (${columns}) VALUES (${fields.map(() => '?').join(', ')})`, values);
    }
  });
};

test('MariaDB takes neither blanks nor characters without a width for empty', async (context) => {
  const db = await openMysql(await createMariadbDatabase(need(context, 'mariadbUrl')));
  try {
    await migrate(db, [toTable(model)]);
    await insert(db, [{ name: ' ' }, { name: '\u200d' }, { name: '' }, { name: null }]);
    const { sql, params } = filterSql(parseFilter('name is empty', model, filterOptions), model, 'mysql');
    const rows = await db.all<{ id: string }>(`SELECT id FROM ${table} WHERE ${sql} ORDER BY id`, params);
    expect(rows.map((row) => row.id)).toEqual(['2', '3']);
  } finally {
    await db.close();
  }
});

test('MariaDB selects exactly the records that match', async (context) => {
  const db = await openMysql(await createMariadbDatabase(need(context, 'mariadbUrl')));
  try {
    await migrate(db, [toTable(model)]);
    const records = fc.sample(anyRecord, 150);
    await insert(db, records);
    await fc.assert(
      fc.asyncProperty(anyFilterText, async (text) => {
        const filter = parseFilter(text, model, filterOptions);
        const { sql, params } = filterSql(filter, model, 'mysql');
        const rows = await db.all<{ id: string }>(`SELECT id FROM ${table} WHERE ${sql}`, params);
        const selected = rows.map((row) => records[Number(row.id)]);
        expect(new Set(selected)).toEqual(new Set(records.filter((record) => matches(filter, record))));
      }),
      { numRuns: 400 },
    );
  } finally {
    await db.close();
  }
});
