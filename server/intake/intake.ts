import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatOf, readContent, type ReceivedFile } from '../../connectors/web/content.ts';
import { sourceActor } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { noAbility } from '../../core/permissions.ts';
import type { Context } from '../../commands/context.ts';
import { receiveMessage, type ReceivedMessage, type Receipt } from '../../commands/receiveMessage.ts';
import { sourceOf, type Source } from '../../commands/source.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { RecordData } from '../../store/record-table.ts';
import { sha256 } from '../../store/secrets.ts';
import type { Snapshot } from '../../store/registry.ts';
import { readBytes } from '../json-body.ts';
import { languageOf, toProblem } from '../problem.ts';
import { perMinute, rateLimits } from '../rate-limits.ts';
import { applyHeaders, type Headers } from '../security-headers.ts';
import type { Services } from '../services.ts';
import { createSourceGuard, type SourceGuard } from './credentials.ts';
import { allowOrigin, assertOrigin } from './origin.ts';

const bodyLimit = 1024 * 1024;
const multipartLimit = 25 * 1024 * 1024;
/** A raw body up to this size is kept in its row; a larger one, or one that is not text, in the blob store. */
const rowLimit = 60_000;
/** Messages being received at once; beyond that the sender is asked to come back, before anything of its body is read. */
const mostAtOnce = 2_000;
const mainTenant = 'main';
/** Field that people do not see and robots fill in. */
export const honeypot = '_website';
/** Field by which the hosted form says that it is the form, so that its required fields count. */
export const formMark = '_form';

const keptHeaders = new Set(['content-type', 'user-agent', 'origin', 'referer', 'webhook-id', 'webhook-timestamp', 'idempotency-key', 'accept-language', 'x-request-id']);

interface Address {
  readonly tenantId: string;
  readonly source: string;
}

/** `/intake/<source>` of the main tenant, `/intake/<tenant>/<source>` of any. */
const addressOf = (path: string): Address | undefined => {
  const parts = path.split('/').slice(2).map(decodeURIComponent);
  const [first, second] = parts;
  if (parts.length === 1 && first !== undefined && first !== '') return { tenantId: mainTenant, source: first };
  return parts.length === 2 && first !== undefined && second !== undefined && second !== '' ? { tenantId: first, source: second } : undefined;
};

const unknownSource = (): LeitwerkError => new LeitwerkError('NotFound', { text: { de: 'Diese Quelle gibt es nicht.', en: 'There is no such source.' } });

const snapshotOf = (services: Services, tenantId: string): Snapshot => {
  if (!services.registry.tenantIds.includes(tenantId)) throw unknownSource();
  return services.registry.snapshot(tenantId);
};

const headersToKeep = (request: IncomingMessage): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(request.headers)) {
    const value = request.headers[name];
    if (keptHeaders.has(name) && typeof value === 'string') kept[name] = value.slice(0, 1_000);
  }
  return kept;
};

const isText = (bytes: Uint8Array): boolean => !bytes.includes(0);

const storeFiles = async (services: Services, files: readonly ReceivedFile[]): Promise<RecordData[]> => {
  const stored: RecordData[] = [];
  for (const file of files) {
    stored.push({ field: file.field, name: file.name, contentType: file.contentType, size: file.bytes.byteLength, blob: await services.blobs.put(file.bytes) });
  }
  return stored;
};

const answerOf = (receipt: Receipt, requestId: string, language: 'de' | 'en'): { status: number; body: RecordData } => {
  if ('lead' in receipt) {
    return { status: receipt.status === 'accepted' ? 202 : 200, body: { id: receipt.id, status: receipt.status, lead: receipt.lead } };
  }
  const context = { language, requestId, onUnexpected: () => undefined };
  const error =
    receipt.status === 'rejected'
      ? new LeitwerkError('InvalidInput', { issues: receipt.issues, facts: { id: receipt.id } })
      : new LeitwerkError('Unreadable', { text: receipt.text, facts: { id: receipt.id } });
  const problem = toProblem(error, context);
  return { status: problem.status, body: problem.body };
};

/** The way in for web forms and webhooks: one handler in front of everything else, because it answers thousands a second. */
export interface Intake {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  readonly guard: SourceGuard;
  /** Messages taken in since the start, and those being taken in now. */
  figures(): { readonly accepted: number; readonly refused: number; readonly active: number };
}

interface Reception {
  readonly request: IncomingMessage;
  readonly address: Address;
  readonly requestId: string;
  readonly language: 'de' | 'en';
}

