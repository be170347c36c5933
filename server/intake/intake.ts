import type { IncomingMessage, ServerResponse } from 'node:http';
import { sourceActor } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { noAbility } from '../../core/permissions.ts';
import type { Context } from '../../commands/context.ts';
import { receiveDelivery } from '../../commands/delivery.ts';
import { receiveMessage, type Receipt } from '../../commands/receiveMessage.ts';
import { sourceOf } from '../../commands/source.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { RecordData } from '../../store/record-table.ts';
import { languageOf, toProblem } from '../problem.ts';
import type { Headers } from '../security-headers.ts';
import type { Services } from '../services.ts';
import { rateLimits } from '../rate-limits.ts';
import { addressOf, tenantSnapshot, type Address } from './address.ts';
import { createSourceGuard, type SourceGuard } from './credentials.ts';
import { allowOrigin } from './origin.ts';
import { clientAddress, createReader, type Reception } from './reception.ts';

/** Messages being received at once; beyond that the sender is asked to come back, before anything of its body is read. */
const mostAtOnce = 2_000;

const answerOf = (
  receipt: Receipt,
  { language, requestId }: Pick<Reception, 'language' | 'requestId'>,
): IntakeAnswer => {
  if ('lead' in receipt) {
    return {
      status: receipt.status === 'accepted' ? 202 : 200,
      body: { id: receipt.id, status: receipt.status, lead: receipt.lead },
    };
  }
  const context = { language, requestId, onUnexpected: () => undefined };
  const error =
    receipt.status === 'rejected'
      ? new LeitwerkError('InvalidInput', { issues: receipt.issues, facts: { id: receipt.id } })
      : new LeitwerkError('Unreadable', { text: receipt.text, facts: { id: receipt.id } });
  const problem = toProblem(error, context);
  return { status: problem.status, body: problem.body };
};

/** How a message was answered. */
export interface IntakeAnswer {
  readonly status: number;
  readonly body: RecordData;
  /** Instead of the body, as plain text. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the sender said, so that a form can be shown again as it was filled in. */
  readonly fields?: RecordData | undefined;
  readonly hadFiles?: boolean;
}

/** The way in for web forms and webhooks: one handler in front of everything else, because it answers thousands a second. */
export interface Intake {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  /** Takes in what a form sent whose visitor gets a page; every failure is an answer. */
  receiveForm(reception: Reception): Promise<IntakeAnswer>;
  readonly guard: SourceGuard;
  /** Messages taken in since the start, and those being taken in now. */
  figures(): { readonly accepted: number; readonly refused: number; readonly active: number };
}

const createReceiver = (services: Services, guard: SourceGuard): ((reception: Reception) => Promise<IntakeAnswer>) => {
  const read = createReader(services, guard);
  return async (reception) => {
    const { snapshot, message, tells, idempotency } = await read(reception);
    const ctx: Context = {
      db: services.db,
      snapshot,
      actor: sourceActor(snapshot.tenantId, { key: message.source.key, name: message.source.label.de }),
      ability: noAbility,
      language: reception.language,
      now: services.now,
      newId: services.newId,
      requestId: reception.requestId,
      idempotency,
    };
    const isTelling = tells !== undefined;
    const receipt = isTelling ? await receiveDelivery(ctx, message, { tells }) : await receiveMessage(ctx, message);
    const answer = answerOf(receipt, reception);
    return {
      ...answer,
      // Senders of presets take any other answer for a failure.
      status: isTelling && answer.status === 202 ? 200 : answer.status,
      fields: 'fields' in message.content ? message.content.fields : undefined,
      hadFiles: message.attachments.length > 0,
    };
  };
};

/** Writes answers with the headers that all have; as a list, because setting them one by one takes longer than all else about an answer. */
const createSender = (
  headers: Headers,
): ((response: ServerResponse, result: IntakeAnswer, requestId: string) => void) => {
  const common = Object.entries(headers).flat();
  return (response, result, requestId) => {
    const { text = JSON.stringify(result.body) } = result;
    const isProblem = result.status >= 400;
    const media =
      result.text !== undefined ? 'text/plain' : isProblem ? 'application/problem+json' : 'application/json';
    const type = `${media}; charset=utf-8`;
    const { 'content-type': _said, ...more } = { ...result.headers };
    // A body that was not read to its end cannot be followed by another request.
    if (!response.req.complete) more['connection'] = 'close';
    const own = ['x-request-id', requestId, 'content-type', type, 'content-length', `${Buffer.byteLength(text)}`];
    response.writeHead(result.status, [...own, ...common, ...Object.entries(more).flat()]);
    response.end(text);
  };
};

export function createIntake(services: Services, headers: Headers): Intake {
  const guard = createSourceGuard(services);
  const figures = { accepted: 0, refused: 0, active: 0 };

  const receive = createReceiver(services, guard);
  const send = createSender(headers);

  /** Somebody asks whether the address is ours. */
  const challenge = async (request: IncomingMessage, address: Address): Promise<IntakeAnswer> => {
    services.limiter.take(rateLimits.publicForm, clientAddress(services, request));
    const snapshot = tenantSnapshot(services.registry, address.tenantId);
    const url = request.url ?? '';
    const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
    const text = await guard.answerChallenge(snapshot, sourceOf(snapshot, address.source), query);
    return { status: 200, body: {}, text };
  };

  const attempt = async (
    call: Pick<Reception, 'language' | 'requestId'>,
    work: () => Promise<IntakeAnswer | undefined>,
  ): Promise<IntakeAnswer | undefined> => {
    figures.active += 1;
    try {
      if (figures.active > mostAtOnce)
        throw new LeitwerkError('Unavailable', {
          retryAfterSeconds: 1,
          text: { de: 'Gerade kommt zu viel auf einmal.', en: 'Too much is coming in at once.' },
        });
      const result = await work();
      if (result !== undefined) figures[result.status < 300 ? 'accepted' : 'refused'] += 1;
      return result;
    } catch (error) {
      figures.refused += 1;
      return toProblem(error, {
        ...call,
        onUnexpected: (cause) => services.log.error({ err: cause, requestId: call.requestId }, 'intake failed'),
      });
    } finally {
      figures.active -= 1;
    }
  };

  return {
    guard,
    figures: () => figures,
    receiveForm: async (reception) => {
      const result = await attempt(reception, async () => await receive(reception));
      if (result === undefined) throw new LeitwerkError('Internal');
      if (result.status < 300) services.wakeRelay();
      return result;
    },
    handle: async (request, response, path) => {
      const call = { language: languageOf(request.headers['accept-language']), requestId: services.newId() };
      const result = await attempt(call, async () => {
        const address = addressOf(path);
        if (request.method === 'GET') return await challenge(request, address);
        const isPreflight = allowOrigin(request, response, () =>
          sourceOf(tenantSnapshot(services.registry, address.tenantId), address.source),
        );
        return isPreflight ? undefined : await receive({ ...call, request, address });
      });
      try {
        if (result === undefined) return;
        send(response, result, call.requestId);
        failpoint('S5');
        if (result.status < 300) services.wakeRelay();
      } catch (error) {
        services.log.error({ err: error, requestId: call.requestId }, 'intake could not answer');
        response.destroy();
      }
    },
  };
}
