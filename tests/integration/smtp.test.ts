import { createTransport } from 'nodemailer';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { networkOf } from '../../server/mail/senders.ts';
import { until } from '../support/processes.ts';
import {
  buildMail,
  deliver,
  dialSmtp,
  openMail,
  openPostOffice,
  type PostOffice,
  type PostOfficeOptions,
} from '../support/smtp.ts';
import { createStore, type Store } from '../support/stores.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const createWorld = async (
  context: TestContext,
  options: PostOfficeOptions = {},
): Promise<{ store: Store; office: PostOffice }> => {
  const store = await createStore(context, 'sqlite');
  open.push(store.clear);
  const office = await openPostOffice(store, { isFiling: false, ...options });
  open.push(office.close);
  return { store, office };
};

const spooled = async (store: Store): Promise<string[]> => {
  const names = await readdir(join(store.folder, 'blobs'), { recursive: true }).catch(() => []);
  return names.filter((name) => /[0-9a-f]{64}|\.tmp|^\./.test(name));
};

describe('the SMTP server', () => {
  it('says 250 when the raw mail is stored as it came, dots and all', async (context) => {
    const { office } = await createWorld(context);
    const raw = buildMail({ id: 'a1@kunde.example', text: 'Erste Zeile\n.\n..zwei Punkte\nletzte' });
    expect(await deliver(office.port, { raw })).toMatch(/^250 /);
    const [message] = await office.messages();
    expect(message).toMatchObject({
      state: 'received',
      channel: 'mail',
      source: 'mail',
      mailRaw: raw,
      size: raw.length,
    });
  });

  it('stores a large mail, and one that is no text, as a file', async (context) => {
    const { store, office } = await createWorld(context);
    const large = buildMail({ id: 'a2@kunde.example', text: 'x'.repeat(70).concat('\n').repeat(2_000) });
    expect(await deliver(office.port, { raw: large })).toMatch(/^250 /);
    const smtp = await openMail(office.port);
    await smtp.say('DATA');
    smtp.write(Buffer.from('Subject: M\xfcller\r\n\r\nGr\xfc\xdfe\r\n.\r\n', 'latin1'));
    expect(await smtp.reply()).toMatch(/^250 /);
    const messages = await office.messages();
    const bytes = await Promise.all(
      messages.map(async (message) => Buffer.from(await store.foundation.blobs.get(String(message['bodyBlob'])))),
    );
    expect(bytes.map((one) => one.toString('latin1'))).toEqual([large, 'Subject: M\xfcller\r\n\r\nGr\xfc\xdfe\r\n']);
    smtp.socket.destroy();
  });

  it('S44, S29: takes mail for nobody else, and says the same to every guess', async (context) => {
    const { office } = await createWorld(context);
    const smtp = await openMail(office.port, []);
    const replies: string[] = [];
    for (const to of [
      'info@leitwerk.local',
      'anna@gmail.example',
      'leads+gibtsnicht@leitwerk.local',
      'postmaster@x.example',
    ])
      replies.push(await smtp.say(`RCPT TO:<${to}>`));
    expect(new Set(replies)).toEqual(new Set(['550 5.1.1 No such recipient here']));
    expect(await smtp.say('VRFY leads')).toMatch(/^50[02]/);
    expect(await smtp.say('RCPT TO:<leads+facebook@leitwerk.local>')).toMatch(/^250/);
    smtp.socket.destroy();
  });

  it('S46: ends a session that guesses recipients', async (context) => {
    const { office } = await createWorld(context);
    const smtp = await openMail(office.port, []);
    const replies: string[] = [];
    for (let guess = 0; guess < 11; guess += 1) replies.push(await smtp.say(`RCPT TO:<user${guess}@leitwerk.local>`));
    expect(replies.slice(0, 10).every((reply) => reply.startsWith('550'))).toBe(true);
    expect(replies[10]).toMatch(/^421/);
    await smtp.closed;
  });

  it('S46: takes so many recipients a mail and puts the rest off', async (context) => {
    const { office } = await createWorld(context);
    const smtp = await openMail(office.port, []);
    for (let index = 0; index < 50; index += 1)
      expect(await smtp.say(`RCPT TO:<leads@d${index}.example>`)).toMatch(/^250/);
    expect(await smtp.say('RCPT TO:<leads@one-more.example>')).toMatch(/^452/);
    smtp.socket.destroy();
  });

  it('S46: limits what one address and its network may bring', async (context) => {
    const { office } = await createWorld(context, { proxies: ['127.0.0.1'] });
    const sessionOf = async (address: string): Promise<string> => {
      const smtp = await dialSmtp(office.port, `PROXY TCP4 ${address} 192.0.2.1 4000 25\r\n`);
      const greeting = await smtp.reply();
      smtp.socket.destroy();
      return greeting.slice(0, 3);
    };
    const fromOne = await Promise.all(Array.from({ length: 70 }, async () => await sessionOf('198.51.100.7')));
    expect(fromOne.filter((code) => code === '220').length).toBeGreaterThanOrEqual(60);
    expect(fromOne).toContain('421');
    expect(await sessionOf('203.0.113.9')).toBe('220');
    const network = await Promise.all(
      Array.from({ length: 320 }, async (_, index) => await sessionOf(`192.0.2.${index % 250}`)),
    );
    expect(network).toContain('421');
  });

  it('keeps the address that a proxy names', async (context) => {
    const { office } = await createWorld(context, { proxies: ['127.0.0.1'] });
    const smtp = await dialSmtp(office.port, 'PROXY TCP4 198.51.100.8 192.0.2.1 4000 25\r\n');
    await smtp.reply();
    for (const line of ['EHLO x', 'MAIL FROM:<a@b.example>', 'RCPT TO:<leads@leitwerk.local>', 'DATA'])
      await smtp.say(line);
    smtp.write(buildMail({ id: 'p1@b.example' }));
    expect(await smtp.say('.')).toMatch(/^250/);
    expect((await office.messages())[0]?.['remoteAddress']).toBe('198.51.100.8');
    smtp.socket.destroy();
  });

  it('R17: refuses a mail over SIZE with 552, declared or not, and keeps nothing of it', async (context) => {
    const { store, office } = await createWorld(context, { mostBytes: 300_000 });
    const declared = await dialSmtp(office.port);
    await declared.reply();
    expect(await declared.say('EHLO x')).toContain('SIZE 300000');
    expect(await declared.say('MAIL FROM:<a@b.example> SIZE=300001')).toMatch(/^552/);
    declared.socket.destroy();

    const undeclared = await openMail(office.port);
    await undeclared.say('DATA');
    undeclared.write(buildMail({ text: 'x'.repeat(70).concat('\n').repeat(10_000) }));
    expect(await undeclared.say('.')).toMatch(/^552/);
    // The session goes on.
    await undeclared.say('MAIL FROM:<anna@kunde.example>');
    await undeclared.say('RCPT TO:<leads@leitwerk.local>');
    await undeclared.say('DATA');
    undeclared.write(buildMail({ id: 'small@kunde.example' }));
    expect(await undeclared.say('.')).toMatch(/^250/);
    undeclared.socket.destroy();
    expect(await office.messages()).toHaveLength(1);
    expect(await spooled(store)).toEqual([]);
  });

  it.for([
    [
      'a bare LF before the dot',
      'eins\n.\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<leads@leitwerk.local>\r\nDATA\r\nzwei',
    ],
    ['a dot between bare LFs', 'eins\n.\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<leads@leitwerk.local>\r\nDATA\r\nzwei'],
    ['a dot between bare CRs', 'eins\r.\rMAIL FROM:<evil@b.example>'],
    ['a bare CR before the dot', 'eins\r\n.\rMAIL FROM:<evil@b.example>'],
  ] as const)('R21: %s ends no mail and smuggles none', async ([, text], context) => {
    const { office } = await createWorld(context);
    const smtp = await openMail(office.port);
    await smtp.say('DATA');
    smtp.write(`Subject: x\r\n\r\n${text}\r\n`);
    expect(await smtp.say('.')).toMatch(/^550/);
    expect(await smtp.say('NOOP')).toMatch(/^250/);
    expect(await office.messages()).toEqual([]);
    smtp.socket.destroy();
  });

  it('R20: a sender that goes away in the middle of a mail leaves nothing', async (context) => {
    const { store, office } = await createWorld(context);
    const smtp = await openMail(office.port);
    await smtp.say('DATA');
    smtp.write(buildMail({ text: 'x'.repeat(70).concat('\n').repeat(3_000) }));
    await until('the file is begun', async () => ((await spooled(store)).length > 0 ? true : undefined));
    smtp.socket.resetAndDestroy();
    await until('the file is gone', async () => ((await spooled(store)).length === 0 ? true : undefined));
    expect(await office.messages()).toEqual([]);
  });

  it('R10, R09: a sender that hears no answer and comes again has one mail', async (context) => {
    const { office } = await createWorld(context);
    const raw = buildMail({ id: 'again@kunde.example' });
    const smtp = await openMail(office.port);
    await smtp.say('DATA');
    smtp.write(`${raw}.\r\n`);
    smtp.socket.end();
    await until('the mail is stored', async () => ((await office.messages()).length > 0 ? true : undefined));
    smtp.socket.resetAndDestroy();
    expect(await deliver(office.port, { raw })).toMatch(/^250/);
    expect(await office.messages()).toMatchObject([{ duplicates: 1 }]);
  });

  it('R18: ends a session that trickles, and one in which nothing happens', async (context) => {
    const { office } = await createWorld(context, { idleMs: 400, sessionMs: 1_500 });
    const silent = await dialSmtp(office.port);
    expect(await silent.reply()).toMatch(/^220/);
    expect(await silent.reply()).toMatch(/^421/);
    await silent.closed;
    const slow = await openMail(office.port);
    await slow.say('DATA');
    const trickle = setInterval(() => slow.write('x'), 100);
    expect(await slow.reply()).toMatch(/^421/);
    clearInterval(trickle);
    slow.socket.destroy();
    expect(await office.messages()).toEqual([]);
  });

  it('R18: others are served while many sessions trickle', async (context) => {
    const { office } = await createWorld(context);
    const slow = await Promise.all(Array.from({ length: 100 }, async () => await openMail(office.port)));
    for (const one of slow) one.write('DATA\r\nSubject: ');
    expect(await deliver(office.port, { raw: buildMail({ id: 'quick@kunde.example' }) })).toMatch(/^250/);
    for (const one of slow) one.socket.destroy();
  });

  it('S45: offers STARTTLS only with a certificate, and then speaks TLS 1.2 at least', async (context) => {
    const plain = await createWorld(context);
    const first = await dialSmtp(plain.office.port);
    await first.reply();
    expect(await first.say('EHLO x')).not.toContain('STARTTLS');
    expect(await first.say('STARTTLS')).toMatch(/^50/);
    first.socket.destroy();

    const folder = await mkdtemp(join(tmpdir(), 'leitwerk-tls-'));
    open.push(async () => await rm(folder, { recursive: true, force: true }));
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2', ...files],
      { stdio: 'ignore' },
    );
    const tls = { certificate: await readFile(join(folder, 'cert.pem')), key: await readFile(join(folder, 'key.pem')) };
    const { office } = await createWorld(context, { tls });
    const transport = createTransport({
      host: '127.0.0.1',
      port: office.port,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
    });
    await transport.sendMail({ from: 'a@b.example', to: 'leads@leitwerk.local', subject: 'TLS', text: 'x' });
    transport.close();
    expect(await office.messages()).toHaveLength(1);

    const old = await dialSmtp(office.port);
    await old.reply();
    await old.say('EHLO x');
    // What was said before the handshake counts for nothing (STARTTLS injection).
    old.write('STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n');
    expect(await old.reply()).toMatch(/^220/);
    old.socket.removeAllListeners('data');
    const secure = connectTls({ socket: old.socket, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await once(secure, 'secureConnect');
    secure.write('RCPT TO:<leads@leitwerk.local>\r\n');
    const [answer] = (await once(secure, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^503/);
    secure.destroy();
  });

  it('lets a mail that is on its way arrive when it closes', async (context) => {
    const { office } = await createWorld(context);
    const idle = await openMail(office.port);
    const busy = await openMail(office.port);
    await busy.say('DATA');
    busy.write('Subject: letzte\r\n\r\n');
    const closing = office.close();
    expect(await idle.reply()).toMatch(/^421/);
    busy.write('Text\r\n.\r\n');
    expect(await busy.reply()).toMatch(/^250/);
    await closing;
    expect(await office.messages()).toHaveLength(1);
  });
});

it('counts an IPv6 network as one sender', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::9'));
  expect(networkOf('2001:db8:1:2::9')).not.toBe(networkOf('2001:db8:1:3::9'));
  expect(networkOf('198.51.100.7')).toBe(networkOf('198.51.100.200'));
});
