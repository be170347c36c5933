import type { EntityModel, Field } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries, Row, Tx, Value } from './database.ts';
import type { RowFilter } from '../core/permissions.ts';
import { filterSql } from './filter-sql.ts';
import { keyGroups } from './key-groups.ts';
import { fromColumn, tableName, toColumn, type RecordData } from './record-table.ts';

interface Statements {
  readonly select: string;
  readonly fields: readonly Field[];
  /** The inserts made so far, the newest last. */
  readonly inserts: Insert[];
}

interface Insert {
  readonly names: readonly string[];
  readonly sql: string;
}

const insertsKept = 30;

const statementsOf = new WeakMap<EntityModel, Statements>();

const statements = (model: EntityModel): Statements => {
  const known = statementsOf.get(model);
  if (known !== undefined) return known;
  const fields = [...model.fields.values()];
  const columns = fields.map((field) => `\`${field.name}\``).join(', ');
  const table = `\`${tableName(model.name)}\``;
  const made = {
    select: `SELECT ${columns} FROM ${table} WHERE \`id\` = ? AND \`tenantId\` = ?`,
    fields,
    inserts: [],
  };
  statementsOf.set(model, made);
  return made;
};

/** A row as a record, with every field of the model that the row has. */
export function toRecord(fields: readonly Field[], row: Row): RecordData {
  const record: Record<string, unknown> = {};
  for (const field of fields) record[field.name] = fromColumn(field, row[field.name]);
  return record;
}

const hasNames = (insert: Insert, names: readonly string[]): boolean =>
  insert.names.length === names.length && insert.names.every((name, index) => name === names[index]);

/** Records of one origin have the same fields: the same text for them also finds its prepared statement at once. */
const insertFor = (model: EntityModel, names: readonly string[]): string => {
  const { inserts } = statements(model);
  const known = inserts.find((insert) => hasNames(insert, names));
  if (known !== undefined) return known.sql;
  const columns = names.map((name) => `\`${name}\``).join(', ');
  const sql = `INSERT INTO \`${tableName(model.name)}\` (${columns}) VALUES (?${', ?'.repeat(names.length - 1)})`;
  if (inserts.length >= insertsKept) inserts.shift();
  inserts.push({ names, sql });
  return sql;
};

/** Inserts a whole record (system fields included); fields it lacks become NULL. */
export async function insertRecord(tx: Tx, model: EntityModel, record: RecordData): Promise<void> {
  const { names, params } = columnsOf(model, record);
  await tx.run(insertFor(model, names), params);
}

const columnsOf = (model: EntityModel, record: RecordData): { readonly names: string[]; readonly params: Value[] } => {
  const names: string[] = [];
  const params: Value[] = [];
  // Records have half of their fields at most: the others are not worth naming.
  for (const field of statements(model).fields) {
    const value = toColumn(field, record[field.name]);
    if (value === null) continue;
    names.push(field.name);
    params.push(value);
  }
  return { names, params };
};

/** Records of one insert that several share; few enough that its text stays prepared. */
const atOnce = 25;

/** As `insertRecord`, many at once: on MySQL each statement is a journey. */
export async function insertRecords(tx: Tx, model: EntityModel, records: readonly RecordData[]): Promise<void> {
  const groups = Map.groupBy(
    records.map((record) => columnsOf(model, record)),
    ({ names }) => names.join(),
  );
  for (const rows of groups.values()) {
    const sql = insertFor(model, rows[0]?.names ?? []);
    const marks = sql.slice(sql.lastIndexOf('('));
    const whole = rows.length - (rows.length % atOnce);
    const many = `${sql}${`, ${marks}`.repeat(atOnce - 1)}`;
    for (let index = 0; index < whole; index += atOnce)
      await tx.run(
        many,
        rows.slice(index, index + atOnce).flatMap(({ params }) => params),
      );
    for (const { params } of rows.slice(whole)) await tx.run(sql, params);
  }
}

/** Reads one record of the tenant, whoever asks: for commands, which judge rights themselves. */
export async function findRecord(db: Queries, model: EntityModel, key: RecordKey): Promise<RecordData | undefined> {
  const { select, fields } = statements(model);
  return found(fields, await db.get(select, [key.id, key.tenantId]), key);
}

/**
 * Reads records of the tenant by their ids, in no order, deleted ones too. Only the ids are in the condition: beside a tenant and a deletion
 * mark, SQLite would take an index that begins with these and read every record.
 */
export async function findRecordsById(
  db: Queries,
  model: EntityModel,
  of: { readonly tenantId: string; readonly ids: readonly string[] },
): Promise<RecordData[]> {
  const { fields } = statements(model);
  const records: RecordData[] = [];
  for (const ids of keyGroups(of.ids)) {
    const marks = ids.map(() => '?').join(', ');
    const rows = await db.all(`SELECT * FROM \`${tableName(model.name)}\` WHERE \`id\` IN (${marks})`, ids);
    for (const row of rows) if (row['tenantId'] === of.tenantId) records.push(toRecord(fields, row));
  }
  return records;
}

export interface RecordKey {
  readonly tenantId: string;
  readonly id: string;
  /** Finds deleted records too. */
  readonly isDeletedToo?: boolean | undefined;
}

const found = (fields: readonly Field[], row: Row | undefined, key: RecordKey): RecordData | undefined =>
  row === undefined || (row['deletedAt'] !== null && key.isDeletedToo !== true) ? undefined : toRecord(fields, row);

/** Whether a record, deleted or not, is among these rows. */
export async function isAmongRows(
  db: Queries,
  model: EntityModel,
  { tenantId, id, rows }: { readonly tenantId: string; readonly id: string; readonly rows: RowFilter },
): Promise<boolean> {
  const { sql, params } = filterSql(rows, model, db.dialect);
  const from = `\`${tableName(model.name)}\` WHERE \`id\` = ? AND \`tenantId\` = ? AND ${sql}`;
  return (await db.get(`SELECT 1 FROM ${from}`, [id, tenantId, ...params])) !== undefined;
}

/** As `findRecord`, locked against others until the transaction ends (SQLite has one writer anyway). */
export async function lockRecord(tx: Tx, model: EntityModel, key: RecordKey): Promise<RecordData | undefined> {
  const { select, fields } = statements(model);
  return found(
    fields,
    await tx.get(tx.dialect === 'mysql' ? `${select} FOR UPDATE` : select, [key.id, key.tenantId]),
    key,
  );
}

/**
 * Changes fields of a record whose version is still `version`.
 * @throws LeitwerkError `Conflict` when someone else changed it first.
 */
export async function updateRecord(
  tx: Tx,
  model: EntityModel,
  change: RecordKey & { readonly version: number; readonly changes: RecordData },
): Promise<void> {
  const names = Object.keys(change.changes);
  const params: Value[] = names.map((name) => {
    const field = model.fields.get(name);
    if (field === undefined) throw new LeitwerkError('Internal', { facts: { field: name } });
    return toColumn(field, change.changes[name]);
  });
  const sql = `UPDATE \`${tableName(model.name)}\` SET ${names.map((name) => `\`${name}\` = ?`).join(', ')} WHERE \`id\` = ? AND \`tenantId\` = ? AND \`version\` = ?`;
  const { changes } = await tx.run(sql, [...params, change.id, change.tenantId, change.version]);
  if (changes === 0) throw new LeitwerkError('Conflict');
}
