import type { IncomingMessage } from 'node:http';
import { formatOf, readContent, type Format, type ReceivedFile } from '../../connectors/web/content.ts';
import type { PresetWebhook } from '../../connectors/port.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { Context } from '../../commands/context.ts';
import { headersOf } from '../../commands/mapMessage.ts';
import type { ReceivedMessage } from '../../commands/receiveMessage.ts';
import { sourceOf, type Source } from '../../commands/source.ts';
import { isRowSized } from '../../store/blobs.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Snapshot } from '../../store/registry.ts';
import { sha256 } from '../../store/secrets.ts';
import { readBytes } from '../json-body.ts';
import { perMinute, rateLimits } from '../rate-limits.ts';
import type { Services } from '../services.ts';
import { tenantSnapshot, type Address } from './address.ts';
import type { SourceGuard } from './credentials.ts';
import { formKey, formMark, honeypot, isFilled, withoutBlanks, withoutMarks } from '../../connectors/web/marks.ts';
import { assertOrigin } from './origin.ts';

const bodyLimit = 1024 * 1024;
const multipartLimit = 25 * 1024 * 1024;

const keptHeaders = new Set([
  'content-type',
  'user-agent',
  'origin',
  'referer',
  'webhook-id',
  'webhook-timestamp',
  'idempotency-key',
  'accept-language',
  'x-request-id',
]);

/** One request to a source. */
export interface Reception {
  readonly request: IncomingMessage;
  readonly address: Address;
  readonly requestId: string;
  readonly language: 'de' | 'en';
  /** It comes from the hosted form, so that the form's own rules count. */
  readonly isForm?: boolean;
}

const headersToKeep = (request: IncomingMessage, mapped: ReadonlySet<string>): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(request.headers)) {
    const value = request.headers[name];
    if ((keptHeaders.has(name) || mapped.has(name)) && typeof value === 'string') kept[name] = value.slice(0, 1_000);
  }
  return kept;
};

const storeFiles = async (blobs: Services['blobs'], files: readonly ReceivedFile[]): Promise<RecordData[]> => {
  const stored: RecordData[] = [];
  for (const file of files) {
    stored.push({
      field: file.field,
      name: file.name,
      contentType: file.contentType,
      size: file.bytes.byteLength,
      blob: await blobs.put(file.bytes),
    });
  }
  return stored;
};

/** As the table of keys has room for; of a longer one its hash does. */
const longestKey = 190;

/** Files come between boundaries that every attempt chooses anew: there the content counts, not the bytes. */
const contentHash = ({ content, attachments }: ReceivedMessage): string =>
  sha256(Buffer.from(JSON.stringify([content, attachments])));

/**
 * The sender's `Idempotency-Key`; else, of a form, the key it was opened with. A form that was changed and sent again under its key
 * is a new message: its sender saw no answer to the first, and must never read of a conflict.
 */
const idempotencyOf = (
  request: IncomingMessage,
  sent: { message: ReceivedMessage; format: Format; key: unknown },
): Context['idempotency'] => {
  const given = request.headers['idempotency-key'];
  const { message, format, key } = sent;
  if (typeof given === 'string' && given !== '')
    return {
      key: given.length > longestKey ? sha256(Buffer.from(given)) : given,
      requestHash: format === 'multipart' ? contentHash(message) : sha256(message.raw),
    };
  if (typeof key !== 'string' || key === '') return undefined;
  const requestHash = contentHash(message);
  return { key: `form:${key.slice(0, 100)}:${requestHash}`, requestHash };
};

/** A request whose sender may send to the source. */
interface Admitted {
  readonly snapshot: Snapshot;
  readonly source: Source;
  readonly remoteAddress: string;
  readonly contentType: string;
  readonly format: Format;
  readonly raw: Buffer;
  /** The preset whose sender it is. */
  readonly webhook: PresetWebhook | undefined;
}

/** What a request brought, its sender being who they should be. */
export interface Received {
  readonly snapshot: Snapshot;
  readonly message: ReceivedMessage;
  /** Of how many things a preset's delivery tells; undefined for messages that say everything themselves. */
  readonly tells: number | undefined;
  readonly idempotency: Context['idempotency'];
}

