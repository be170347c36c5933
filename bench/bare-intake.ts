/**
 * The least that could take leads in durably and notice a repeated one: fastify, Ajv by the lead's schema, one table with the lead's
 * columns and the raw body, its id and the sender's key unique, one commit with fsync for all requests of one turn of the event loop.
 * `node bench/bare-intake.ts <file>`.
 */
import fastify from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { bareSchema, openBareTable } from './bare-lead.ts';

const key = 'bare-key';

const { db, insert } = openBareTable(process.argv[2] ?? ':memory:', {
  columns: ['deletedAt', 'pipeline', 'pipelineRevision', 'stageSince', 'raw'],
  unique: 'externalId',
  conflict: 'ABORT',
});
const begin = db.prepare('BEGIN IMMEDIATE');
const commit = db.prepare('COMMIT');

interface Waiting {
  readonly record: Record<string, unknown>;
  readonly resolve: () => void;
}
let waiting: Waiting[] = [];

const store = (): void => {
  const group = waiting;
  waiting = [];
  begin.run();
  for (const { record } of group) insert(record);
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
app.post('/lead', { schema: { body: bareSchema } }, async (request, reply) => {
  if (request.headers.authorization !== `Bearer ${key}`) return await reply.code(401).send();
  const body = request.body as Record<string, unknown>;
  const id = uuidv7();
  const at = new Date().toISOString();
  const record: Record<string, unknown> = {
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
  await new Promise<void>((resolve) => {
    if (waiting.push({ record, resolve }) === 1) setImmediate(store);
  });
  return await reply.code(202).send({ id, status: 'accepted' });
});
process.stdout.write(`ready ${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
process.on('SIGTERM', () => process.exit(0));
