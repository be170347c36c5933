import { describe, expect, it } from 'vitest';
import { securityHeaders } from '../../server/security-headers.ts';

describe('S26: security headers', () => {
  it('are these, on https', () => {
    expect(securityHeaders({ isHttps: true })).toEqual({
      'content-security-policy':
        "default-src 'self';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data: blob:;font-src 'self';" +
        "connect-src 'self';frame-src 'self' blob:;object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'origin-agent-cluster': '?1',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
      'referrer-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      'x-dns-prefetch-control': 'off',
      'x-download-options': 'noopen',
      'x-frame-options': 'DENY',
      'x-permitted-cross-domain-policies': 'none',
      'x-xss-protection': '0',
    });
  });

  it('do not bind a plain http installation to https', () => {
    expect(securityHeaders({ isHttps: false })).not.toHaveProperty('strict-transport-security');
  });

  it('let the named origins, and only them, frame a hosted form', () => {
    const headers = securityHeaders({ isHttps: true, framedBy: ['https://www.muster-bau.de/kontakt'] });
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'self' https:\/\/www\.muster-bau\.de$/);
    expect(headers).not.toHaveProperty('x-frame-options');
  });

  it.each(['https://a.de; script-src *', 'javascript:alert(1)', '*', "'unsafe-inline'"])(
    'take no directive from %s',
    (origin) => {
      const policy = securityHeaders({ isHttps: true, framedBy: [origin] })['content-security-policy'];
      expect(policy).toMatch(/frame-ancestors 'none'$/);
    },
  );
});
