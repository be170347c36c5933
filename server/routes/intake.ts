import { readAgain } from '../../connectors/web/content.ts';
import { modelOf } from '../../commands/context.ts';
import { rawWithoutFilingAddresses } from '../../commands/mail/filing-addresses.ts';
import { fieldsOfMail } from '../../commands/mail/mail-fields.ts';
import { partiesOfMessage } from '../../commands/mail/mail-parties.ts';
import { readContent, readMessage } from '../../commands/mail/readMail.ts';
import { storedMail } from '../../commands/mail/stored-mail.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { retryDelivery } from '../../commands/delivery.ts';
import { fetchSource } from '../../commands/fetchSource.ts';
import { retryMail } from '../../commands/mail/retryMail.ts';
import { visibleRecord, type Written } from '../../commands/record-write.ts';
import { importModel, type ReplayChoice } from '../../commands/imports/import-record.ts';
import { previewReplays, replayMessages } from '../../commands/imports/replayMessages.ts';
import { parseMessage } from '../../commands/parseMessage.ts';
import { replayMessage, type Replay } from '../../commands/replayMessage.ts';
import { rotateSource } from '../../commands/rotateSource.ts';
import type { Source } from '../../commands/source.ts';
import { readRawBody, readSourceFigures } from '../../store/intake.ts';
import { isFetched, presetOf } from '../../connectors/registry.ts';
import { readConnections } from '../../store/connections.ts';
import { findFeedItems, readFeeds, type FeedRow } from '../../store/feeds.ts';
import type { RecordData } from '../../store/record-table.ts';
import { readOpenAlerts } from '../../store/source-alerts.ts';
import { alertText } from '../../commands/watchSources.ts';
import { attachmentOf, download } from '../download.ts';
import { asObject, asText, dryRunParameter, invalidInput, isDryRun, optionalText } from '../input.ts';
import { actorLabels, recordNames } from '../record-names.ts';
import { rateLimits } from '../rate-limits.ts';
import { sourceAddress } from '../source-address.ts';
import type { Answer, Call, Route } from '../route.ts';

const readableOf = async (call: Call): Promise<RecordData> => await readContent(call.ctx, call.params['id'] ?? '');

const rawOf = async (call: Call, message: RecordData): Promise<Uint8Array> =>
  await readRawBody(call.services.blobs, message);

const contentOf = async (call: Call, message: RecordData): Promise<Replay['content']> =>
  await readAgain(await rawOf(call, message), String(message['contentType'] ?? ''));

const replayMail = async ({ ctx, services }: Call, id: string): Promise<Answer> => {
  const { message, event } = await retryMail(ctx, { id });
  services.wakeRelay();
  return { json: { data: visibleRecord(ctx, modelOf(ctx, 'intake-message'), message), event } };
};

const presentReplay = (call: Call, { record, event }: Written): Answer => ({
  json: { data: visibleRecord(call.ctx, modelOf(call.ctx, 'intake-message'), record), event },
});

const replay = async (call: Call): Promise<Answer> => {
  const message = await readMessage(call.ctx, call.params['id'] ?? '');
  if (message['channel'] === 'mail') return await replayMail(call, String(message['id']));
  if (message['channel'] === 'notice' && message['state'] !== 'unreadable')
    return presentReplay(call, await retryDelivery(call.ctx, String(message['id'])));
  const content = await contentOf(call, message);
  return presentReplay(call, await replayMessage(call.ctx, { id: String(message['id']), content }));
};

const mostIds = 1_000;

const choiceOf = (body: RecordData): ReplayChoice => {
  const { ids, filter } = body;
  if ((ids === undefined) === (filter === undefined)) {
    const text = { de: 'Erwartet wird ids oder filter.', en: 'Either ids or filter is expected.' };
    throw invalidInput('/ids', ids === undefined ? 'required' : 'oneOf', text);
  }
  if (Array.isArray(ids) && ids.length === 0)
    throw invalidInput('/ids', 'empty', { de: 'Es ist keine Nachricht genannt.', en: 'No message is named.' });
  return Array.isArray(ids) ? { ids: ids.map((id) => asText(id, '/ids')) } : { filter: asText(filter, '/filter') };
};

