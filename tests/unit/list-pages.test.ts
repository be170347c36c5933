import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toEntityModel, type EntityModel } from '../../core/entity.ts';
import { parseFilter } from '../../core/filter/index.ts';
import type { Database } from '../../store/database.ts';
import { listRecords, type ListQuery } from '../../store/record-list.ts';
import { toTable, type RecordData } from '../../store/record-table.ts';
import { insertRecord } from '../../store/records.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { migrate } from '../../store/tables.ts';

const label = { de: 'Ding', en: 'Thing' };

const model: EntityModel = toEntityModel(
  {
    $id: 'thing',
    type: 'object',
    'x-entity': {
      plural: 'things',
      label,
      pluralLabel: label,
      titleField: 'name',
      indexes: [['createdAt'], ['kind', 'createdAt']],
    },
    properties: {
      name: { type: 'string', maxLength: 100 },
      kind: { type: 'string', enum: ['common', 'rare'] },
      price: { type: 'integer', 'x-indexed': true },
      plain: { type: 'integer' },
    },
  },
  1,
);

const count = 400;

/** Few different values, many without one: ties and empty columns are where pages go wrong. */
const buildThing = (index: number): RecordData => ({
  id: `id-${String((index * 7919) % count).padStart(4, '0')}`,
  tenantId: 'main',
  version: 1,
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, index % 50)).toISOString(),
  updatedAt: new Date(Date.UTC(2026, 0, 2, 0, index)).toISOString(),
  name: `Thing ${index % 10}`,
  kind: index % 100 === 0 ? 'rare' : 'common',
  price: index % 3 === 0 ? null : index % 7,
  plain: index % 4 === 0 ? null : index % 5,
});

describe('pages of a list', () => {
  let db: Database;

  beforeAll(async () => {
    db = openSqlite(':memory:');
    await migrate(db, [toTable(model)]);
    await db.write(async (tx) => {
      for (let index = 0; index < count; index += 1) await insertRecord(tx, model, buildThing(index));
    });
  });

  afterAll(async () => await db.close());

  const query = (more: Partial<ListQuery>): ListQuery => ({
    tenantId: 'main',
    sort: [],
    limit: 17,
    fields: [...model.fields.values()],
    total: 'none',
    ...more,
  });

  const readAll = async (more: Partial<ListQuery>): Promise<RecordData[]> => {
    const all: RecordData[] = [];
    let cursor: string | undefined;
    do {
      const page = await listRecords(db, model, query({ ...more, cursor }));
      all.push(...page.data);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return all;
  };

  const filters = [undefined, 'kind = common', 'kind = rare'].map((text) =>
    text === undefined ? undefined : parseFilter(text, model, { now: new Date('2026-03-01T00:00:00Z') }),
  );
  const sorts = ['price', 'plain', 'name', 'createdAt', 'kind'].flatMap((field) => [
    [{ field, isDescending: false }],
    [{ field, isDescending: true }],
    [
      { field, isDescending: true },
      { field: 'plain', isDescending: false },
    ],
  ]);
  const cases = filters.flatMap((filter, at) =>
    sorts.map((sort) => ({
      filter,
      sort,
      name: `${['all', 'common', 'rare'][at] ?? ''} by ${sort.map((key) => (key.isDescending ? '-' : '') + key.field).join(',')}`,
    })),
  );

  it.each(cases)('hold every record once, in one order: $name', async ({ filter, sort }) => {
    const whole = await listRecords(db, model, query({ filter, sort, limit: count }));
    const paged = await readAll({ filter, sort });

    expect(paged.map((one) => one['id'])).toEqual(whole.data.map((one) => one['id']));
    expect(new Set(paged.map((one) => one['id'])).size).toBe(
      filter === undefined ? count : filter === filters[1] ? 396 : 4,
    );
  });

  it('break ties by age, the newest first where the order is downward', async () => {
    const { data } = await listRecords(db, model, query({ sort: [{ field: 'price', isDescending: true }], limit: 30 }));
    const places = data.map((one) => `${String(one['price'])} ${String(one['createdAt'])}`);

    expect(places).toEqual(places.toSorted().toReversed());
  });

  it('say how many there are, exactly or up to the cap', async () => {
    const { total, isTotalExact } = await listRecords(
      db,
      model,
      query({ sort: [{ field: 'price', isDescending: true }], total: 'exact', filter: filters[1] }),
    );

    expect({ total, isTotalExact }).toEqual({ total: 396, isTotalExact: true });
  });
});
