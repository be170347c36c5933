import { LeitwerkError } from '../../core/errors.ts';

export interface OriginHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | undefined;
}

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

const isForeign = (headers: OriginHeaders): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return true;
  return headers.origin !== undefined && (hostOf(headers.origin) ?? '') !== headers.host?.toLowerCase();
};

const refused = (): LeitwerkError =>
  new LeitwerkError('Forbidden', {
    text: {
      de: 'Diese Anfrage kommt nicht von der Anwendung selbst. Mit Sitzungscookie schreibt nur sie; andere Programme nutzen einen API-Schlüssel.',
      en: 'This request does not come from the application itself. Only it writes with the session cookie; other programs use an API key.',
    },
    facts: { reason: 'origin' },
  });

/**
 * Guards writes that a browser signs with the session cookie by itself: the request must say that it comes from our own pages.
 * @throws LeitwerkError `Forbidden` when it says otherwise or nothing.
 */
export function assertSameOrigin(method: string, headers: OriginHeaders): void {
  if (harmless.has(method)) return;
  const isSilent = headers.origin === undefined && headers['sec-fetch-site'] === undefined;
  if (isSilent || isForeign(headers)) throw refused();
}

/**
 * Guards signing in and set-up, which need no cookie but give one: no foreign page may sign a visitor in as somebody else.
 * Programs that send neither header are let through.
 * @throws LeitwerkError `Forbidden`.
 */
export function assertNotForeign(headers: OriginHeaders): void {
  if (isForeign(headers)) throw refused();
}
