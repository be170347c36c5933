import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { LeitwerkError } from '../../core/errors.ts';
import { onlyPost } from './credentials.ts';
import type { Source } from '../../commands/source.ts';

/** The hosted form's own page: at the public address, or at whatever address the visitor reached it. */
const isOwn = (origin: string, host: string | undefined, publicUrl: string): boolean =>
  origin === new URL(publicUrl).origin || (URL.canParse(origin) && new URL(origin).host === host);

/**
 * A public source with a list of origins takes messages of browsers from these pages only. Programs send no origin;
 * pages that hide theirs ("null": sandboxed frames, files) are on no list.
 * @throws LeitwerkError `Forbidden`.
 */
export function assertOrigin(source: Source, headers: IncomingHttpHeaders, publicUrl: string): void {
  const { origin, host } = headers;
  const allowed = source.allowedOrigins ?? [];
  if (source.auth !== 'public' || origin === undefined || allowed.length === 0) return;
  if (!allowed.includes(origin) && !isOwn(origin, host, publicUrl)) {
    throw new LeitwerkError('Forbidden', {
      text: { de: 'Diese Seite darf an diese Quelle nicht senden.', en: 'This page may not send to this source.' },
    });
  }
}

/**
 * Lets scripts of foreign pages post to a public source, and answers their preflight; true when the answer is finished.
 * Any origin may read the answer because it holds nothing but the receipt; `assertOrigin` decides whose message is taken.
 */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, source: () => Source): boolean {
  const { origin } = request.headers;
  if (request.method !== 'POST' && request.method !== 'OPTIONS') {
    throw new LeitwerkError('NotFound', { text: onlyPost });
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
