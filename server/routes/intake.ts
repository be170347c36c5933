import { readContent } from '../../connectors/web/content.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { modelOf } from '../../commands/context.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { retryDelivery } from '../../commands/delivery.ts';
import { fetchSource } from '../../commands/fetchSource.ts';
import { visibleRecord, type Written } from '../../commands/record-write.ts';
import { replayMessage } from '../../commands/replayMessage.ts';
import { rotateSource } from '../../commands/rotateSource.ts';
import type { Source } from '../../commands/source.ts';
import { isFetched } from '../../connectors/registry.ts';
import { readConnections } from '../../store/connections.ts';
import { readFeeds, type FeedRow } from '../../store/feeds.ts';
import { readSourceFigures } from '../../store/intake.ts';
import type { RecordData } from '../../store/record-table.ts';
import { withoutMarks } from '../intake/marks.ts';
import { sourceAddress } from '../source-address.ts';
import type { Answer, Call, Route } from '../route.ts';

const messageOf = async (call: Call): Promise<RecordData> =>
  await readRecord(call.ctx, modelOf(call.ctx, 'intake-message'), call.params['id'] ?? '');

const rawOf = async (call: Call, message: RecordData): Promise<Uint8Array> =>
  typeof message['bodyBlob'] === 'string'
    ? await call.services.blobs.get(message['bodyBlob'])
    : Buffer.from(String(message['body'] ?? ''));

const presentReplay = (call: Call, { record, event }: Written): Answer => ({
  json: { data: visibleRecord(call.ctx, modelOf(call.ctx, 'intake-message'), record), event },
});

const replay = async (call: Call): Promise<Answer> => {
  const message = await messageOf(call);
  if (message['channel'] === 'notice' && message['state'] !== 'unreadable')
    return presentReplay(call, await retryDelivery(call.ctx, String(message['id'])));
  const read = await readContent(await rawOf(call, message), String(message['contentType'] ?? ''));
  const content = 'fields' in read ? { fields: withoutMarks(read.fields) } : read;
  return presentReplay(call, await replayMessage(call.ctx, { id: String(message['id']), content }));
};

/** Always a download: what strangers send never becomes a page of ours. */
const download = (bytes: Uint8Array, name: string): Answer => ({
  bytes,
  headers: {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.replaceAll(/[\r\n/\\]/g, '_'))}`,
    'content-security-policy': "default-src 'none'; sandbox",
  },
});

const raw = async (call: Call): Promise<Answer> => {
  const message = await messageOf(call);
  return download(await rawOf(call, message), `${String(message['id'])}.txt`);
};

const attachment = async (call: Call): Promise<Answer> => {
  const message = await messageOf(call);
  const list = (message['attachments'] ?? []) as readonly RecordData[];
  const file = list[Number(call.params['index'] ?? -1)];
  if (file === undefined) throw new LeitwerkError('NotFound');
  return download(
    await call.services.blobs.get(String(file['blob'])),
    String(file['name'] === '' ? 'datei' : file['name']),
  );
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
  const figures = await readSourceFigures(services.db.scans, { tenantId: ctx.actor.tenantId, now: services.now() });
  const feeds = await readFeeds(services.db, ctx.actor.tenantId);
  const connections = new Set((await readConnections(services.db, ctx.actor.tenantId)).map(({ id }) => id));
  const data = [...ctx.snapshot.config('sources').values()].map((head) => {
    const source = head.value as Source;
    return {
      key: source.key,
      label: source.label,
      auth: source.auth,
      isActive: source.isActive !== false,
      ...sourceAddress(services.publicUrl, ctx.actor.tenantId, source),
      ...figures(source.key),
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
    json: { data: { ...made, url: sourceAddress(call.services.publicUrl, call.ctx.actor.tenantId, source).url } },
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
    handle: attachment,
  },
];
