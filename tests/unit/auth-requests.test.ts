import { describe, expect, it } from 'vitest';
import { addressRange, waitSeconds } from '../../commands/accounts/attempts.ts';
import { createClientReader } from '../../server/auth/client.ts';
import { endedCookie, readSessionToken, sessionCookie } from '../../server/auth/cookies.ts';
import { assertNotForeign, assertSameOrigin } from '../../server/auth/same-origin.ts';
import { createRateLimiter, perMinute } from '../../server/rate-limits.ts';

const token = 'a'.repeat(43);

describe('S22: the session cookie', () => {
  it('is out of reach of scripts, other sites and other paths', () => {
    expect(sessionCookie(token, false, 60)).toBe(`leitwerk=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60`);
  });

  it('is bound to the host and to https where there is https', () => {
    expect(sessionCookie(token, true, 60)).toBe(
      `__Host-leitwerk=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure`,
    );
    expect(readSessionToken(`leitwerk=${token}`, true)).toBeUndefined();
  });

  it('is read among others and only when it looks like one of ours', () => {
    expect(readSessionToken(`a=b; leitwerk=${token}; c=d`, false)).toBe(token);
    expect(readSessionToken(`xleitwerk=${token}`, false)).toBeUndefined();
    expect(readSessionToken('leitwerk=../../etc', false)).toBeUndefined();
    expect(readSessionToken(undefined, false)).toBeUndefined();
  });

  it('is taken away by the same name', () => {
    expect(endedCookie(false)).toContain('leitwerk=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  });
});

describe('S23: writes with the cookie', () => {
  const host = 'crm.example:4000';
  const own = { host, origin: 'http://crm.example:4000', 'sec-fetch-site': 'same-origin' };

  it('pass from our own pages', () => {
    expect(() => assertSameOrigin('POST', own)).not.toThrow();
    expect(() => assertSameOrigin('DELETE', { host, origin: own.origin })).not.toThrow();
  });

  it.each([
    ['another site', { host, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port of the host', { host, origin: 'http://crm.example:5000', 'sec-fetch-site': 'same-site' }],
    ['another site in a browser without Sec-Fetch-Site', { host, origin: 'https://evil.example' }],
    ['a sandboxed page', { host, origin: 'null' }],
    ['a redirect that lost its origin', { host, 'sec-fetch-site': 'cross-site' }],
    ['a sister host', { host, origin: own.origin, 'sec-fetch-site': 'same-site' }],
    ['nobody knows where', { host }],
  ])('are refused from %s', (_where, headers) => {
    expect(() => assertSameOrigin('POST', headers)).toThrow(expect.objectContaining({ code: 'Forbidden' }));
  });

  it('does not touch reads', () => {
    expect(() => assertSameOrigin('GET', { host, origin: 'https://evil.example' })).not.toThrow();
  });

  it('signing in is refused from foreign pages and open to programs', () => {
    expect(() => assertNotForeign({ host, origin: 'https://evil.example' })).toThrow(
      expect.objectContaining({ code: 'Forbidden' }),
    );
    expect(() => assertNotForeign({ host })).not.toThrow();
  });
});

describe('S28: headers of proxies', () => {
  const peer = {
    remoteAddress: '10.1.2.3',
    forwardedFor: '198.51.100.9, 203.0.113.7, 10.9.9.9',
    forwardedProto: 'https',
  };

  it('count for nothing unless the peer is trusted', () => {
    expect(createClientReader([], false)(peer)).toEqual({ address: '10.1.2.3', isSecure: false });
  });

  it('give the address nearest to us that is not a proxy of ours', () => {
    expect(createClientReader(['10.0.0.0/8'], false)(peer)).toEqual({ address: '203.0.113.7', isSecure: true });
  });

  it('fall back to the peer when they are nonsense', () => {
    const read = createClientReader(['10.1.2.3'], false);
    expect(read({ ...peer, forwardedFor: 'unknown' }).address).toBe('10.1.2.3');
    expect(read({ ...peer, forwardedFor: undefined }).address).toBe('10.1.2.3');
  });

  it('read IPv4 in IPv6 clothes as IPv4', () => {
    expect(createClientReader([], false)({ ...peer, remoteAddress: '::ffff:192.0.2.1' }).address).toBe('192.0.2.1');
  });

  it.each(['10.0.0.0/33', 'proxy', '10.0.0.0/x', '::1/129'])('refuse %s as a setting', (proxy) => {
    expect(() => createClientReader([proxy], false)).toThrow(expect.objectContaining({ code: 'Misconfigured' }));
  });
});

const create = () => {
  let at = 0;
  return { limiter: createRateLimiter(() => at), pass: (ms: number) => void (at += ms) };
};

describe('S37: rate limits', () => {
  it('allow the burst, then so many a second, and say when to come back', () => {
    const { limiter, pass } = create();
    const limit = perMinute('form', 3);
    for (let n = 0; n < 3; n += 1) limiter.take(limit, 'a');
    expect(() => limiter.take(limit, 'a')).toThrow(
      expect.objectContaining({ code: 'RateLimited', retryAfterSeconds: 20 }),
    );
    pass(20_000);
    expect(() => limiter.take(limit, 'a')).not.toThrow();
    expect(() => limiter.take(limit, 'a')).toThrow(expect.objectContaining({ code: 'RateLimited' }));
  });

  it('count clients and kinds of route apart', () => {
    const { limiter } = create();
    limiter.take(perMinute('form', 1), 'a');
    expect(() => limiter.take(perMinute('form', 1), 'b')).not.toThrow();
    expect(() => limiter.take(perMinute('export', 1), 'a')).not.toThrow();
    expect(() => limiter.take(perMinute('form', 1), 'a')).toThrow(expect.objectContaining({ code: 'RateLimited' }));
  });

  it('survive a clock that is set back', () => {
    const { limiter, pass } = create();
    limiter.take(perMinute('form', 1), 'a');
    pass(-3_600_000);
    expect(() => limiter.take(perMinute('form', 1), 'a')).toThrow(expect.objectContaining({ retryAfterSeconds: 60 }));
  });
});

describe('S27: how long a failure costs', () => {
  it('doubles after the free ones up to a most', () => {
    const limit = { free: 5, mostSeconds: 900 };
    expect([5, 6, 7, 8, 100].map((failures) => waitSeconds(failures, limit))).toEqual([0, 2, 4, 8, 900]);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:0:1::5', '2001:db8:0:1'],
    ['2001:0DB8:0000:0001:ffff::', '2001:db8:0:1'],
    ['::1', '0:0:0:0'],
  ])('counts %s as %s', (address, range) => {
    expect(addressRange(address)).toBe(range);
  });
});
