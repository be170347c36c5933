import { LeitwerkError } from '../../core/errors.ts';
import type { Database } from '../../store/database.ts';
import {
  deleteFailures,
  deleteFailuresBefore,
  lockFailures,
  writeFailures,
  type Failures,
} from '../../store/accounts-failures.ts';
import { hashToken } from './tokens.ts';

/** A count with so many failures free of charge; then every further one doubles the wait, up to a most. */
interface Limit {
  readonly free: number;
  readonly mostSeconds: number;
}

/**
 * The account's own limit is mild, because anyone can run it up from anywhere: the owner never waits longer than a minute, and not
 * at all where they are signed in already (`isKnownPlace`).
 */
const limits = {
  place: { free: 5, mostSeconds: 900 },
  address: { free: 30, mostSeconds: 900 },
  account: { free: 20, mostSeconds: 60 },
} as const satisfies Record<string, Limit>;

/** Failures are forgotten after so long without another. */
const forgetAfterMs = 30 * 60_000;

/** IPv6 users own a whole /64: counting single addresses would count nothing. */
export const addressRange = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...(tail ?? '').split(':')];
  return all
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
};

/** Seconds to wait after so many failures. */
export const waitSeconds = (failures: number, limit: Limit): number =>
  failures <= limit.free ? 0 : Math.min(limit.mostSeconds, 2 ** Math.min(failures - limit.free, 20));

export interface Attempt {
  readonly email: string;
  readonly address: string;
  /** The person is signed in from this address already: strangers who fail elsewhere do not slow them down. */
  readonly isKnownPlace: boolean;
}

const countsOf = (attempt: Attempt): { readonly id: string; readonly limit: Limit }[] => {
  const range = addressRange(attempt.address);
  return [
    { id: hashToken(`place ${attempt.email} ${range}`), limit: limits.place },
    { id: hashToken(`address ${range}`), limit: limits.address },
    ...(attempt.isKnownPlace ? [] : [{ id: hashToken(`account ${attempt.email}`), limit: limits.account }]),
  ];
};

const next = (row: Failures, limit: Limit, now: Date): Failures => {
  const isForgotten = now.getTime() - Date.parse(row.lastAt) > forgetAfterMs;
  const failures = (isForgotten ? 0 : row.failures) + 1;
  const waitMs = waitSeconds(failures, limit) * 1000;
  return {
    id: row.id,
    failures,
    lastAt: now.toISOString(),
    blockedUntil: waitMs === 0 ? null : new Date(now.getTime() + waitMs).toISOString(),
  };
};

/**
 * Counts an attempt as failed before the password is looked at, so that a thousand at once are a thousand counted.
 * @throws LeitwerkError `RateLimited` with the seconds to wait; such an attempt is not counted.
 */
export async function beginAttempt(db: Database, attempt: Attempt, now: Date): Promise<void> {
  await db.write(async (tx) => {
    const rows: Failures[] = [];
    for (const { id, limit } of countsOf(attempt)) {
      const row = await lockFailures(tx, { id, at: now.toISOString() });
      const leftMs = Date.parse(row.blockedUntil ?? '') - now.getTime();
      if (leftMs > 0) throw tooMany(Math.ceil(leftMs / 1000));
      rows.push(next(row, limit, now));
    }
    for (const row of rows) await writeFailures(tx, row);
  });
}

const tooMany = (seconds: number): LeitwerkError =>
  new LeitwerkError('RateLimited', {
    retryAfterSeconds: seconds,
    text: {
      de: `Zu viele Anmeldeversuche. In ${seconds} Sekunden geht es weiter.`,
      en: `Too many attempts to sign in. Try again in ${seconds} seconds.`,
    },
  });

/** The password was right: the account starts afresh, the address is given back this one attempt only. */
export async function clearAttempt(db: Database, attempt: Attempt, now: Date): Promise<void> {
  await db.write(async (tx) => {
    for (const { id, limit } of countsOf(attempt)) {
      if (limit !== limits.address) await deleteFailures(tx, id);
      else {
        const row = await lockFailures(tx, { id, at: now.toISOString() });
        await writeFailures(tx, { ...row, failures: Math.max(0, row.failures - 1), blockedUntil: null });
      }
    }
  });
  await db.write(
    async (tx) => await deleteFailuresBefore(tx, new Date(now.getTime() - 2 * forgetAfterMs).toISOString()),
  );
}