const replayMany = async (call: Call): Promise<Answer> => {
  const { ctx, query } = call;
  const body = asObject(call.body);
  const choice = choiceOf(body);
  if (isDryRun(query)) return { json: { data: { count: await previewReplays(ctx, choice) } } };
  const { id } = await replayMessages(ctx, { choice, source: optionalText(body['source'], '/source') });
  const model = importModel(ctx);
  return {
    status: 202,
    headers: { location: `/api/v1/imports/${id}` },
    json: { data: visibleRecord(ctx, model, await readRecord(ctx, model, id)) },
  };
};

/** What a message says, as the mapping reads it; undefined where that is not known. */
const fieldsOf = async (call: Call, message: RecordData): Promise<RecordData | undefined> => {
  if (message['channel'] === 'mail')
    return message['mailBody'] === null
      ? undefined
      : fieldsOfMail(storedMail(message).mail, await partiesOfMessage(call.ctx, call.ctx.db, message));
  const content = await contentOf(call, message);
  return 'fields' in content ? content.fields : undefined;
};

/** What a notice tells of, each with the lead that it has become as far as the actor may see it; null for other messages. */
const toldBy = async (
  ctx: Call['ctx'],
  message: RecordData,
  fields: RecordData | undefined,
): Promise<readonly RecordData[] | null> => {
  if (message['channel'] !== 'notice' || fields === undefined) return null;
  const key = String(message['source']);
  const source = ctx.snapshot.config('sources').get(key)?.value as Source | undefined;
  const notices = presetOf(source?.preset)?.webhook?.readNotices(fields) ?? [];
  const known = await findFeedItems(
    ctx.db,
    { tenantId: ctx.actor.tenantId, source: key },
    notices.map(({ id }) => id),
  );
  const names = await recordNames(
    ctx,
    'lead',
    [...known.values()].filter((lead) => lead !== null),
  );
  return notices.map(({ id, facts }) => {
    const lead = known.get(id) ?? '';
    const leadName = names.get(lead) ?? null;
    return { id, facts, isFetched: known.has(id), lead: leadName === null ? null : lead, leadName };
  });
};

const parsed = async (call: Call): Promise<Answer> => {
  const { ctx } = call;
  const message = await readableOf(call);
  const fields = await fieldsOf(call, message);
  const { mapped, attempts } = await parseMessage(ctx, { message, fields });
  const label = await actorLabels(
    ctx,
    attempts.map(({ actor }) => actor),
  );
  const named = attempts.map((attempt) => ({ ...attempt, actorName: label(attempt.actor) }));
  const tells = await toldBy(ctx, message, fields);
  const said = message['channel'] === 'mail' ? null : (fields ?? null);
  return {
    json: { data: { fields: said, values: null, additional: null, issues: [], ...mapped, tells, attempts: named } },
  };
};

const raw = async (call: Call): Promise<Answer> => {
  const message = await readableOf(call);
  const bytes = await rawOf(call, message);
  const name = String(message['id']);
  return message['channel'] === 'mail'
    ? download(await rawWithoutFilingAddresses(call.ctx, bytes), `${name}.eml`)
    : download(bytes, `${name}.txt`);
};

/** How fetching stands: nothing of where it goes on. */
const presentFeed = (feed: FeedRow | undefined): RecordData | null => {
  if (feed === undefined) return null;
  const { state, lastRunAt, lastSuccessAt, faultAt, fault, figures } = feed;
  return { state, lastRunAt, lastSuccessAt, faultAt, fault, figures };
};

const fetchNow = async (call: Call): Promise<Answer> => {
  await fetchSource(call.ctx, { key: call.params['key'] ?? '', isFetched });
  return { status: 202, json: { data: { source: call.params['key'] ?? '' } } };
};

