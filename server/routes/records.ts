import { stringify } from 'csv-stringify/sync';
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
import { countRecords, findRecordsBy, listRecords } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, asText, integerOf } from '../input.ts';
import { readFilter, readListQuery } from '../list-query.ts';
import { inputSchema, recordSchema } from '../openapi-records.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';

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

/** The answer to a write: the record as this actor may see it, its ETag, and the number to undo it with. */
export const written = (call: Call, model: EntityModel, result: Written): Answer => ({
  headers: { etag: `"${String(result.record['version'])}"` },
  json: { data: visibleRecord(call.ctx, model, result.record), event: result.event },
});

/** Names of the records that references point to, by id, for `?expand=owner,organization`. */
const labelsFor = async (
  call: Call,
  model: EntityModel,
  wanted: { names: readonly string[]; records: readonly RecordData[] },
): Promise<Record<string, string>> => {
  const { ctx, services } = call;
  const labels: Record<string, string> = {};
  for (const name of wanted.names) {
    const target = ctx.ability.isReadable(model.name, name) ? model.fields.get(name)?.target : undefined;
    const ids = [...new Set(wanted.records.map((record) => record[name]).filter((id) => typeof id === 'string'))];
    if (target === undefined || ids.length === 0) continue;
    if (target === 'user') {
      for (const id of ids) labels[id] = ctx.snapshot.users.get(id)?.name ?? id;
      continue;
    }
    const targetModel = modelOf(ctx, target);
    for (const record of await findRecordsBy(services.db, targetModel, {
      tenantId: ctx.actor.tenantId,
      field: 'id',
      values: ids,
    })) {
      if (ctx.ability.canOn('read', target, record))
        labels[String(record['id'])] = String(record[targetModel.titleField] ?? record['id']);
    }
  }
  return labels;
};

const expansions = (
  call: Call,
  records: readonly RecordData[],
  model: EntityModel,
): Promise<Record<string, string>> | undefined => {
  const expand = call.query.get('expand');
  if (expand === null || expand === '') return undefined;
  return labelsFor(call, model, { names: expand.split(','), records });
};

const list = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const page = await listRecords(call.services.db, model, readListQuery(call.ctx, model, call.query));
  const labels = await expansions(call, page.data, model);
  const total = page.total === null ? {} : { total: page.total, totalExact: page.isTotalExact };
  const data = page.data.map((record) => withoutClosedFacts(call.ctx, model, record));
  return { json: { data, page: { next: page.next, ...total }, ...(labels === undefined ? {} : { _labels: labels }) } };
};

const exportPage = 200;
const exportLimit = 100_000;

/** A table of every record that the filter has, safe to open in a spreadsheet. */
const exportCsv = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const query = { ...readListQuery(call.ctx, model, call.query), limit: exportPage, total: 'none' as const };
  const columns = query.fields.map((field) => field.name);
  const parts = ['\uFEFF', stringify([columns], { delimiter: ';' })];
  let cursor: string | undefined;
  for (let rows = 0; rows < exportLimit; rows += exportPage) {
    const page = await listRecords(call.services.db, model, { ...query, cursor });
    const cells = page.data
      .map((record) => withoutClosedFacts(call.ctx, model, record))
      .map((record) => columns.map((name) => cellOf(record[name])));
    parts.push(stringify(cells, { delimiter: ';', escape_formulas: true }));
    if (page.next === null) break;
    cursor = page.next;
    // Others get a turn between two pages.
    await new Promise((turn) => void setImmediate(turn));
  }
  return {
    bytes: Buffer.from(parts.join('')),
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${model.plural}.csv"`,
    },
  };
};

const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const read = async (call: Call): Promise<Answer> => {
  const model = modelOfCall(call);
  const record = await readRecord(call.ctx, model, call.params['id'] ?? '');
  const etag = `"${String(record['version'])}"`;
  if (call.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
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
    throw new LeitwerkError('InvalidInput', {
      issues: [{ path: '/filters', code: 'type', message: `A list of at most ${mostFilters} filters.` }],
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

const listQuery = {
  filter: { type: 'string', description: 'Filter language: conditions joined with and, or, not, parentheses.' },
  sort: { type: 'string', description: 'Fields, `-` for descending: `-budget,createdAt`.' },
  limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  cursor: { type: 'string' },
  fields: { type: 'string' },
  q: { type: 'string', description: 'Words to search for.' },
  total: { enum: ['none', 'capped', 'exact'], default: 'none' },
  expand: { type: 'string', description: 'References whose names are wanted.' },
} as const;
const isWritable = (model: EntityModel): boolean => !model.isReadOnly;

/** The collections of every entity, shipped or made by an admin. */
export const recordRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/:plural.csv',
    summary: { de: 'Export als CSV', en: 'Export as CSV' },
    access: { kind: 'verb', verb: 'read' },
    query: listQuery,
    limit: rateLimits.heavy,
    handle: exportCsv,
  },
  {
    method: 'get',
    path: '/:plural',
    summary: { de: 'Liste', en: 'List' },
    access: { kind: 'verb', verb: 'read' },
    query: listQuery,
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
    query: { expand: listQuery.expand },
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
