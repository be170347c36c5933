/**
 * The least that could take leads in durably and notice a repeated one: fastify, Ajv by the lead's schema, one table with the lead's
 * columns and the raw body, its id and the sender's key unique, one commit with fsync for all requests of one turn of the event loop.
 * `node bench/bare-intake.ts <file>`.
 */
import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import fastify from 'fastify';
import { v7 as uuidv7 } from 'uuid';

type Property = Record<string, unknown>;

const key = 'bare-key';
const schema = JSON.parse(readFileSync(new URL('../schemas/entities/lead.json', import.meta.url), 'utf8')) as {
  properties: Record<string, Property>;
};

/** Without our own vocabulary and format, which Ajv does not know. */
const plain = (property: Property): Property =>
  Object.fromEntries(Object.entries(property).filter(([name, value]) => !name.startsWith('x-') && value !== 'phone'));
const properties = Object.fromEntries(
  Object.entries(schema.properties).map(([name, property]) => [name, plain(property)]),
);

const common = [
  'id',
  'tenantId',
  'version',
  'createdAt',
  'createdBy',
  'updatedAt',
  'updatedBy',
  'deletedAt',
  'pipeline',
  'pipelineRevision',
  'stage',
  'stageSince',
];
const columns = [...common, ...Object.keys(properties), 'raw'];

const db = new Sqlite(process.argv[2] ?? ':memory:');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(
  `CREATE TABLE lead (${columns.map((name) => (name === 'id' ? 'id TEXT PRIMARY KEY' : `"${name}"`)).join(', ')})`,
);
db.exec('CREATE UNIQUE INDEX lead_key ON lead (tenantId, source, externalId)');
const insert = db.prepare(
  `INSERT INTO lead (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
);
const begin = db.prepare('BEGIN IMMEDIATE');
const commit = db.prepare('COMMIT');

interface Waiting {
  readonly values: readonly unknown[];
  readonly resolve: () => void;
}
let waiting: Waiting[] = [];

const store = (): void => {
  const group = waiting;
  waiting = [];
  begin.run();
  for (const { values } of group) insert.run(values);
  commit.run();
  for (const { resolve } of group) resolve();
};

const app = fastify();
app.removeContentTypeParser('application/json');
const rawOf = new WeakMap<object, string>();
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
  const value = JSON.parse(text as string) as object;
  rawOf.set(value, text as string);
  done(null, value);
});
app.post(
  '/lead',
  { schema: { body: { type: 'object', properties, additionalProperties: false } } },
  async (request, reply) => {
    if (request.headers.authorization !== `Bearer ${key}`) return await reply.code(401).send();
    const body = request.body as Record<string, unknown>;
    const id = uuidv7();
    const at = new Date().toISOString();
    const row: Record<string, unknown> = {
      ...body,
      id,
      tenantId: 'main',
      version: 1,
      createdAt: at,
      createdBy: 'source/lead-agentur',
      updatedAt: at,
      updatedBy: 'source/lead-agentur',
      pipeline: 'inbox',
      pipelineRevision: 1,
      stage: 'neu',
      stageSince: at,
      source: 'lead-agentur',
      state: 'open',
      raw: rawOf.get(body),
    };
    const values = columns.map((name) => row[name] ?? null);
    await new Promise<void>((resolve) => {
      if (waiting.push({ values, resolve }) === 1) setImmediate(store);
    });
    return await reply.code(202).send({ id, status: 'accepted' });
  },
);
process.stdout.write(`ready ${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
process.on('SIGTERM', () => process.exit(0));
