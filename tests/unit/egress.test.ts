import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../connectors/addresses.ts';
import { createEgress } from '../../connectors/egress.ts';
import { sendWebhook, type OutgoingWebhook } from '../../connectors/webhook-out/index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
const serve = async (handle: RequestListener): Promise<string> => {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};
const bodyOf = async (request: IncomingMessage): Promise<string> => Buffer.concat(await request.toArray()).toString();

const guarded = createEgress({ mayCallPrivateAddresses: false, timeoutMs: 2_000 });
const open = createEgress({ mayCallPrivateAddresses: true, timeoutMs: 300, maxBytes: 1_000 });

describe('S09: the guard', () => {
  const refused = [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1:80/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://0/',
    'http://0.0.0.0/',
    'http://127.255.255.254/',
    'http://localhost/',
    'http://localhost./',
    'http://LOCALHOST/',
    'http://app.localhost/',
    'http://metadata.google.internal/',
    'http://printer.local/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:ffff:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b:1::1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:7f00:1::]/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[ff02::1]/',
    'http://[2001:db8::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://192.0.0.1/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://１２７.０.０.１/',
    'http://user:pass@example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:11211/_stats',
    'data:text/plain,x',
    'javascript:alert(1)',
    '//example.org/',
    'not an address',
    '',
  ];
  it.each(refused)('refuses %s', async (url) => {
    await expect(guarded.call({ url, method: 'GET' })).rejects.toMatchObject({ code: 'RemoteRejected' });
  });

  it('lets public addresses through', () => {
    const some = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '2606:4700:4700::1111'];
    expect(some.filter(isPublicAddress)).toEqual(some);
    expect(isPublicAddress('example.org')).toBe(false);
  });
});

describe('a call', () => {
  it('does not follow redirects', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end());
    expect((await open.call({ url, method: 'GET' })).status).toBe(302);
  });

  it('ends when the answer is too large or too late', async () => {
    const large = await serve((_, response) => response.end('x'.repeat(2_000)));
    await expect(open.call({ url: large, method: 'GET' })).rejects.toMatchObject({ code: 'RemoteRejected' });
    const silent = await serve(() => undefined);
    await expect(open.call({ url: silent, method: 'GET' })).rejects.toMatchObject({ code: 'RemoteUnavailable' });
    const dripping = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    await expect(open.call({ url: dripping, method: 'GET' })).rejects.toMatchObject({ code: 'RemoteUnavailable' });
  });

  it('says that nobody is there', async () => {
    const url = await serve(() => undefined);
    for (const server of servers.splice(0)) server.close();
    await expect(open.call({ url, method: 'GET' })).rejects.toMatchObject({
      code: 'RemoteUnavailable',
      facts: { reason: 'ECONNREFUSED' },
    });
  });
});

describe('a webhook', () => {
  const secret = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;
  const webhook = (url: string): OutgoingWebhook => ({
    url,
    id: 'msg_1',
    event: 'lead.new',
    at: new Date('2026-11-23T09:00:00.000Z'),
    data: { id: 'l1' },
    secrets: [secret],
  });

  it('is signed so that the receiver can verify it, with the same id each time', async () => {
    const seen: { headers: IncomingMessage['headers']; body: string }[] = [];
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      seen.push({ headers: request.headers, body: await bodyOf(request) });
      response.writeHead(204).end();
    };
    const url = await serve((request, response) => void take(request, response));
    await sendWebhook(open, webhook(url), new Date());
    await sendWebhook(open, webhook(url), new Date());
    expect(seen.map(({ headers }) => headers['webhook-id'])).toEqual(['msg_1', 'msg_1']);
    const { headers, body } = seen[0] ?? { headers: {}, body: '' };
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
      type: 'lead.new',
      timestamp: '2026-11-23T09:00:00.000Z',
      data: { id: 'l1' },
    });
  });

  const answers: [number, Record<string, string>, object][] = [
    [500, {}, { code: 'RemoteUnavailable', retryAfterSeconds: undefined }],
    [503, { 'retry-after': '7' }, { code: 'RemoteUnavailable', retryAfterSeconds: 7 }],
    [429, { 'retry-after': '999999' }, { code: 'RemoteUnavailable', retryAfterSeconds: 3_600 }],
    [429, { 'retry-after': 'tomorrow' }, { code: 'RemoteUnavailable', retryAfterSeconds: undefined }],
    [301, { location: 'http://127.0.0.1/' }, { code: 'RemoteRejected' }],
    [400, {}, { code: 'RemoteRejected' }],
    [410, {}, { code: 'RemoteRejected', text: { de: expect.stringContaining('keine Nachrichten mehr') } }],
  ];
  it.each(answers)('answered with %i is told apart', async (status, headers, expected) => {
    const url = await serve((_, response) => response.writeHead(status, headers).end());
    await expect(sendWebhook(open, webhook(url), new Date())).rejects.toMatchObject(expected);
  });
});
