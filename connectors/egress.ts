import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { LeitwerkError } from '../core/errors.ts';
import { isPublicAddress } from './addresses.ts';

/** The one way out: every HTTP call to the world goes through here. */
export interface Egress {
  /** As the operator decided; for those who speak another language than HTTP. */
  readonly mayCallPrivateAddresses: boolean;
  /**
   * Makes one call. Redirects are not followed: the answer says so with its status.
   * @throws LeitwerkError `RemoteRejected` for an address that may not be called or an answer that is too large,
   * `RemoteUnavailable` when there is no answer in time.
   */
  call(call: EgressCall): Promise<EgressAnswer>;
}

export interface EgressCall {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where more than the usual megabyte is expected. */
  readonly maxBytes?: number;
}

export interface EgressAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface EgressOptions {
  /** Closed networks and tests only. */
  readonly mayCallPrivateAddresses: boolean;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

const refused = (host: string): LeitwerkError =>
  new LeitwerkError('RemoteRejected', {
    text: { de: `Die Adresse „${host}“ darf nicht aufgerufen werden.`, en: `The address "${host}" may not be called.` },
    facts: { host },
  });

const parseUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw refused(text.slice(0, 200));
  return url;
};

/** Host without the brackets of IPv6. `URL` has brought every spelling of an IPv4 address (octal, hexadecimal, one number) to four parts. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$|\.$/g, '');

/** Names that never belong to the public internet (RFC 6761, RFC 6762, ICANN's `.internal`). */
const isPrivateName = (host: string): boolean => /(^|\.)(localhost|local|internal)$/.test(host);

/**
 * Resolves a name and refuses it when any of its addresses is not public. The connection uses the very addresses that were checked,
 * so a name that answers differently the next time gains nothing.
 */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null) return callback(error, '');
    if (first === undefined || addresses.some(({ address }) => !isPublicAddress(address)))
      return callback(refused(hostname), '');
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

const toRemoteError = (error: unknown, host: string): LeitwerkError => {
  if (error instanceof LeitwerkError) return error;
  const reason =
    error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.name : '';
  return new LeitwerkError('RemoteUnavailable', {
    cause: error,
    text: { de: `„${host}“ antwortet nicht (${reason}).`, en: `"${host}" does not answer (${reason}).` },
    facts: { host, reason },
  });
};

const readBody = async (
  response: IncomingMessage,
  limit: { readonly maxBytes: number; readonly host: string },
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit.maxBytes) {
      response.destroy();
      throw new LeitwerkError('RemoteRejected', {
        text: { de: `Die Antwort von „${limit.host}“ ist zu groß.`, en: `The answer of "${limit.host}" is too large.` },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const fifteenSecondsMs = 15_000;
const oneMebibyte = 1_048_576;

export function createEgress({
  mayCallPrivateAddresses,
  timeoutMs = fifteenSecondsMs,
  maxBytes = oneMebibyte,
}: EgressOptions): Egress {
  const send = async (url: URL, call: EgressCall, signal: AbortSignal): Promise<IncomingMessage> =>
    await new Promise((answer, fail) => {
      const options: RequestOptions = {
        method: call.method,
        headers: {
          'user-agent': 'Leitwerk',
          ...call.headers,
          ...(call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }),
        },
        signal,
        agent: false,
        ...(mayCallPrivateAddresses ? {} : { lookup: guardedLookup }),
      };
      const request =
        url.protocol === 'https:' ? requestHttps(url, options, answer) : requestHttp(url, options, answer);
      request.on('error', fail);
      request.end(call.body);
    });
  return {
    mayCallPrivateAddresses,
    call: async (call) => {
      const url = parseUrl(call.url);
      const host = hostOf(url);
      if (!mayCallPrivateAddresses && (isPrivateName(host) || (isIP(host) !== 0 && !isPublicAddress(host))))
        throw refused(host);
      // One limit for all of it: name, connection, waiting and reading.
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const response = await send(url, call, signal);
        const body = await readBody(response, { maxBytes: call.maxBytes ?? maxBytes, host });
        return { status: response.statusCode ?? 0, headers: response.headers, body };
      } catch (error) {
        throw toRemoteError(error, host);
      }
    },
  };
}
