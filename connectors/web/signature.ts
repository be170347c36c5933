import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LeitwerkError } from '../../core/errors.ts';

/** Standard Webhooks: a message older or newer than this is refused, so that a recorded one cannot be sent again later. */
const toleranceSeconds = 300;

/** `Unauthenticated` with a reason in both languages. */
export const refused = (de: string, en: string): LeitwerkError =>
  new LeitwerkError('Unauthenticated', { text: { de, en } });

/** As `refused`, where requests are signed. No registered scheme means that: the challenge names the header. */
export const unsigned = (de: string, en: string): LeitwerkError =>
  new LeitwerkError('Unauthenticated', { text: { de, en }, challenge: 'Webhook-Signature' });

/** Compares without telling by its time where the difference is. */
export const isSameSecret = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
};

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

/** A header's text, empty when it is absent. */
export const headerText = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/**
 * Checks a Standard Webhooks signature over the raw bytes (`webhook-id`, `webhook-timestamp`, `webhook-signature`).
 * @throws LeitwerkError `Unauthenticated` saying which of them is missing, stale or wrong.
 */
export function assertSigned(
  secret: string,
  request: { readonly headers: IncomingHttpHeaders; readonly raw: Uint8Array; readonly now: Date },
): void {
  const id = headerText(request.headers, 'webhook-id');
  const timestamp = headerText(request.headers, 'webhook-timestamp');
  const signatures = headerText(request.headers, 'webhook-signature');
  if (id === '' || timestamp === '' || signatures === '') {
    throw unsigned(
      'webhook-id, webhook-timestamp und webhook-signature sind nötig.',
      'webhook-id, webhook-timestamp and webhook-signature are needed.',
    );
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(request.now.getTime() / 1000 - Number(timestamp)) > toleranceSeconds) {
    throw unsigned(
      'webhook-timestamp liegt mehr als 5 Minuten daneben.',
      'webhook-timestamp is more than 5 minutes off.',
    );
  }
  const expected = createHmac('sha256', keyOf(secret))
    .update(`${id}.${timestamp}.`)
    .update(request.raw)
    .digest('base64');
  const isSigned = signatures
    .split(' ')
    .some((signature) => signature.startsWith('v1,') && isSameSecret(signature.slice(3), expected));
  if (!isSigned) throw unsigned('Die Signatur stimmt nicht.', 'The signature is wrong.');
}
