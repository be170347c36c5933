/**
 * The least that could take mail in durably: the SMTP library as it comes, the raw mail in
 * one table, one commit with fsync for all mails of one turn of the event loop. `node bench/bare-smtp.ts <file>`.
 */
import Sqlite from 'better-sqlite3';
import { SMTPServer } from 'smtp-server';
import { v7 as uuidv7 } from 'uuid';

const db = new Sqlite(process.argv[2] ?? ':memory:');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE mail (id TEXT PRIMARY KEY, sender TEXT, recipients TEXT, at TEXT, raw BLOB)');
const insert = db.prepare('INSERT INTO mail (id, sender, recipients, at, raw) VALUES (?, ?, ?, ?, ?)');
const begin = db.prepare('BEGIN IMMEDIATE');
const commit = db.prepare('COMMIT');

interface Waiting {
  readonly values: readonly unknown[];
  readonly resolve: () => void;
}
let waiting: Waiting[] = [];

const store = (): void => {
  const group = waiting;
  waiting = [];
  begin.run();
  for (const { values } of group) insert.run(values);
  commit.run();
  for (const { resolve } of group) resolve();
};

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  size: 40_000_000,
  onData: (stream, { envelope }, done) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const recipients = JSON.stringify(envelope.rcptTo.map(({ address }) => address));
      const values = [uuidv7(), sender, recipients, new Date().toISOString(), Buffer.concat(chunks)];
      if (waiting.push({ values, resolve: done }) === 1) setImmediate(store);
    });
  },
});
server.on('error', () => undefined);
server.listen(0, '127.0.0.1', () => {
  const address = server.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  process.stdout.write(`ready smtp://127.0.0.1:${port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
