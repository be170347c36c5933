import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import { createEgress } from '../../connectors/egress.ts';
import { sendWebhook } from '../../connectors/webhook-out/index.ts';

interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const page = await readFile(join(rootFolder, 'docs', 'integrators.md'), 'utf8');
/** What checks messages from us is written in `JavaScript` and `PHP`; what sends to us in `js` and `php`. */
const example = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';
const php = ['/usr/bin/php', '/usr/local/bin/php'].find((path) => existsSync(path));
const secretOf = (word: string): string => `whsec_${Buffer.from(word.padEnd(32, '.')).toString('base64')}`;
const [current, former, other] = [secretOf('current'), secretOf('former'), secretOf('other')];

let folder: string;
let message: Message;

/** What a receiver gets on the day after a change of the secret. */
const receive = async (): Promise<Message> => {
  let received: Message = { headers: {}, body: '' };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received = { headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() };
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const webhook = {
    url,
    id: 'msg_1',
    event: 'lead.arrived',
    at: new Date(),
    data: { id: 'ä' },
    secrets: [current, former],
  };
  await sendWebhook(createEgress({ mayCallPrivateAddresses: true }), webhook, new Date());
  server.closeAllConnections();
  server.close();
  return received;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leitwerk-docs-'));
  message = await receive();
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const forged = (): Message => ({ ...message, body: message.body.replace('lead', 'load') });
const old = (): Message => ({ ...message, headers: { ...message.headers, 'webhook-timestamp': '1700000000' } });

it('the JavaScript in docs/integrators.md knows our messages from forged and old ones', async () => {
  const file = join(folder, 'example.mjs');
  await writeFile(file, example('JavaScript'));
  const { isFromLeitwerk } = (await import(file)) as {
    isFromLeitwerk: (headers: Message['headers'], body: string, secret: string) => boolean;
  };
  const check = ({ headers, body }: Message, secret: string): boolean => isFromLeitwerk(headers, body, secret);
  expect([check(message, current), check(message, former)]).toEqual([true, true]);
  expect([check(message, other), check(forged(), current), check(old(), current)]).toEqual([false, false, false]);
});

it.each(php === undefined ? [] : [php])('the PHP in docs/integrators.md does, too: %s', async (program) => {
  const file = join(folder, 'example.php');
  const call = '\n[$h, $b, $s] = json_decode($argv[1], true); echo isFromLeitwerk($h, $b, $s) ? "true" : "false";\n';
  await writeFile(file, `<?php\n${example('PHP')}${call}`);
  const check = ({ headers, body }: Message, secret: string): string =>
    execFileSync(program, [file, JSON.stringify([headers, body, secret])], { encoding: 'utf8' });
  expect([check(message, current), check(message, former)]).toEqual(['true', 'true']);
  expect([check(message, other), check(forged(), current), check(old(), current)]).toEqual(['false', 'false', 'false']);
});
