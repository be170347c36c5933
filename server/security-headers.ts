import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

export type Headers = Readonly<Record<string, string>>;

const policy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  // The component library sets inline styles; scripts never are.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  frameSrc: ["'self'", 'blob:'],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
};

const unusedFeatures = 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()';

interface Situation {
  /** The public address is https: the browser is told to come back that way only. */
  readonly isHttps: boolean;
  /** Origins whose pages may show this one in a frame (hosted forms); none for the app. */
  readonly framedBy?: readonly string[];
  /** Pages of other origins may load it: `embed.js`. */
  readonly isShared?: boolean;
}

/** Only origins: what an admin wrote must not be able to add a directive. */
const toOrigin = (text: string): string[] =>
  URL.canParse(text) && /^https?:/.test(text) ? [new URL(text).origin] : [];

const framing = (origins: readonly string[]): string[] => (origins.length === 0 ? ["'none'"] : ["'self'", ...origins]);

/**
 * The headers that every answer carries. Worked out once with helmet and then only copied, because intake answers thousands a second.
 * No CORS header is among them: other origins read nothing.
 */
export function securityHeaders({ isHttps, framedBy = [], isShared = false }: Situation): Headers {
  const origins = framedBy.flatMap(toOrigin);
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const apply = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { ...policy, frameAncestors: framing(origins) } },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    // The older header cannot name origins: only `frame-ancestors` can.
    xFrameOptions: origins.length === 0 ? { action: 'deny' } : false,
    crossOriginResourcePolicy: { policy: isShared ? 'cross-origin' : 'same-origin' },
    referrerPolicy: { policy: 'same-origin' },
  });
  apply(request, response, (error) => {
    if (error !== undefined) throw error instanceof Error ? error : new Error(String(error));
  });
  const headers = Object.fromEntries(
    Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
  return Object.freeze({ ...headers, 'permissions-policy': unusedFeatures });
}

/** Sets the headers on an answer that has none of them yet. */
export function applyHeaders(response: Pick<ServerResponse, 'setHeader'>, headers: Headers): void {
  for (const name of Object.keys(headers)) response.setHeader(name, headers[name] ?? '');
}
