/**
 * Delivers 5 KB mails and prints what it saw as JSON: `node bench/smtp-load.ts '{"port":2525,"sessions":10,"seconds":5,"isKept":true}'`.
 * `isKept`: many mails a session; else one mail a session.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Load {
  readonly port: number;
  readonly sessions: number;
  readonly seconds: number;
  readonly isKept: boolean;
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const line = 'Wir suchen ein neues Lager mit 2.000 Quadratmetern in Berlin und bitten.\r\n';
const text = line.repeat(66);
const takenMs: number[] = [];
let failures = 0;
let count = 0;
const seed = `${process.pid}.${Date.now()}`;

const mail = (): string => {
  count += 1;
  return `From: Anna Kunde <anna@kunde.example>\r\nTo: leads@leitwerk.local\r\nSubject: Anfrage ${count}\r\nMessage-ID: <${seed}.${count}@kunde.example>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n${text}.\r\n`;
};

interface Session {
  readonly socket: Socket;
  /** The next reply's code. */
  readonly reply: () => Promise<string>;
}

const open = async (): Promise<Session> => {
  const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
  let heard = '';
  let wake: (() => void) | undefined;
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
    wake?.();
  });
  await once(socket, 'connect');
  const reply = async (): Promise<string> => {
    for (;;) {
      const end = /^\d{3} .*\r\n/m.exec(heard);
      if (end !== null) {
        heard = heard.slice(end.index + end[0].length);
        return end[0].slice(0, 3);
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  await reply();
  socket.write('EHLO bench.example\r\n');
  await reply();
  return { socket, reply };
};

const deliver = async ({ socket, reply }: Session): Promise<void> => {
  for (const command of ['MAIL FROM:<anna@kunde.example>', 'RCPT TO:<leads@leitwerk.local>', 'DATA']) {
    socket.write(`${command}\r\n`);
    await reply();
  }
  socket.write(mail());
  if ((await reply()) !== '250') failures += 1;
};

const endsAt = performance.now() + load.seconds * 1000;
const work = async (): Promise<void> => {
  let session = load.isKept ? await open() : undefined;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const own = session ?? (await open());
    await deliver(own);
    if (session === undefined) own.socket.end('QUIT\r\n');
    takenMs.push(performance.now() - startedAt);
  }
  session?.socket.end('QUIT\r\n');
  session = undefined;
};
await Promise.all(Array.from({ length: load.sessions }, work));
const sorted = takenMs.toSorted((one, other) => one - other);
const at = (share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
process.stdout.write(
  JSON.stringify({ perSecond: takenMs.length / load.seconds, p50Ms: at(0.5), p99Ms: at(0.99), failures }),
);
process.exit(0);
