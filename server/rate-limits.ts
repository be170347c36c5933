import { LeitwerkError } from '../core/errors.ts';

/** So many at once, then so many a second. */
export interface RateLimit {
  readonly name: string;
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * What a class of routes allows one client. The key is the address for visitors, `tenant/actor` for everyone else.
 * Generous where a person or an integration works; they only stop what has gone wild. Failed sign-ins are counted apart (`attempts.ts`).
 */
export const rateLimits = {
  signIn: { name: 'signIn', burst: 30, perSecond: 0.5 },
  visitor: { name: 'visitor', burst: 600, perSecond: 20 },
  api: { name: 'api', burst: 20_000, perSecond: 2_000 },
  /** Exports, bulk acts, dry runs over many records. */
  heavy: { name: 'heavy', burst: 60, perSecond: 1 },
  publicForm: { name: 'publicForm', burst: 30, perSecond: 0.5 },
  /** Mail servers of strangers: sessions and mails of one address, and of its network (/24, /64). */
  smtpSession: { name: 'smtpSession', burst: 60, perSecond: 1 },
  smtpSessionNetwork: { name: 'smtpSessionNetwork', burst: 300, perSecond: 5 },
  smtpMail: { name: 'smtpMail', burst: 200, perSecond: 2 },
  smtpMailNetwork: { name: 'smtpMailNetwork', burst: 1_000, perSecond: 10 },
} as const satisfies Record<string, RateLimit>;

/** A limit that an admin set per minute, as a source has; a minute's worth may come at once. */
export const perMinute = (name: string, count: number): RateLimit => ({ name, burst: count, perSecond: count / 60 });

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets kept; beyond that the oldest go. About 100 bytes each. */
const bucketsKept = 20_000;

export interface RateLimiter {
  /**
   * Takes one request out of the client's allowance.
   * @throws LeitwerkError `RateLimited` with the seconds until the next is allowed.
   */
  take(limit: RateLimit, key: string): void;
}

/** Counts in memory of one process: with several API processes each allows its share. */
export function createRateLimiter(nowMs: () => number): RateLimiter {
  const buckets = new Map<string, Bucket>();
  return {
    take: (limit, key) => {
      const id = `${limit.name} ${key}`;
      const at = nowMs();
      let bucket = buckets.get(id);
      if (bucket === undefined) {
        if (buckets.size >= bucketsKept) buckets.delete(buckets.keys().next().value ?? '');
        bucket = { tokens: limit.burst, at };
        buckets.set(id, bucket);
      }
      // A clock that was set back gives nothing and takes nothing.
      const gained = (Math.max(0, at - bucket.at) / 1000) * limit.perSecond;
      bucket.tokens = Math.min(limit.burst, bucket.tokens + gained);
      bucket.at = at;
      if (bucket.tokens < 1) {
        throw new LeitwerkError('RateLimited', {
          retryAfterSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / limit.perSecond)),
        });
      }
      bucket.tokens -= 1;
    },
  };
}
