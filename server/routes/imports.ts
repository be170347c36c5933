import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { modelOf } from '../../commands/context.ts';
import { findRecord } from '../../store/records.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { importModel, toImport } from '../../commands/imports/import-record.ts';
import { startImport } from '../../commands/imports/startImport.ts';
import { importContext } from '../../commands/imports/import-context.ts';
import { undoChunk, undoImport } from '../../commands/imports/undoImport.ts';
import { steerImport, type Steering } from '../../commands/imports/steerImport.ts';
import { sha256 } from '../../store/secrets.ts';
import { writeErrorFile } from '../imports/errors-csv.ts';
import { uploadBody } from '../imports/options.ts';
import { readUpload } from '../imports/upload.ts';
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

const start = async (call: Call): Promise<Answer> => {
  const { name: blob, size, fileName, words } = await readUpload(call.request, call.services.blobs);
  const ctx = withIdempotency(call, [blob, words]);
  const { id } = await startImport(ctx, { blob, size, fileName: fileName === '' ? 'import.csv' : fileName, words });
  const model = importModel(ctx);
  return {
    status: 202,
    headers: { location: `/api/v1/imports/${id}` },
    json: { data: visibleRecord(ctx, model, await readRecord(ctx, model, id)) },
  };
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
  const key = { tenantId: ctx.actor.tenantId, id: call.params['id'] ?? '' };
  await readRecord(ctx, importModel(ctx), key.id);
  const record = toImport((await findRecord(services.db, importModel(ctx), key)) ?? {});
  const name = record.fileName.replace(/\.[a-z]+$/i, '').replaceAll(/[\r\n/\\]/g, '_');
  response.setHeader('content-type', 'text/csv; charset=utf-8');
  response.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(`${name}-errors.csv`)}`);
  const model = modelOf(ctx, record.entity);
  const { db, blobs } = services;
  const file = { db, blobs, record, tenantId: key.tenantId, model, language: ctx.language };
  await pipeline(Readable.from(writeErrorFile(file)), response);
  return { isHandled: true };
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
