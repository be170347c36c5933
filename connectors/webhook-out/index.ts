import { Webhook } from 'standardwebhooks';
import { LeitwerkError } from '../../core/errors.ts';
import type { Egress, EgressAnswer } from '../egress.ts';
import { retryAfterSeconds } from '../retry-after.ts';

export interface OutgoingWebhook {
  readonly url: string;
  /** `msg_…`: the same for every attempt, so that the receiver can tell a repetition. */
  readonly id: string;
  readonly event: string;
  /** When it happened, not when it is sent. */
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
  /** `whsec_…`, newest first: each signs, so that a receiver may change over from one to the next. */
  readonly secrets: readonly string[];
}

const assertTaken = (answer: EgressAnswer, { host, now }: { readonly host: string; readonly now: Date }): void => {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const isRetryable = status === 408 || status === 425 || status === 429 || status >= 500;
  const gone = status === 410;
  const pause = isRetryable ? retryAfterSeconds(answer.headers, now) : undefined;
  throw new LeitwerkError(isRetryable ? 'RemoteUnavailable' : 'RemoteRejected', {
    ...(pause === undefined ? {} : { retryAfterSeconds: pause }),
    text: gone
      ? { de: `„${host}“ will keine Nachrichten mehr (410).`, en: `"${host}" wants no more messages (410).` }
      : { de: `„${host}“ hat mit ${status} geantwortet.`, en: `"${host}" answered ${status}.` },
    facts: { host, status },
  });
};

/**
 * Sends one signed message (Standard Webhooks 1.0). Any answer but 2xx fails; redirects are not followed.
 * @throws LeitwerkError `RemoteUnavailable` (with Retry-After) where trying again may help, `RemoteRejected` where it cannot.
 */
export async function sendWebhook(egress: Egress, webhook: OutgoingWebhook, now: Date): Promise<void> {
  const body = JSON.stringify({ type: webhook.event, timestamp: webhook.at.toISOString(), data: webhook.data });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': webhook.id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': webhook.secrets.map((secret) => new Webhook(secret).sign(webhook.id, now, body)).join(' '),
  };
  const answer = await egress.call({ url: webhook.url, method: 'POST', headers, body });
  assertTaken(answer, { host: new URL(webhook.url).host, now });
}
