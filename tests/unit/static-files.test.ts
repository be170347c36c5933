import express from 'express';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiRoutes } from '../../server/static-files.ts';

const script = `document.title = 'one';`.repeat(100);
const page = '<!doctype html><title>Leitwerk</title>'.repeat(20);

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('files of the interface', () => {
  let folder: string;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leitwerk-ui-'));
    await mkdir(join(folder, 'assets'));
    const write = async (name: string, text: string): Promise<void> => {
      await writeFile(join(folder, name), text);
      await writeFile(join(folder, `${name}.br`), brotliCompressSync(text));
      await writeFile(join(folder, `${name}.gz`), gzipSync(text));
    };
    await write('assets/main-a1.js', script);
    await write('index.html', page);
    await writeFile(join(folder, 'assets/font.woff2'), 'font');
    const app = express();
    uiRoutes(app, folder);
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What goes over the wire: `fetch` would unpack it. */
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Received> =>
    await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => void parts.push(part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      })
        .on('error', reject)
        .end();
    });

  it('go compressed as the client understands best, under their own type', async () => {
    const brotli = await ask('/assets/main-a1.js', { 'accept-encoding': 'gzip, deflate, br, zstd' });
    const gzip = await ask('/assets/main-a1.js', { 'accept-encoding': 'gzip, br;q=0' });
    const plain = await ask('/assets/main-a1.js');

    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    expect(gunzipSync(gzip.body).toString()).toBe(script);
    expect(plain.body.toString()).toBe(script);
    expect([brotli, gzip, plain].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined]);
    for (const { status, headers } of [brotli, gzip, plain]) {
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
      expect(headers.vary).toBe('Accept-Encoding');
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
    expect(new Set([brotli, gzip, plain].map(({ headers }) => headers.etag)).size).toBe(3);
  });

  it('are not sent again to whom has them, in the same encoding', async () => {
    const first = await ask('/assets/main-a1.js', { 'accept-encoding': 'br' });
    const etag = first.headers.etag ?? '';
    const again = await ask('/assets/main-a1.js', { 'accept-encoding': 'br', 'if-none-match': etag });

    expect(again.status).toBe(304);
    expect(again.headers.vary).toBe('Accept-Encoding');
    expect((await ask('/assets/main-a1.js', { 'if-none-match': etag })).status).toBe(200);
  });

  it('are described by HEAD as GET would send them', async () => {
    const { status, headers, body } = await ask('/assets/main-a1.js', { 'accept-encoding': 'br' }, 'HEAD');

    expect({ status, length: body.length }).toEqual({ status: 200, length: 0 });
    expect(headers['content-encoding']).toBe('br');
    expect(Number(headers['content-length'])).toBe(brotliCompressSync(script).length);
  });

  it('are cut from the plain file where a part is asked for', async () => {
    const { status, headers, body } = await ask('/assets/main-a1.js', { 'accept-encoding': 'br', range: 'bytes=0-7' });

    expect({ status, text: body.toString() }).toEqual({ status: 206, text: 'document' });
    expect(headers['content-range']).toBe(`bytes 0-7/${script.length}`);
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('have the page behind every address, fresh every time', async () => {
    for (const path of ['/', '/inbox', '/leads/1?view=2', '/index.html']) {
      const { status, headers, body } = await ask(path, { 'accept-encoding': 'br' });
      expect(status).toBe(200);
      expect(brotliDecompressSync(body).toString()).toBe(page);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
    }
    const { headers, body } = await ask('/inbox');
    expect(headers['cache-control']).toBe('no-cache');
    expect(body.toString()).toBe(page);
  });

  it('go as they are where nothing was compressed; what is not there is 404', async () => {
    const font = await ask('/assets/font.woff2', { 'accept-encoding': 'br' });
    expect({ text: font.body.toString(), encoding: font.headers['content-encoding'] }).toEqual({ text: 'font' });
    expect((await ask('/assets/gone.js', { 'accept-encoding': 'br' })).status).toBe(404);
    expect((await ask('/api/v1/nothing')).status).toBe(404);
  });
});