export function createIntake(services: Services, headers: Headers): Intake {
  const guard = createSourceGuard(services);
  const figures = { accepted: 0, refused: 0, active: 0 };

  const read = async ({ request, address }: Reception): Promise<{ message: ReceivedMessage; snapshot: Snapshot }> => {
    failpoint('S1');
    const snapshot = snapshotOf(services, address.tenantId);
    const source = sourceOf(snapshot, address.source);
    const remoteAddress = services.readClient({
      remoteAddress: request.socket.remoteAddress,
      forwardedFor: request.headers['x-forwarded-for'] as string | undefined,
      forwardedProto: undefined,
    }).address;
    limit(source, remoteAddress);
    assertOrigin(source, request.headers.origin, services.publicUrl);
    const contentType = request.headers['content-type'] ?? '';
    const format = formatOf(contentType);
    const raw = await readBytes(request, format === 'multipart' ? multipartLimit : bodyLimit);
    await guard.assertSender(snapshot, source, { headers: request.headers, raw });
    const content = await readContent(raw, contentType);
    const isForm = 'fields' in content && formMark in content.fields;
    const fields = 'fields' in content ? withoutMarks(content.fields) : undefined;
    const isRowSized = raw.byteLength <= rowLimit && isText(raw);
    const message: ReceivedMessage = {
      source,
      channel: isForm ? 'form' : 'webhook',
      contentType,
      headers: headersToKeep(request),
      raw,
      rawBlob: isRowSized ? undefined : await services.blobs.put(raw),
      content: fields === undefined ? (content as { unreadable: { de: string; en: string } }) : { fields },
      attachments: 'files' in content ? await storeFiles(services, content.files) : [],
      remoteAddress,
      deliveryId: source.auth === 'hmac' ? (request.headers['webhook-id'] as string) : undefined,
      isSpam: 'fields' in content && source.auth === 'public' && isFilled(content.fields[honeypot]),
    };
    return { message, snapshot };
  };

  const limit = (source: Source, address: string): void => {
    if (source.rateLimit !== undefined) services.limiter.take(perMinute(`source/${source.key}`, source.rateLimit.perMinute), address);
    else if (source.auth === 'public') services.limiter.take(rateLimits.publicForm, address);
  };

  const receive = async (reception: Reception): Promise<{ status: number; body: RecordData }> => {
    const { message, snapshot } = await read(reception);
    const key = reception.request.headers['idempotency-key'];
    const ctx: Context = {
      db: services.db,
      snapshot,
      actor: sourceActor(snapshot.tenantId, { key: message.source.key, name: message.source.label.de }),
      ability: noAbility,
      language: reception.language,
      now: services.now,
      newId: services.newId,
      requestId: reception.requestId,
      idempotency: typeof key === 'string' && key !== '' ? { key: key.slice(0, 190), requestHash: sha256(message.raw) } : undefined,
    };
    const receipt = await receiveMessage(ctx, message);
    return answerOf(receipt, reception.requestId, reception.language);
  };

  const answer = (response: ServerResponse, result: { status: number; body: RecordData; more?: Readonly<Record<string, string>> }): void => {
    const text = JSON.stringify(result.body);
    applyHeaders(response, headers);
    const type = result.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json; charset=utf-8';
    response.writeHead(result.status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...result.more });
    response.end(text);
  };

  return {
    guard,
    figures: () => figures,
    handle: async (request, response, path) => {
      const language = languageOf(request.headers['accept-language']);
      const requestId = services.newId();
      response.setHeader('x-request-id', requestId);
      figures.active += 1;
      try {
        const address = addressOf(path);
        if (address === undefined) throw unknownSource();
        if (allowOrigin(request, response, () => sourceOf(snapshotOf(services, address.tenantId), address.source))) return;
        if (figures.active > mostAtOnce) throw new LeitwerkError('Unavailable', { retryAfterSeconds: 1, text: { de: 'Gerade kommt zu viel auf einmal.', en: 'Too much is coming in at once.' } });
        const result = await receive({ request, address, requestId, language });
        answer(response, result);
        failpoint('S5');
        if (result.status < 300) {
          figures.accepted += 1;
          services.wakeRelay();
        } else figures.refused += 1;
      } catch (error) {
        figures.refused += 1;
        const problem = toProblem(error, { language, requestId, onUnexpected: (cause) => services.log.error({ err: cause, requestId }, 'intake failed') });
        if (response.headersSent) response.destroy();
        else answer(response, { status: problem.status, body: problem.body, more: { ...problem.headers, ...(request.complete ? {} : { connection: 'close' }) } });
      } finally {
        figures.active -= 1;
      }
    },
  };
}

const isFilled = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

const withoutMarks = (fields: RecordData): RecordData => {
  if (!(honeypot in fields) && !(formMark in fields)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== honeypot && name !== formMark));
};
