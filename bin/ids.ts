import { randomUUID } from 'node:crypto';

const mostInOneMs = 0xfff;

/**
 * Makes UUIDv7s that grow with every call, also within a millisecond (RFC 9562, 6.2 method 1).
 * `randomUUID` draws on a pool: a call of the system for each id would cost more than everything else about it.
 */
export function createIdSource(nowMs: () => number = Date.now): () => string {
  let lastMs = 0;
  let count = mostInOneMs;
  let time = '';
  return () => {
    const ms = nowMs();
    if (ms > lastMs || count === mostInOneMs) {
      lastMs = Math.max(ms, lastMs + 1);
      count = 0;
      const digits = lastMs.toString(16).padStart(12, '0');
      time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
    } else count += 1;
    return time + count.toString(16).padStart(3, '0') + randomUUID().slice(18);
  };
}
