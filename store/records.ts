import type { EntityModel, Field } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries, Row, Tx, Value } from './database.ts';
import { fromColumn, tableName, toColumn, type RecordData } from './record-table.ts';

interface Statements {
  readonly select: string;
  readonly fields: readonly Field[];
}

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

/** Inserts a whole record (system fields included); fields it lacks become NULL. */
export async function insertRecord(tx: Tx, model: EntityModel, record: RecordData): Promise<void> {
  const names: string[] = [];
  const params: Value[] = [];
  // Records have half of their fields at most: naming the others as well takes longer than making the statement's text.
  for (const field of statements(model).fields) {
    const value = toColumn(field, record[field.name]);
    if (value === null) continue;
    names.push(field.name);
    params.push(value);
  }
  await tx.run(
    `INSERT INTO \`${tableName(model.name)}\` (\`${names.join('`, `')}\`) VALUES (?${', ?'.repeat(names.length - 1)})`,
    params,
  );
}

/** Reads one record of the tenant, whoever asks: for commands, which judge rights themselves. */
export async function findRecord(db: Queries, model: EntityModel, key: RecordKey): Promise<RecordData | undefined> {
  const { select, fields } = statements(model);
  return found(fields, await db.get(select, [key.id, key.tenantId]), key);
}

export interface RecordKey {
  readonly tenantId: string;
  readonly id: string;
  /** Finds deleted records too. */
  readonly isDeletedToo?: boolean | undefined;
}

const found = (fields: readonly Field[], row: Row | undefined, key: RecordKey): RecordData | undefined =>
  row === undefined || (row['deletedAt'] !== null && key.isDeletedToo !== true) ? undefined : toRecord(fields, row);

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
