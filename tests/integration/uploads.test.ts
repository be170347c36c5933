import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUpload } from '../../server/imports/upload.ts';
import { toProblem } from '../../server/problem.ts';
import { createReceiveDeadline } from '../../server/receive-deadline.ts';
import { createBlobStore } from '../../store/blobs.ts';
import { until } from '../support/processes.ts';

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('an upload', () => {
  let folder = '';
  let server: Server;
  let url = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leitwerk-uploads-'));
    const blobs = createBlobStore(folder);
    server = createServer((request, response) => {
      readUpload(request, blobs, { file: 100_000, text: 1_000 }).then(
        (upload) => response.end(JSON.stringify(upload)),
        (error: unknown) => {
          const { status, body } = toProblem(error, { language: 'de', requestId: 'x', onUnexpected: () => undefined });
          response.writeHead(status).end(JSON.stringify(body));
        },
      );
    });
    url = await listen(server);
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });
  const send = async (parts: Readonly<Record<string, string | Blob>>): Promise<readonly [number, unknown]> => {
    const body = new FormData();
    for (const [name, value] of Object.entries(parts)) body.set(name, value);
    const response = await fetch(url, { method: 'POST', body });
    return [response.status, await response.json()];
  };

  it('is stored with its options, and refused when it is too large, whatever it declares', async () => {
    expect(await send({ source: 'a', file: new Blob(['x'.repeat(100_000)]) })).toMatchObject([200, { size: 100_000 }]);
    expect(await send({ source: 'a', file: new Blob(['x'.repeat(100_001)]) })).toMatchObject([
      413,
      { code: 'TooLarge', limit: 100_000, detail: 'Höchstens 97,7 KB sind erlaubt.' },
    ]);
    // Nothing is left of it.
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile())).toHaveLength(1);
    const declared = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 2_000_000 };
      const sent = httpRequest(url, { method: 'POST', headers }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(declared).toBe(413);
    const text = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'x'.repeat(1_000) }),
    });
    expect(text.status).toBe(413);
  });

  it('with options that do not exist, or without a file, is refused by name', async () => {
    expect(await send({ source: 'a', spalten: '3', datei: new Blob(['x']) })).toMatchObject([
      422,
      {
        errors: [
          { path: '/spalten', code: 'unknown', message: 'Diese Angabe gibt es nicht.' },
          { path: '/datei', code: 'unknown' },
          { path: '/file', code: 'required' },
        ],
      },
    ]);
  });

  it('has its mapping as a file as well, before or behind the table; of tables it has one', async () => {
    const mapping = new Blob(['\uFEFF- { from: Größe, to: budget }\n'], { type: 'application/yaml' });
    const table = new Blob(['Größe\n1\n']);
    const stored = { size: 10, words: { source: 'a', mapping: '- { from: Größe, to: budget }\n' } };
    expect(await send({ source: 'a', mapping, file: table })).toMatchObject([200, stored]);
    expect(await send({ source: 'a', file: table, mapping })).toMatchObject([200, stored]);
    expect(await send({ mapping: new Blob(['x'.repeat(200_001)]), file: table })).toMatchObject([413, {}]);
    const twice = new FormData();
    for (const name of ['one.csv', 'two.csv']) twice.append('file', table, name);
    const response = await fetch(url, { method: 'POST', body: twice });
    expect([response.status, await response.json()]).toMatchObject([422, { errors: [{ path: '/file' }] }]);
  });
});

describe('the deadline of a body', () => {
  it('R19: ends one that does not come, and lets a large file go on as long as it moves', async () => {
    let now = 0;
    const rules = { wholeMs: 1_000, periodMs: 1_000, bytesPerPeriod: 1_000 };
    const deadline = createReceiveDeadline(rules, () => now);
    let received = 0;
    let arrived = 0;
    const server = createServer((request) => {
      arrived += 1;
      request.on('data', (bytes: Buffer) => (received += bytes.byteLength));
      request.on('error', () => undefined);
      deadline.watch(request, request.url === '/large');
    });
    const url = await listen(server);
    const open = (path: string): { write: (bytes: string) => boolean; status: Promise<number | undefined> } => {
      const headers = { 'content-length': 100_000 };
      const sent = httpRequest(`${url}${path}`, { method: 'POST', headers });
      const status = new Promise<number | undefined>((resolve) => {
        sent.on('response', (response) => resolve(response.statusCode));
        sent.on('error', () => resolve(undefined));
      });
      sent.flushHeaders();
      return { write: (bytes) => sent.write(bytes), status };
    };
    const moves = async (bytes: number): Promise<void> => {
      const before = received;
      large.write('x'.repeat(bytes));
      await until('the bytes are there', () => received === before + bytes);
      now += 1_000;
      deadline.sweep();
    };
    const large = open('/large');
    const ordinary = open('/ordinary');
    await until('both have begun', () => arrived === 2);
    await moves(5_000);
    // The ordinary one has had its time; the large one moves.
    expect(await ordinary.status).toBe(408);
    await moves(5_000);
    await moves(10);
    expect(await large.status).toBe(408);
    server.close();
    server.closeAllConnections();
  });
});
