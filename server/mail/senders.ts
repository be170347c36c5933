import { isIPv4, isIPv6 } from 'node:net';
import { rateLimits, type RateLimiter } from '../rate-limits.ts';

/** The network that an address belongs to: one sender has many addresses in it. */
export const networkOf = (address: string): string => {
  if (isIPv4(address)) return address.split('.').slice(0, 3).join('.');
  if (!isIPv6(address)) return address;
  // The first four groups; whatever `::` leaves out there is zero.
  const [head = '', tail = ''] = address.split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const groups = address.includes('::')
    ? [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
    : before;
  return groups.slice(0, 4).join(':');
};

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** How much a mail server may bring. Programs on this machine and relays that the operator names may bring anything. */
export interface SenderLimits {
  /** @throws LeitwerkError `RateLimited`. */
  takeSession(address: string): void;
  /** @throws LeitwerkError `RateLimited`. */
  takeMail(address: string): void;
}

export function createSenderLimits(limiter: RateLimiter, relays: readonly string[]): SenderLimits {
  const isFree = (address: string): boolean => isLoopback(address) || relays.includes(address);
  return {
    takeSession: (address) => {
      if (isFree(address)) return;
      limiter.take(rateLimits.smtpSession, address);
      limiter.take(rateLimits.smtpSessionNetwork, networkOf(address));
    },
    takeMail: (address) => {
      if (isFree(address)) return;
      limiter.take(rateLimits.smtpMail, address);
      limiter.take(rateLimits.smtpMailNetwork, networkOf(address));
    },
  };
}
