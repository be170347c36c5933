import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { LeitwerkError } from '../../core/errors.ts';

interface Cost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's scrypt setting for 32 MB a password. Written into the hash, so that it can grow. */
const dearCost: Cost = { log2N: 15, r: 8, p: 3 };
const keyBytes = 32;
/**
 * So many passwords are worked on at once, so many more wait: a flood must not take the memory or starve other work.
 * The count is the process's own, because memory and cores are.
 */
const atOnce = 2;
const mostWaiting = 50;

const waiting: (() => void)[] = [];
let working = 0;

const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
  if (working >= atOnce) {
    if (waiting.length >= mostWaiting) throw new LeitwerkError('RateLimited', { retryAfterSeconds: 5 });
    await new Promise<void>((resolve) => void waiting.push(resolve));
  } else working += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    else next();
  }
};

const derive = async (password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> =>
  await inTurn(
    async () =>
      await new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, keyBytes, { ...options, maxmem: 256 * 1024 * 1024 }, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );

/** Hashes a password for storing: `scrypt$15$8$3$<salt>$<hash>`. Takes some 300 ms of one core, off the event loop. */
export async function hashPassword(password: string, cost = dearCost): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, { N: 2 ** cost.log2N, r: cost.r, p: cost.p });
  return ['scrypt', cost.log2N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Compared against when there is no such user, so that the answer takes as long. Nothing hashes to it. */
const nobody = `scrypt$${dearCost.log2N}$${dearCost.r}$${dearCost.p}$${Buffer.alloc(16).toString('base64url')}$${Buffer.alloc(keyBytes).toString('base64url')}`;

/** Whether the password belongs to the hash. Without a hash it works just as long and says no. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, log2N, r, p, salt, expected] = (stored ?? nobody).split('$');
  const wanted = Buffer.from(expected ?? '', 'base64url');
  const key = await derive(password, Buffer.from(salt ?? '', 'base64url'), {
    N: 2 ** Number(log2N),
    r: Number(r),
    p: Number(p),
  });
  return wanted.length === key.length && timingSafeEqual(wanted, key) && stored !== undefined;
}