const sources = async (call: Call): Promise<Answer> => {
  const { ctx, services } = call;
  const heads = [...ctx.snapshot.config('sources').values()];
  const { tenantId } = ctx.actor;
  const figures = await readSourceFigures(services.db.scans, {
    tenantId,
    sources: heads.map(({ key }) => key),
    now: services.now(),
  });
  const alerts = await readOpenAlerts(services.db, tenantId);
  const feeds = await readFeeds(services.db, tenantId);
  const connections = new Set((await readConnections(services.db, tenantId)).map(({ id }) => id));
  const data = heads.map((head) => {
    const source = head.value as Source;
    const own = alerts.filter((alert) => alert.source === source.key);
    return {
      key: source.key,
      label: source.label,
      auth: source.auth,
      isActive: source.isActive !== false,
      ...sourceAddress(services.publicUrl, ctx.snapshot, source),
      ...figures(source.key),
      alerts: own.map((alert) => ({ kind: alert.kind, since: alert.since, text: alertText(source, alert.finding) })),
      preset: source.preset ?? null,
      isFetched: isFetched(source),
      hasConnection: source.connection === undefined ? null : connections.has(source.connection),
      feed: presentFeed(feeds.get(source.key)),
    };
  });
  return { json: { data } };
};

const rotate = async (call: Call, guard: { forget(): void }): Promise<Answer> => {
  const made = await rotateSource(call.ctx, call.services.secrets, call.params['key'] ?? '');
  guard.forget();
  const source = call.ctx.snapshot.config('sources').get(made.source)?.value as Source;
  return {
    json: { data: { ...made, url: sourceAddress(call.services.publicUrl, call.ctx.snapshot, source).url } },
  };
};

/** Received messages and the sources they come through. */
export const intakeRoutes = (guard: { forget(): void }): readonly Route[] => [
  {
    method: 'get',
    path: '/sources',
    summary: { de: 'Quellen mit Zahlen', en: 'Sources with figures' },
    access: { kind: 'verb', verb: 'read', entity: 'lead' },
    handle: sources,
  },
  {
    method: 'post',
    path: '/sources/:key/rotate',
    summary: { de: 'Neues Geheimnis für eine Quelle', en: 'New secret for a source' },
    access: { kind: 'may', area: 'config' },
    handle: async (call) => await rotate(call, guard),
  },
  {
    method: 'post',
    path: '/sources/:key/fetch',
    summary: { de: 'Quelle jetzt abfragen', en: 'Fetch from a source now' },
    access: { kind: 'may', area: 'config' },
    handle: fetchNow,
  },
  {
    method: 'post',
    path: '/intake-messages/:id/replay',
    summary: { de: 'Nachricht erneut verarbeiten', en: 'Work a message again' },
    access: { kind: 'verb', verb: 'create', entity: 'lead' },
    handle: replay,
  },
  {
    method: 'post',
    path: '/intake-messages/replay',
    summary: { de: 'Viele Nachrichten erneut verarbeiten', en: 'Work many messages again' },
    access: { kind: 'verb', verb: 'replay', entity: 'intake-message' },
    query: dryRunParameter,
    body: {
      type: 'object',
      properties: {
        ids: { type: 'array', items: { type: 'string' }, maxItems: mostIds },
        filter: { type: 'string', description: 'Of the messages that match, the rejected and unreadable ones.' },
        source: { type: ['string', 'null'], description: 'Shown on the import that does it.' },
      },
      additionalProperties: false,
    },
    limit: rateLimits.heavy,
    handle: replayMany,
  },
  {
    method: 'get',
    path: '/intake-messages/:id/parsed',
    summary: { de: 'Inhalt, und was die Zuordnung daraus macht', en: 'Content, and what the mapping makes of it' },
    access: { kind: 'verb', verb: 'read', entity: 'intake-message' },
    handle: parsed,
  },
  {
    method: 'get',
    path: '/intake-messages/:id/raw',
    summary: { de: 'Rohdaten laden', en: 'Download the raw body' },
    access: { kind: 'verb', verb: 'read', entity: 'intake-message' },
    handle: raw,
  },
  {
    method: 'get',
    path: '/intake-messages/:id/attachments/:index',
    summary: { de: 'Anhang laden', en: 'Download an attachment' },
    access: { kind: 'verb', verb: 'read', entity: 'intake-message' },
    handle: async (call) => await attachmentOf(call, await readableOf(call)),
  },
];
