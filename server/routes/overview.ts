import { isShipped, type EntityModel, type Field } from '../../core/entity.ts';
import { creationValues } from '../../commands/creationValues.ts';
import { readAudit } from '../../store/events.ts';
import { markNoticesRead, readNotices } from '../../store/notices.ts';
import { listRecords } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, instantOf } from '../input.ts';
import { readAuditPage } from '../list-query.ts';
import { actorLabels, recordNames } from '../record-names.ts';
import type { Answer, Call, Route } from '../route.ts';

const audit = async (call: Call): Promise<Answer> => {
  const { query, ctx } = call;
  const { limit, before } = readAuditPage(ctx, query);
  const rows = await readAudit(call.services.db, {
    tenantId: ctx.actor.tenantId,
    entity: query.get('entity') ?? undefined,
    recordId: query.get('record') ?? undefined,
    before,
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const created = await creationValues(ctx, page);
  const label = await actorLabels(
    ctx,
    page.map(({ actor }) => actor),
  );
  const data = page.map((row) => ({
    seq: row.seq,
    at: row.at,
    actor: row.actor,
    actorName: label(row.actor),
    act: row.act,
    entity: row.entity,
    recordId: row.recordId,
    version: row.version,
    changes: visibleChanges(call, row.entity, row.changes ?? created.get(row.seq) ?? null),
    requestId: row.requestId,
  }));
  return { json: { data, page: { next: rows.length > limit ? String(data.at(-1)?.seq ?? '') : null } } };
};

/** The audit log shows no field that the reader may not see in the record itself. */
const visibleChanges = (call: Call, entity: string, changes: RecordData | null): RecordData | null => {
  const model = call.ctx.snapshot.models.get(entity);
  if (changes === null || model === undefined) return changes;
  const isVisible = (name: string): boolean =>
    model.fields.get(name)?.isHidden !== true && call.ctx.ability.isReadable(entity, name);
  return Object.fromEntries(Object.entries(changes).filter(([name]) => isVisible(name) || name === 'deletedAt'));
};

const searched = ['lead', 'organization', 'person', 'opportunity', 'activity'];
const hitsEach = 5;

const subtitleFields: Readonly<Record<string, readonly string[]>> = {
  lead: ['company', 'email'],
  organization: ['city', 'domain'],
  person: ['email', 'phone'],
  opportunity: ['number', 'stage'],
  activity: ['dueAt'],
};

/** Where texts are looked for: searchable fields; entities that an admin has added are found by their title in any case. */
const searchedFields = (call: Call, model: EntityModel): Field[] => {
  const isFound = ({ name, kind }: Field): boolean =>
    !isShipped(model.name) && name === model.titleField && (kind === 'text' || kind === 'longText');
  return [...model.fields.values()]
    .filter((field) => call.ctx.ability.isReadable(model.name, field.name))
    .map((field) => (isFound(field) ? { ...field, isSearchable: true } : field));
};

const hitsOf = async (call: Call, model: EntityModel, search: string): Promise<RecordData[]> => {
  const { ctx } = call;
  const wanted = new Set(['id', model.titleField, ...(subtitleFields[model.name] ?? [])]);
  const fields = [...model.fields.values()].filter(
    (field) => wanted.has(field.name) && ctx.ability.isReadable(model.name, field.name),
  );
  const page = await listRecords(call.services.db, model, {
    tenantId: ctx.actor.tenantId,
    rows: ctx.ability.rowFilter('read', model.name),
    search: { text: search, fields: searchedFields(call, model) },
    sort: [{ field: 'createdAt', isDescending: true }],
    limit: hitsEach,
    fields,
    total: 'none',
  });
  return page.data.map((record) => {
    const subtitle = (subtitleFields[model.name] ?? [])
      .map((name) => record[name])
      .filter((value) => typeof value === 'string' && value !== '');
    return {
      entity: model.name,
      plural: model.plural,
      id: record['id'],
      title: record[model.titleField] ?? '',
      subtitle: subtitle.join(' · '),
    };
  });
};

const search = async (call: Call): Promise<Answer> => {
  const text = (call.query.get('q') ?? '').trim().slice(0, 200);
  if (text.length < 2) return { json: { data: [] } };
  const known = [...call.ctx.snapshot.models.values()];
  const models = [
    ...searched.flatMap((name) => call.ctx.snapshot.models.get(name) ?? []),
    ...known.filter((model) => !isShipped(model.name)),
  ].filter((model) => call.ctx.ability.can('read', model.name));
  const data: RecordData[] = [];
  for (const model of models) data.push(...(await hitsOf(call, model, text)));
  return { json: { data } };
};

const reader = (call: Call): { tenantId: string; userId: string } => ({
  tenantId: call.ctx.actor.tenantId,
  userId: call.ctx.actor.id,
});

/** Each with its record's name, for as long as the reader may see the record. */
const notices = async (call: Call): Promise<Answer> => {
  const { notices: list, unread } = await readNotices(call.services.db, reader(call));
  const names = new Map<string, string>();
  for (const [entity, own] of Map.groupBy(list, (notice) => notice.entity)) {
    const ids = own.map((notice) => notice.recordId);
    for (const [id, name] of await recordNames(call.ctx, entity, ids)) names.set(id, name);
  }
  const data = list.map((notice) => ({ ...notice, title: names.get(notice.recordId) ?? null }));
  return { json: { data, unread } };
};

/** Opening the list reads what is in it, not what comes meanwhile. */
const readAll = async (call: Call): Promise<Answer> => {
  const upTo = instantOf(asObject(call.body)['upTo'], '/upTo');
  await call.services.db.write(
    async (tx) => await markNoticesRead(tx, { ...reader(call), upTo, at: call.ctx.now().toISOString() }),
  );
  return { status: 204 };
};

/** Looking across records: own notices, the audit log, the search of the command palette. */
export const overviewRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/notices',
    summary: { de: 'Eigene Hinweise', en: 'Own notices' },
    access: { kind: 'signedIn' },
    handle: notices,
  },
  {
    method: 'post',
    path: '/notices/read',
    summary: { de: 'Hinweise als gelesen merken', en: 'Mark notices read' },
    access: { kind: 'signedIn' },
    body: { type: 'object', required: ['upTo'], properties: { upTo: { type: 'string' } } },
    handle: readAll,
  },
  {
    method: 'get',
    path: '/audit',
    summary: { de: 'Protokoll aller Schreibvorgänge', en: 'Log of every write' },
    access: { kind: 'may', area: 'audit' },
    query: {
      entity: { type: 'string' },
      record: { type: 'string' },
      limit: { type: 'integer' },
      cursor: { type: 'string' },
    },
    handle: audit,
  },
  {
    method: 'get',
    path: '/search',
    summary: { de: 'Suche über alles', en: 'Search everything' },
    access: { kind: 'signedIn' },
    query: { q: { type: 'string' } },
    handle: search,
  },
];
