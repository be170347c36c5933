import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { modelOf } from '../../commands/context.ts';
import { createRecord } from '../../commands/createRecord.ts';
import { deleteRecord } from '../../commands/deleteRecord.ts';
import { visibleRecord, type Written } from '../../commands/record-write.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { undoWrite } from '../../commands/undoWrite.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import { withoutClosedFacts } from '../../commands/visibleFacts.ts';
import { countRecords, listRecords } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, asText, integerOf, invalidInput } from '../input.ts';
import { listParameters, readFilter, readListQuery } from '../list-query.ts';
import { inputSchema, recordSchema } from '../openapi-records.ts';
import { recordNames } from '../record-names.ts';
import type { Answer, Call, Route } from '../route.ts';
import { exportRoute } from './export.ts';

const modelOfCall = (call: Call): EntityModel => modelOf(call.ctx, call.params['plural'] ?? '');

/** Version that the client has seen, from `If-Match`. */
export const versionOf = (call: Call): number | undefined => {
  const header = call.headers['if-match'];
  if (header === undefined || header === '*') return undefined;
  const version = Number(header.replaceAll(/^W\/|"/g, ''));
  if (Number.isInteger(version)) return version;
  throw new LeitwerkError('Unreadable', {
    text: { de: 'If-Match muss die Version aus dem ETag sein.', en: 'If-Match must be the version from the ETag.' },
  });
};

/** Whether the client has this state already, from `If-None-Match`. */
export const isKnown = (call: Call, etag: string): boolean =>
  (call.headers['if-none-match'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''))
    .some((one) => one === etag || one === '*');

/** The answer to a write: the record as this actor may see it, its ETag, and the number to undo it with. */
export const written = (call: Call, model: EntityModel, result: Written): Answer => ({
  headers: { etag: `"${String(result.record['version'])}"` },
  json: { data: visibleRecord(call.ctx, model, result.record), event: result.event },
});

/** Names of the records that references point to, by id, for `?expand=owner,organization`. */
const expansions = async (
  call: Call,
  records: readonly RecordData[],
  model: EntityModel,
): Promise<Record<string, string> | undefined> => {
  const expand = call.query.get('expand');
  if (expand === null || expand === '') return undefined;
  const labels: Record<string, string> = {};
  for (const name of expand.split(',')) {
    const target = call.ctx.ability.isReadable(model.name, name) ? model.fields.get(name)?.target : undefined;
    if (target === undefined) continue;
    const ids = records.map((record) => record[name]).filter((id) => typeof id === 'string');
    Object.assign(labels, Object.fromEntries(await recordNames(call.ctx, target, ids)));
  }
  return labels;
};

const list = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const page = await listRecords(call.services.db, model, readListQuery(call.ctx, model, call.query));
  const labels = await expansions(call, page.data, model);
  const total = page.total === null ? {} : { total: page.total, totalExact: page.isTotalExact };
  const data = page.data.map((record) => withoutClosedFacts(call.ctx, model, record));
  return { json: { data, page: { next: page.next, ...total }, ...(labels === undefined ? {} : { _labels: labels }) } };
};

const read = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const record = await readRecord(call.ctx, model, call.params['id'] ?? '');
  const etag = `"${String(record['version'])}"`;
  if (isKnown(call, etag)) return { status: 304, headers: { etag } };
  const labels = await expansions(call, [record], model);
  return {
    headers: { etag },
    json: { data: visibleRecord(call.ctx, model, record), ...(labels === undefined ? {} : { _labels: labels }) },
  };
};

const create = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const result = await createRecord(call.ctx, model, asObject(call.body));
  const answer = written(call, model, result);
  return {
    ...answer,
    status: 201,
    headers: { ...answer.headers, location: `/api/v1/${model.plural}/${String(result.record['id'])}` },
  };
};

const update = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const input = { id: call.params['id'] ?? '', patch: asObject(call.body), version: versionOf(call) };
  return written(call, model, await updateRecord(call.ctx, model, input));
};

const remove = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const result = await deleteRecord(call.ctx, model, { id: call.params['id'] ?? '', version: versionOf(call) });
  return { json: { data: { id: call.params['id'] }, event: result.event } };
};

const mostFilters = 30;

const count = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const { filters } = asObject(call.body);
  if (!Array.isArray(filters) || filters.length > mostFilters) {
    throw invalidInput('/filters', 'type', {
      de: `Erwartet wird eine Liste von höchstens ${mostFilters} Filtern.`,
      en: `A list of at most ${mostFilters} filters is expected.`,
    });
  }
  const rows = call.ctx.ability.rowFilter('read', model.name);
  const data: number[] = [];
  for (const text of filters) {
    const filter = readFilter(call.ctx, model, asText(text, '/filters'));
    data.push(await countRecords(call.services.db, model, { tenantId: call.ctx.actor.tenantId, rows, filter }));
  }
  return { json: { data } };
};

const isWritable = (model: EntityModel): boolean => !model.isReadOnly;

/** The collections of every entity, shipped or made by an admin. */
export const recordRoutes: readonly Route[] = [
  exportRoute,
  {
    method: 'get',
    path: '/:plural',
    summary: { de: 'Liste', en: 'List' },
    access: { kind: 'verb', verb: 'read' },
    query: listParameters,
    answer: (model) => ({ type: 'array', items: recordSchema(model) }),
    handle: list,
  },
  {
    method: 'post',
    path: '/:plural/count',
    summary: { de: 'Zählen', en: 'Count' },
    access: { kind: 'verb', verb: 'read' },
    body: {
      type: 'object',
      required: ['filters'],
      properties: { filters: { type: 'array', items: { type: 'string' }, maxItems: mostFilters } },
    },
    handle: count,
  },
  {
    method: 'post',
    path: '/:plural',
    summary: { de: 'Anlegen', en: 'Create' },
    access: { kind: 'verb', verb: 'create' },
    body: inputSchema,
    answer: recordSchema,
    isFor: isWritable,
    handle: create,
  },
  {
    method: 'get',
    path: '/:plural/:id',
    summary: { de: 'Lesen', en: 'Read' },
    access: { kind: 'verb', verb: 'read' },
    query: { expand: listParameters.expand },
    answer: recordSchema,
    handle: read,
  },
  {
    method: 'patch',
    path: '/:plural/:id',
    summary: { de: 'Ändern (JSON Merge Patch)', en: 'Change (JSON merge patch)' },
    access: { kind: 'verb', verb: 'update' },
    accepts: ['application/merge-patch+json'],
    body: inputSchema,
    answer: recordSchema,
    isFor: isWritable,
    handle: update,
  },
  {
    method: 'delete',
    path: '/:plural/:id',
    summary: { de: 'Löschen', en: 'Delete' },
    access: { kind: 'verb', verb: 'delete' },
    isFor: isWritable,
    handle: remove,
  },
];

const undo = async (call: Call): Promise<Answer> => {
  const result = await undoWrite(call.ctx, integerOf(asObject(call.body)['event'], '/event'));
  return { json: { data: { id: result.record['id'], version: result.record['version'] }, event: result.event } };
};

export const undoRoute: Route = {
  method: 'post',
  path: '/undo',
  summary: { de: 'Einen Schritt zurücknehmen', en: 'Take a write back' },
  access: { kind: 'signedIn' },
  body: { type: 'object', required: ['event'], properties: { event: { type: 'integer' } } },
  handle: undo,
};
