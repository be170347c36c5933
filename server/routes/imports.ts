import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { modelOf } from '../../commands/context.ts';
import { tables } from '../../connectors/tables.ts';
import { changeDraft, checkDraft, startDraft } from '../../commands/imports/draftImport.ts';
import { importContext } from '../../commands/imports/import-context.ts';
import { importModel, toImport, type ImportRecord } from '../../commands/imports/import-record.ts';
import { startImport } from '../../commands/imports/startImport.ts';
import { steerImport, type Steering } from '../../commands/imports/steerImport.ts';
import { undoChunk, undoImport } from '../../commands/imports/undoImport.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { actorName } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { countWaitingProcesses } from '../../store/backlog.ts';
import { sha256 } from '../../store/secrets.ts';
import { writeErrorFile } from '../imports/errors-csv.ts';
import { optionProperties, uploadBody } from '../imports/options.ts';
import { followFormer, previewImport } from '../imports/preview.ts';
import { fixRow, listRows } from '../imports/rows.ts';
import { readUpload, toWords, unknownIssues } from '../imports/upload.ts';
import { namedFile } from '../download.ts';
import { asObject, invalidInput } from '../input.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';
import { written } from './records.ts';

/** The body was not read before: what the key stands for is known only now. */
const withIdempotency = (call: Call, content: unknown): Call['ctx'] => {
  const { idempotency } = call.ctx;
  return idempotency === undefined
    ? call.ctx
    : { ...call.ctx, idempotency: { ...idempotency, requestHash: sha256(Buffer.from(JSON.stringify(content))) } };
};

const shownImport = async (ctx: Call['ctx'], id: string): Promise<Record<string, unknown>> => {
  const model = importModel(ctx);
  return { data: visibleRecord(ctx, model, await readRecord(ctx, model, id)) };
};

const start = async (call: Call): Promise<Answer> => {
  const { name: blob, size, fileName, words } = await readUpload(call.request, call.services.blobs);
  const ctx = withIdempotency(call, [blob, words]);
  const { id } = await startImport(ctx, { blob, size, fileName: fileName === '' ? 'import.csv' : fileName, words });
  const isDraft = toImport(await readRecord(ctx, importModel(ctx), id)).state === 'draft';
  if (isDraft) await followFormer(ctx, call.services, { id, given: words });
  return {
    status: isDraft ? 201 : 202,
    headers: { location: `/api/v1/imports/${id}` },
    json: await shownImport(ctx, id),
  };
};

/** The import as its commands read it, for whoever may see it. */
const recordOf = async ({ ctx, params }: Call): Promise<ImportRecord> =>
  toImport(await readRecord(ctx, importModel(ctx), params['id'] ?? ''));

const preview = async (call: Call): Promise<Answer> => {
  const rows = Math.min(Math.max(Number(call.query.get('rows') ?? 20) || 20, 1), 100);
  return { json: { data: await previewImport(call.ctx, call.services, { record: await recordOf(call), rows }) } };
};

const draftOptions = new Set(Object.keys(optionProperties));

const change = async (call: Call): Promise<Answer> => {
  const given = asObject(call.body ?? {});
  const issues = unknownIssues(Object.keys(given), draftOptions);
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  const words = toWords(given, '');
  const files = { blobs: call.services.blobs, tables };
  const { droppedEdits, ...result } = await changeDraft(call.ctx, { id: call.params['id'] ?? '', words }, files);
  const { json, ...answer } = written(call, importModel(call.ctx), result);
  return { ...answer, json: { ...(json as object), droppedEdits } };
};

const begin = async (call: Call, command: typeof checkDraft): Promise<Answer> => {
  const id = call.params['id'] ?? '';
  const { event } = await command(call.ctx, id);
  return { status: 202, json: { ...(await shownImport(call.ctx, id)), event } };
};

const outcomes = ['created', 'updated', 'unchanged', 'duplicate', 'rejected', 'undone', 'kept'] as const;

const rows = async (call: Call): Promise<Answer> => {
  const { query, ctx, services } = call;
  const wanted = (query.get('outcome') ?? 'rejected').split(',');
  const search = {
    outcomes: outcomes.filter((one) => wanted.includes(one)),
    after: Number(query.get('after') ?? 0) || 0,
    limit: Math.min(Math.max(Number(query.get('limit') ?? 50) || 50, 1), 200),
  };
  if (search.outcomes.length === 0)
    throw invalidInput('outcome', 'choice', {
      de: `Erlaubt: ${outcomes.join(', ')}.`,
      en: `Allowed: ${outcomes.join(', ')}.`,
    });
  return { json: await listRows(ctx, { blobs: services.blobs, record: await recordOf(call) }, search) };
};

const fix = async (call: Call): Promise<Answer> => {
  const { cells } = call.body as { readonly cells: readonly string[] | null };
  const line = Number(call.params['line']);
  const source = { blobs: call.services.blobs, record: await recordOf(call) };
  if (!Number.isInteger(line)) throw new LeitwerkError('NotFound');
  return { json: { data: await fixRow(call.ctx, source, { line, cells }) } };
};

const steer = async (call: Call, steering: Steering): Promise<Answer> => {
  const result = await steerImport(call.ctx, { id: call.params['id'] ?? '', steering });
  return written(call, importModel(call.ctx), result);
};

/** So few records are taken back while the caller waits; more are the workflow's business. */
const fewRecords = 1_000;

