import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LeitwerkError } from '../../core/errors.ts';
import type { SignedRequest } from '../port.ts';

const header = 'x-hub-signature-256';

const refused = (de: string, en: string): LeitwerkError =>
  new LeitwerkError('Unauthenticated', { text: { de, en }, challenge: 'X-Hub-Signature-256' });

const isSame = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
};

export const isMetaSigned = (headers: IncomingHttpHeaders): boolean => headers[header] !== undefined;

/**
 * Checks `X-Hub-Signature-256` over the raw bytes with the app's secret. It names no time: a recorded delivery that is sent again
 * is known by its content.
 * @throws LeitwerkError `Unauthenticated`.
 */
export function assertMetaSigned(
  credentials: Readonly<Record<string, unknown>>,
  { headers, raw }: SignedRequest,
): void {
  const secret = credentials['appSecret'];
  if (typeof secret !== 'string' || secret === '')
    throw refused('Die Verbindung hat kein App-Geheimnis.', 'The connection has no app secret.');
  const given = String(headers[header] ?? '');
  const expected = `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`;
  if (!isSame(given.toLowerCase(), expected)) throw refused('Die Signatur stimmt nicht.', 'The signature is wrong.');
}

/**
 * Meta asks for its challenge back when the address is entered.
 * @throws LeitwerkError `Unauthenticated` when the word is not the one that was agreed upon.
 */
export function answerMetaChallenge(credentials: Readonly<Record<string, unknown>>, query: URLSearchParams): string {
  const word = credentials['verifyToken'];
  const isAsked = query.get('hub.mode') === 'subscribe' && typeof word === 'string' && word !== '';
  if (!isAsked || !isSame(query.get('hub.verify_token') ?? '', word))
    throw refused(
      'Das Prüfwort stimmt nicht: in Meta dasselbe eintragen wie in der Verbindung.',
      'The verify token is wrong: enter the same in Meta as in the connection.',
    );
  const challenge = query.get('hub.challenge') ?? '';
  // What comes back is shown by nobody, and yet nothing but Meta's numbers and words leaves here.
  return /^[\w-]{1,200}$/.test(challenge) ? challenge : '';
}