/** The sender's number of the delivery; presets whose senders give none are known by their content. */
const deliveryIdOf = ({ headers }: IncomingMessage, { source, webhook, raw }: Admitted): string | undefined => {
  if (webhook !== undefined) return sha256(raw);
  return source.auth === 'hmac' ? (headers['webhook-id'] as string) : undefined;
};

const readMessage = async (
  { request, isForm }: Reception,
  admitted: Admitted,
  blobs: Services['blobs'],
): Promise<Received> => {
  const { snapshot, source, raw, contentType, format, remoteAddress, webhook } = admitted;
  const content = await readContent(raw, contentType);
  const said = 'fields' in content ? content.fields : {};
  const isThroughForm = isForm === true || formMark in said;
  const fields = isThroughForm ? withoutBlanks(withoutMarks(said)) : withoutMarks(said);
  const message: ReceivedMessage = {
    source,
    channel: webhook !== undefined ? 'notice' : isThroughForm ? 'form' : 'webhook',
    contentType,
    headers: headersToKeep(request, headersOf(snapshot, source)),
    raw,
    rawBlob: isRowSized(raw) ? undefined : await blobs.put(raw),
    content: 'fields' in content ? { fields } : content,
    attachments: 'files' in content ? await storeFiles(blobs, content.files) : [],
    remoteAddress,
    deliveryId: deliveryIdOf(request, admitted),
    isSpam: source.auth === 'public' && isFilled(said[honeypot]),
  };
  const isTelling = webhook !== undefined && 'fields' in content;
  return {
    snapshot,
    message,
    tells: isTelling ? webhook.readNotices(content.fields).length : undefined,
    idempotency: idempotencyOf(request, { message, format, key: isThroughForm ? said[formKey] : undefined }),
  };
};

/** @throws LeitwerkError `UnsupportedMediaType` for compressed bodies: what is signed and kept are the bytes as they come. */
const assertPlain = ({ headers }: IncomingMessage): void => {
  const coding = headers['content-encoding'];
  if (coding === undefined || coding === 'identity') return;
  throw new LeitwerkError('UnsupportedMediaType', {
    text: {
      de: 'Bitte unkomprimiert senden (ohne Content-Encoding).',
      en: 'Please send it uncompressed (without Content-Encoding).',
    },
  });
};

/** Address of whoever sends, behind proxies that are trusted. */
export const clientAddress = (services: Pick<Services, 'readClient'>, request: IncomingMessage): string =>
  services.readClient({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: request.headers['x-forwarded-for'] as string | undefined,
    forwardedProto: undefined,
  }).address;

/** Reads requests to sources: limits and sender on the raw bytes first, then their content. */
export function createReader(services: Services, guard: SourceGuard): (reception: Reception) => Promise<Received> {
  const limit = (tenantId: string, source: Source, address: string): void => {
    if (source.rateLimit !== undefined)
      services.limiter.take(perMinute(`source/${tenantId}/${source.key}`, source.rateLimit.perMinute), address);
    else if (source.auth === 'public') services.limiter.take(rateLimits.publicForm, address);
  };

  /** Limits, then who sends, on the raw bytes; nothing is stored for a sender who is refused. */
  const admit = async ({ request, address }: Reception): Promise<Admitted> => {
    failpoint('S1');
    const snapshot = tenantSnapshot(services.registry, address.tenantId);
    const source = sourceOf(snapshot, address.source);
    const remoteAddress = clientAddress(services, request);
    limit(snapshot.tenantId, source, remoteAddress);
    assertOrigin(source, request.headers, services.publicUrl);
    assertPlain(request);
    const contentType = request.headers['content-type'] ?? '';
    const format = formatOf(contentType);
    const raw = await readBytes(request, format === 'multipart' ? multipartLimit : bodyLimit);
    const webhook = await guard.assertSender(snapshot, source, { headers: request.headers, raw });
    return { snapshot, source, remoteAddress, contentType, format, raw, webhook };
  };

  return async (reception) => await readMessage(reception, await admit(reception), services.blobs);
}
