/**
 * The least that could take a file in: csv-parse as a stream, Ajv by the lead's schema, one table with the lead's columns, its id and a
 * key of the row unique, 500 rows a commit with fsync, all in one thread. `node bench/bare-csv.ts <database> <file>` prints milliseconds.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'csv-parse';
import { v7 as uuidv7 } from 'uuid';
import { bareSchema, openBareTable } from './bare-lead.ts';

const [, , database = ':memory:', file = ''] = process.argv;
const atOnce = 500;
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

const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);
const validate = ajv.compile(bareSchema);

const { db, insert } = openBareTable(database, { columns: ['rowKey'], unique: 'rowKey', conflict: 'IGNORE' });
const insertAll = db.transaction((records: readonly Record<string, unknown>[]) => {
  for (const record of records) insert(record);
});

const toLead = (row: Readonly<Record<string, string>>): Record<string, unknown> => {
  const lead: Record<string, unknown> = {};
  for (const [column, field] of Object.entries(fields)) lead[field] = row[column];
  lead['budget'] = Number(String(lead['budget']).replaceAll('.', '').replace(',', '.'));
  return lead;
};

const startedAt = performance.now();
let waiting: Record<string, unknown>[] = [];
const rows = createReadStream(file).pipe(parse({ delimiter: ';', columns: true, bom: true })) as AsyncIterable<
  Record<string, string>
>;
for await (const row of rows) {
  const lead = toLead(row);
  if (!validate(lead)) continue;
  const at = new Date().toISOString();
  waiting.push({
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
  });
  if (waiting.length < atOnce) continue;
  insertAll(waiting);
  waiting = [];
}
insertAll(waiting);
process.stdout.write(`${performance.now() - startedAt}\n`);