const undo = async (call: Call): Promise<Answer> => {
  const { ctx } = call;
  const id = call.params['id'] ?? '';
  const model = importModel(ctx);
  const { event, record } = await undoImport(ctx, id);
  const isSmall = Number(record['created']) + Number(record['updated']) <= fewRecords;
  if (isSmall) while (await undoChunk(importContext(ctx, id), id));
  const data = visibleRecord(ctx, model, await readRecord(ctx, model, id));
  return { status: data['undoState'] === 'done' ? 200 : 202, json: { data, event } };
};

const errors = async (call: Call): Promise<Answer> => {
  const { ctx, services, response } = call;
  const { tenantId } = ctx.actor;
  const record = await recordOf(call);
  const name = record.fileName.replace(/\.[a-z]+$/i, '');
  response.setHeader('content-type', 'text/csv; charset=utf-8');
  response.setHeader('content-disposition', namedFile(`${name}-errors.csv`));
  const model = modelOf(ctx, record.entity);
  const { db, blobs } = services;
  const file = { db, blobs, record, tenantId, model, language: ctx.language };
  await pipeline(Readable.from(writeErrorFile(file)), response);
  return { isHandled: true };
};

/** What the rows have set going and has not begun yet. */
const processes = async (call: Call): Promise<Answer> => {
  const { id } = await recordOf(call);
  const { tenantId } = call.ctx.actor;
  const actor = actorName(importContext(call.ctx, id).actor);
  return { json: { data: { waiting: await countWaitingProcesses(call.services.db.scans, { tenantId, actor }) } } };
};

const steerings: readonly { readonly name: Steering; readonly de: string; readonly en: string }[] = [
  { name: 'pause', de: 'Import anhalten', en: 'Pause an import' },
  { name: 'resume', de: 'Import fortsetzen', en: 'Resume an import' },
  { name: 'cancel', de: 'Import abbrechen', en: 'Cancel an import' },
];

/** Files whose rows become records. Reading and listing imports is what every entity has. */
export const importRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/imports',
    summary: { de: 'Datei importieren', en: 'Import a file' },
    access: { kind: 'verb', verb: 'start', entity: 'import' },
    accepts: ['multipart/form-data'],
    isStreamed: true,
    limit: rateLimits.heavy,
    body: uploadBody,
    handle: start,
  },
  {
    method: 'get',
    path: '/imports/:id/errors.csv',
    summary: { de: 'Abgelehnte Zeilen als CSV', en: 'Rejected rows as CSV' },
    access: { kind: 'verb', verb: 'read', entity: 'import' },
    handle: errors,
  },
  {
    method: 'get',
    path: '/imports/:id/preview',
    summary: { de: 'Wie eine Datei gelesen wird', en: 'How a file is read' },
    access: { kind: 'verb', verb: 'read', entity: 'import' },
    query: { rows: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
    handle: preview,
  },
  {
    method: 'patch',
    path: '/imports/:id',
    summary: { de: 'Entwurf eines Imports ändern', en: 'Change a draft of an import' },
    access: { kind: 'verb', verb: 'start', entity: 'import' },
    body: { type: 'object', properties: optionProperties },
    handle: change,
  },
  {
    method: 'post',
    path: '/imports/:id/check',
    summary: { de: 'Entwurf prüfen, ohne zu schreiben', en: 'Check a draft without writing' },
    access: { kind: 'verb', verb: 'start', entity: 'import' },
    limit: rateLimits.heavy,
    handle: async (call) => await begin(call, checkDraft),
  },
  {
    method: 'post',
    path: '/imports/:id/start',
    summary: { de: 'Entwurf starten', en: 'Start a draft' },
    access: { kind: 'verb', verb: 'start', entity: 'import' },
    limit: rateLimits.heavy,
    handle: async (call) => await begin(call, startDraft),
  },
  {
    method: 'get',
    path: '/imports/:id/rows',
    summary: { de: 'Zeilen eines Imports', en: 'Rows of an import' },
    access: { kind: 'verb', verb: 'read', entity: 'import' },
    query: {
      outcome: { type: 'string', description: `One or several of ${outcomes.join(', ')}.`, default: 'rejected' },
      after: { type: 'integer', description: 'Line behind which to begin.' },
      limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    },
    handle: rows,
  },
  {
    method: 'put',
    path: '/imports/:id/rows/:line',
    summary: { de: 'Zeile berichtigen', en: 'Correct a row' },
    access: { kind: 'verb', verb: 'start', entity: 'import' },
    body: {
      type: 'object',
      required: ['cells'],
      properties: {
        cells: {
          description: 'A cell a column; null: as in the file again.',
          type: ['array', 'null'],
          items: { type: 'string', maxLength: 100_000 },
        },
      },
      additionalProperties: false,
    },
    handle: fix,
  },
  {
    method: 'get',
    path: '/imports/:id/processes',
    summary: {
      de: 'Wie viele Prozesse eines Imports noch nicht begonnen haben',
      en: 'How many processes of an import have not begun',
    },
    access: { kind: 'verb', verb: 'read', entity: 'import' },
    handle: processes,
  },
  {
    method: 'post',
    path: '/imports/:id/undo',
    summary: { de: 'Import zurücknehmen', en: 'Take an import back' },
    access: { kind: 'verb', verb: 'undo', entity: 'import' },
    handle: undo,
  },
  ...steerings.map(({ name, de, en }): Route => ({
    method: 'post',
    path: `/imports/:id/${name}`,
    summary: { de, en },
    access: { kind: 'verb', verb: name, entity: 'import' },
    handle: async (call) => await steer(call, name),
  })),
];
