import type { IncomingHttpHeaders } from 'node:http';

const longestSeconds = 3_600;

/** Seconds that an answer asks to wait (RFC 9110: seconds or a date), an hour at most; undefined when it asks for nothing. */
export function retryAfterSeconds(headers: IncomingHttpHeaders, now: Date): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined || text === '') return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now.getTime()) / 1_000);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, longestSeconds) : undefined;
}
