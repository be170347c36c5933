import { LeitwerkError } from '../../core/errors.ts';
import type { Egress } from '../egress.ts';
import type { ImapOAuth } from './mailbox.ts';

export interface TokenSource {
  /** An access token that is good for another minute at least. */
  readonly token: () => Promise<string>;
  /** The server did not take the last one, whatever its time says. */
  readonly forget: () => void;
}

interface Granted {
  readonly token: string;
  readonly untilMs: number;
}

const marginMs = 60_000;

const refused = (answer: unknown, status: number): LeitwerkError => {
  const said =
    typeof answer === 'object' && answer !== null && 'error' in answer
      ? String(answer.error).slice(0, 100)
      : String(status);
  return new LeitwerkError(status >= 500 || status === 429 ? 'RemoteUnavailable' : 'RemoteRejected', {
    facts: { status },
    text: {
      de: `Der Zugang zum Postfach wurde nicht erneuert (${said}). Ist er widerrufen, muss das Postfach neu verbunden werden.`,
      en: `Access to the mailbox was not renewed (${said}). If it was revoked, the mailbox must be connected again.`,
    },
  });
};

const parse = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    // Told by the status.
    return undefined;
  }
};

const toGranted = (answer: unknown, nowMs: number): Granted | undefined => {
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as {
    access_token?: unknown;
    expires_in?: unknown;
  };
  if (typeof token !== 'string' || token === '') return undefined;
  const lifeMs = Number(seconds) > 0 ? Number(seconds) * 1_000 : 0;
  return { token, untilMs: nowMs + lifeMs };
};

/** Buys access tokens with a refresh token (RFC 6749, section 6) and keeps each until a minute before it ends. */
export function createTokenSource(auth: ImapOAuth, egress: Egress): TokenSource {
  let granted: Granted | undefined;
  const refresh = async (): Promise<Granted> => {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: auth.refreshToken,
      client_id: auth.clientId,
      ...(auth.clientSecret === undefined ? {} : { client_secret: auth.clientSecret }),
      ...(auth.scope === undefined ? {} : { scope: auth.scope }),
    });
    const { status, body: bytes } = await egress.call({
      url: auth.tokenUrl,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: body.toString(),
    });
    const answer = parse(bytes);
    const next = status === 200 ? toGranted(answer, Date.now()) : undefined;
    if (next === undefined) throw refused(answer, status);
    return next;
  };
  return {
    token: async () => {
      if (granted === undefined || granted.untilMs < Date.now() + marginMs) granted = await refresh();
      return granted.token;
    },
    forget: () => {
      granted = undefined;
    },
  };
}
