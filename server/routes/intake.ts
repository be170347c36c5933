import { readContent } from '../../connectors/web/content.ts';
import { modelOf } from '../../commands/context.ts';
import { readMessage } from '../../commands/mail/readMail.ts';
import { retryMail } from '../../commands/mail/retryMail.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { replayMessage } from '../../commands/replayMessage.ts';
import { rotateSource } from '../../commands/rotateSource.ts';
import type { Source } from '../../commands/source.ts';
import { readSourceFigures } from '../../store/intake.ts';
import type { RecordData } from '../../store/record-table.ts';
import { attachmentOf, download } from '../download.ts';
import { withoutMarks } from '../intake/marks.ts';
import { sourceAddress } from '../source-address.ts';
import type { Answer, Call, Route } from '../route.ts';

const messageOf = async (call: Call): Promise<RecordData> => await readMessage(call.ctx, call.params['id'] ?? '');

const rawOf = async (call: Call, message: RecordData): Promise<Uint8Array> =>
  typeof message['bodyBlob'] === 'string'
    ? await call.services.blobs.get(message['bodyBlob'])
    : Buffer.from(String(message['mailRaw'] ?? message['body'] ?? ''));

const replayMail = async ({ ctx, services }: Call, id: string): Promise<Answer> => {
  const { message, event } = await retryMail(ctx, { id });
  services.wakeRelay();
  return { json: { data: visibleRecord(ctx, modelOf(ctx, 'intake-message'), message), event } };
};

const replay = async (call: Call): Promise<Answer> => {
  const message = await messageOf(call);
  if (message['channel'] === 'mail') return await replayMail(call, String(message['id']));
  const read = await readContent(await rawOf(call, message), String(message['contentType'] ?? ''));
  const content = 'fields' in read ? { fields: withoutMarks(read.fields) } : read;
  const result = await replayMessage(call.ctx, { id: String(message['id']), content });
  return {
    json: { data: visibleRecord(call.ctx, modelOf(call.ctx, 'intake-message'), result.record), event: result.event },
  };
};

const raw = async (call: Call): Promise<Answer> => {
  const message = await messageOf(call);
  return download(
    await rawOf(call, message),
    `${String(message['id'])}.${message['channel'] === 'mail' ? 'eml' : 'txt'}`,
  );
};

const sources = async (call: Call): Promise<Answer> => {
  const { ctx, services } = call;
  const figures = await readSourceFigures(services.db.scans, { tenantId: ctx.actor.tenantId, now: services.now() });
  const data = [...ctx.snapshot.config('sources').values()].map((head) => {
    const source = head.value as Source;
    return {
      key: source.key,
      label: source.label,
      auth: source.auth,
      isActive: source.isActive !== false,
      ...sourceAddress(services.publicUrl, ctx.actor.tenantId, source),
      ...figures(source.key),
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
    handle: async (call) => await attachmentOf(call, await messageOf(call)),
  },
];
