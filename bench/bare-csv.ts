/**
 * The least that could take a file in: csv-parse as a stream, Ajv by the lead's schema, one table with the lead's columns, its id and a
 * key of the row unique, 500 rows a commit with fsync, all in one thread. `node bench/bare-csv.ts <database> <file>` prints milliseconds.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import Sqlite from 'better-sqlite3';
import { parse } from 'csv-parse';
import { v7 as uuidv7 } from 'uuid';

type Property = Record<string, unknown>;

const [, , database = ':memory:', file = ''] = process.argv;
const atOnce = 500;
const schema = JSON.parse(readFileSync(new URL('../schemas/entities/lead.json', import.meta.url), 'utf8')) as {
  properties: Record<string, Property>;
};
/** Without our own vocabulary and format, which Ajv does not know. */
const plain = (property: Property): Property =>
  Object.fromEntries(Object.entries(property).filter(([name, value]) => !name.startsWith('x-') && value !== 'phone'));
const properties = Object.fromEntries(
  Object.entries(schema.properties).map(([name, property]) => [name, plain(property)]),
);
const fields: Readonly<Record<string, string>> = {
  Vorname: 'firstName',
  Nachname: 'lastName',
  'E-Mail': 'email',
  Telefon: 'phone',
  Firma: 'company',
  Straße: 'street',
  PLZ: 'postalCode',
  Ort: 'city',
  Budget: 'budget',
  Nachricht: 'message',
};
const common = ['id', 'tenantId', 'version', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy', 'stage', 'rowKey'];
const columns = [...common, ...Object.keys(properties)];

const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);
const validate = ajv.compile({ type: 'object', properties, additionalProperties: false });

const db = new Sqlite(database);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(
  `CREATE TABLE lead (${columns.map((name) => (name === 'id' ? 'id TEXT PRIMARY KEY' : `"${name}"`)).join(', ')})`,
);
db.exec('CREATE UNIQUE INDEX lead_key ON lead (tenantId, source, rowKey)');
const insert = db.prepare(
  `INSERT OR IGNORE INTO lead (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
);

const insertAll = db.transaction((rows: readonly (readonly unknown[])[]) => {
  for (const row of rows) insert.run(row);
});

const toLead = (row: Readonly<Record<string, string>>): Record<string, unknown> => {
  const lead: Record<string, unknown> = {};
  for (const [column, field] of Object.entries(fields)) lead[field] = row[column];
  lead['budget'] = Number(String(lead['budget']).replaceAll('.', '').replace(',', '.'));
  return lead;
};

const startedAt = performance.now();
let waiting: unknown[][] = [];
const rows = createReadStream(file).pipe(parse({ delimiter: ';', columns: true, bom: true })) as AsyncIterable<
  Record<string, string>
>;
for await (const row of rows) {
  const lead = toLead(row);
  if (!validate(lead)) continue;
  const at = new Date().toISOString();
  const record: Record<string, unknown> = {
    ...lead,
    id: uuidv7(),
    tenantId: 'main',
    version: 1,
    createdAt: at,
    createdBy: 'bare',
    updatedAt: at,
    updatedBy: 'bare',
    stage: 'neu',
    rowKey: createHash('sha256').update(Object.values(row).join('\u0000')).digest('base64url'),
    title: lead['company'],
    source: 'csv-datei',
    state: 'open',
  };
  waiting.push(columns.map((name) => record[name] ?? null));
  if (waiting.length < atOnce) continue;
  insertAll(waiting);
  waiting = [];
}
insertAll(waiting);
process.stdout.write(`${performance.now() - startedAt}\n`);
