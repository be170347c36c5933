import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

type Property = Record<string, unknown>;

const schema = JSON.parse(readFileSync(new URL('../schemas/entities/lead.json', import.meta.url), 'utf8')) as {
  properties: Record<string, Property>;
};
/** Without our own vocabulary and format, which Ajv does not know. */
const plain = (property: Property): Property =>
  Object.fromEntries(Object.entries(property).filter(([name, value]) => !name.startsWith('x-') && value !== 'phone'));

/** The lead's schema, as the bare sides validate. */
export const bareSchema = {
  type: 'object',
  properties: Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, plain(property)])),
  additionalProperties: false,
};

/** A table with the lead's columns, durable at every commit; inserts records by the names of their columns. */
export function openBareTable(
  file: string,
  { columns: own, unique, conflict }: { columns: readonly string[]; unique: string; conflict: 'ABORT' | 'IGNORE' },
): { readonly db: Sqlite.Database; readonly insert: (record: Property) => void } {
  const common = ['id', 'tenantId', 'version', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy', 'stage'];
  const columns = [...common, ...own, ...Object.keys(bareSchema.properties)];
  const db = new Sqlite(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    `CREATE TABLE lead (${columns.map((name) => (name === 'id' ? 'id TEXT PRIMARY KEY' : `"${name}"`)).join(', ')})`,
  );
  db.exec(`CREATE UNIQUE INDEX lead_key ON lead (tenantId, source, ${unique})`);
  const statement = db.prepare(
    `INSERT OR ${conflict} INTO lead (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return { db, insert: (record) => void statement.run(columns.map((name) => record[name] ?? null)) };
}
