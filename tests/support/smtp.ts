import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { createMailFiling } from '../../activities/mail-filing.ts';
import { createIdSource } from '../../bin/ids.ts';
import { createMailParser, type MailParser } from '../../connectors/mail/index.ts';
import { createMailIntake, type MailIntakeSettings } from '../../server/mail/mail-intake.ts';
import { createRateLimiter } from '../../server/rate-limits.ts';
import type { Row } from '../../store/database.ts';
import { until } from './processes.ts';
import type { Store } from './stores.ts';

/** An SMTP client that says exactly what it is told to, byte by byte. */
export interface RawSmtp {
  readonly socket: Socket;
  /** Writes as it is. */
  write(bytes: string | Uint8Array): void;
  /** The next reply, all its lines. Rejects when the server hangs up before it. */
  reply(): Promise<string>;
  /** Writes a line and answers the reply. */
  say(line: string): Promise<string>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
}

export async function dialSmtp(port: number, greeting = ''): Promise<RawSmtp> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
  await once(socket, 'connect');
  if (greeting !== '') socket.write(greeting);
  const reply = async (): Promise<string> =>
    await until('a reply', () => {
      const end = /^\d{3} .*\r\n/m.exec(heard);
      if (end === null) {
        if (isClosed) throw new Error(`hung up after "${heard}"`);
        return undefined;
      }
      const text = heard.slice(0, end.index + end[0].length);
      heard = heard.slice(text.length);
      return text.trim();
    });
  const write = (bytes: string | Uint8Array): void => void socket.write(bytes);
  const say = async (line: string): Promise<string> => {
    write(`${line}\r\n`);
    return await reply();
  };
  return { socket, write, reply, say, closed };
}

/** Greets and names sender and recipients; the session is ready for DATA. */
export async function openMail(
  port: number,
  to: readonly string[] = ['leads@leitwerk.local'],
  from = 'anna@kunde.example',
): Promise<RawSmtp> {
  const smtp = await dialSmtp(port);
  await smtp.reply();
  await smtp.say('EHLO sender.example');
  await smtp.say(`MAIL FROM:<${from}>`);
  for (const address of to) await smtp.say(`RCPT TO:<${address}>`);
  return smtp;
}

/** Delivers raw bytes (with a final CRLF) as one mail and answers the last reply. */
export async function deliver(
  port: number,
  mail: { readonly to?: readonly string[]; readonly from?: string; readonly raw: string },
): Promise<string> {
  const smtp = await openMail(port, mail.to, mail.from);
  const ready = await smtp.say('DATA');
  if (!ready.startsWith('354')) {
    smtp.socket.destroy();
    return ready;
  }
  smtp.write(mail.raw.replaceAll(/^\./gm, '..'));
  const answer = await smtp.say(mail.raw.endsWith('\r\n') ? '.' : '\r\n.');
  smtp.socket.destroy();
  return answer;
}

/** A mail as text with CRLF. */
export function buildMail(parts: {
  readonly id?: string;
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly headers?: readonly string[];
}): string {
  const head = [
    `From: ${parts.from ?? 'Anna Kunde <anna@kunde.example>'}`,
    `To: ${parts.to ?? 'leads@leitwerk.local'}`,
    `Subject: ${parts.subject ?? 'Anfrage'}`,
    'Date: Tue, 24 Nov 2026 10:00:00 +0100',
    ...(parts.id === undefined ? [] : [`Message-ID: <${parts.id}>`]),
    ...(parts.headers ?? ['Content-Type: text/plain; charset=utf-8']),
  ];
  return `${head.join('\r\n')}\r\n\r\n${(parts.text ?? 'Bitte um Rückruf.').replaceAll(/\r?\n/g, '\r\n')}\r\n`;
}

/** Receiving and filing on a store, inside the test. */
export interface PostOffice {
  readonly port: number;
  /** Resolves when every acknowledged mail has found its end. */
  settled(): Promise<void>;
  /** Received mails, oldest first. */
  messages(): Promise<Row[]>;
  close(): Promise<void>;
}

export interface PostOfficeOptions extends Partial<MailIntakeSettings> {
  readonly parser?: MailParser;
  /** False: mails are received and lie there. */
  readonly isFiling?: boolean;
}

export async function openPostOffice(store: Store, options: PostOfficeOptions = {}): Promise<PostOffice> {
  const { db, registry, blobs } = store.foundation;
  const now = (): Date => new Date();
  const newId = createIdSource();
  const { parser, isFiling = true, ...settings } = options;
  const filing = isFiling
    ? createMailFiling({
        db,
        registry,
        blobs,
        now,
        newId,
        parser: parser ?? createMailParser({ deadlineMs: 20_000, memoryMb: 192 }),
        onError: () => undefined,
      })
    : undefined;
  const intake = createMailIntake(
    {
      db,
      registry,
      blobs,
      now,
      newId,
      limiter: createRateLimiter(() => performance.now()),
      log: pino({ level: 'silent' }),
      wakeRelay: () => filing?.wake(),
    },
    { name: 'leitwerk.test', mostBytes: 1_000_000, tls: undefined, proxies: [], relays: [], ...settings },
  );
  await new Promise<void>((resolve) => void intake.server.listen(0, '127.0.0.1', resolve));
  return {
    port: (intake.server.address() as AddressInfo).port,
    settled: async () =>
      void (await until('all mails are filed', async () => {
        const left = await db.get<{ n: number }>('SELECT COUNT(*) AS `n` FROM `mail_job`');
        return left?.n === 0 ? true : undefined;
      })),
    messages: async () =>
      await db.all("SELECT * FROM `intake_message` WHERE `channel` = 'mail' ORDER BY `receivedAt`, `id`"),
    close: async () => {
      await intake.close(200);
      await filing?.stop();
    },
  };
}
