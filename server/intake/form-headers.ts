import type { ServerResponse } from 'node:http';
import type { Source } from '../../commands/source.ts';
import { applyHeaders, securityHeaders, type Headers } from '../security-headers.ts';

const toOrigin = (text: string): string[] =>
  URL.canParse(text) && /^https?:/.test(text) ? [new URL(text).origin] : [];

/**
 * Who may show the form in a frame. With a list of origins, these pages and our own. Without one, any page: the same pages may post to
 * the source, too. A frame around it gains nothing: the form reads no cookie, nothing in it is filled in or ticked beforehand, and no
 * single click does anything, so there is nobody's authority to borrow by clickjacking. Every page of the app itself stays frameless.
 */
const ancestors = (source: Pick<Source, 'allowedOrigins'>): string => {
  const origins = source.allowedOrigins ?? [];
  return origins.length === 0 ? '*' : ["'self'", ...origins.flatMap(toOrigin)].join(' ');
};

const policy = (source: Pick<Source, 'allowedOrigins'>): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${ancestors(source)}`,
  ].join(';');

/** The headers of forms, worked out once: for a form's page and for the script that pages of other origins load. */
export interface FormHeaders {
  /** Stricter than the app's in what the page loads, wider in who may frame it. */
  readonly page: (source: Pick<Source, 'allowedOrigins'>) => Headers;
  readonly snippet: Headers;
}

export function createFormHeaders(isHttps: boolean): FormHeaders {
  const snippet = securityHeaders({ isHttps, isShared: true });
  const { 'x-frame-options': _frameless, ...page } = snippet;
  return { snippet, page: (source) => ({ ...page, 'content-security-policy': policy(source) }) };
}

/** Puts the headers on an answer in place of the app's own. */
export function replaceHeaders(response: ServerResponse, headers: Headers): void {
  response.removeHeader('x-frame-options');
  applyHeaders(response, headers);
}
