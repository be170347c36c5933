import type { IncomingMessage, ServerResponse } from 'node:http';
import { LeitwerkError } from '../../core/errors.ts';
import type { Source } from '../../commands/source.ts';

const isAllowed = (source: Source, origin: string, publicUrl: string): boolean => {
  const allowed = source.allowedOrigins ?? [];
  return allowed.length === 0 || allowed.includes(origin) || origin === new URL(publicUrl).origin;
};

/**
 * A public source with a list of origins takes messages of browsers from these pages only. Programs send no origin.
 * @throws LeitwerkError `Forbidden`.
 */
export function assertOrigin(source: Source, origin: string | undefined, publicUrl: string): void {
  if (source.auth !== 'public' || origin === undefined || origin === 'null') return;
  if (!isAllowed(source, origin, publicUrl)) {
    throw new LeitwerkError('Forbidden', { text: { de: 'Diese Seite darf an diese Quelle nicht senden.', en: 'This page may not send to this source.' } });
  }
}

/**
 * Lets scripts of foreign pages post to a public source, and answers their preflight; true when the answer is finished.
 * Any origin may read the answer because it holds nothing but the receipt; `assertOrigin` decides whose message is taken.
 */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, source: () => Source): boolean {
  const { origin } = request.headers;
  if (request.method !== 'POST' && request.method !== 'OPTIONS') {
    throw new LeitwerkError('NotFound', { text: { de: 'Hierher wird nur gesendet (POST).', en: 'This address only takes POST.' } });
  }
  if (origin === undefined) return false;
  if (source().auth === 'public') {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
  }
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', 'content-type, idempotency-key');
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
  return true;
}
