import { createTransport } from 'nodemailer';
import { afterAll, afterEach, describe, expect, it, type TestContext } from 'vitest';
import { isMariadbInstalled, createMariadbDatabase, startMariadb } from '../support/mariadb.ts';
import type { App } from '../support/app.ts';
import { countRows } from '../support/ledger.ts';
import { isAlive, until } from '../support/processes.ts';
import { buildMail, deliver } from '../support/smtp.ts';
import { createStore, dialects, openStore, type Store } from '../support/stores.ts';

/** Takes mail in and files none. */
const smtpOnly = { args: ['--role', 'smtp'], env: { FAILPOINT: 'none' } } as const;

/** Temporal is away in all of these: mail is received and filed without it. */
const withoutTemporal = { temporalAddress: '127.0.0.1:9' } as const;

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const start = async (store: Store, env: Readonly<Record<string, string>> = {}): Promise<App> => {
  const app = await store.start({ ...withoutTemporal, env });
  open.push(app.kill);
  return app;
};

const createWorld = async (context: TestContext): Promise<Store> => {
  const store = await createStore(context, 'sqlite');
  open.push(store.clear);
  return store;
};

interface Item {
  readonly id: string;
  /** Of the mail, and of the lead that it becomes. */
  readonly subject: string;
  readonly raw: string;
  answers: string[];
}

const longText = 'Zeile mit siebzig Zeichen, damit die Mail in eine Datei muss und nicht.\n'.repeat(1_200);

/** Every other mail is too large for its row. */
const make = (count: number, place = 'allgemein'): Item[] =>
  Array.from({ length: count }, (_, index) => {
    const id = `${place}${index}@kunde.example`;
    const subject = `Anfrage ${place} ${index}`;
    return {
      id,
      subject,
      raw: buildMail({ id, subject, ...(index % 2 === 0 ? {} : { text: longText }) }),
      answers: [],
    };
  });

const isTaken = (item: Item): boolean => item.answers.some((answer) => answer.startsWith('250'));

const bring = async (app: App, items: readonly Item[]): Promise<void> => {
  for (const item of items) {
    const answer = await deliver(Number(app.ports.SMTP_PORT), item).catch(() => 'lost');
    item.answers.push(answer);
  }
};

const settled = async (store: Store): Promise<void> =>
  void (await until(
    'all mails are filed',
    async () => ((await countRows(store, 'mail_job')) === 0 ? true : undefined),
    120_000,
  ));

/** I1 every acknowledged mail is there, I2 no key twice, I3 one lead each, and its process's event (I7). */
const audit = async (store: Store, items: readonly Item[]): Promise<string[]> => {
  const { db } = store.foundation;
  const leads = await db.all<{ title: string; id: string }>('SELECT `title`, `id` FROM `lead`');
  const keys = await db.all<{ dedupeKey: string }>(
    'SELECT `dedupeKey` FROM `intake_message` WHERE `dedupeKey` IS NOT NULL',
  );
  const events = await db.all<{ recordId: string }>("SELECT `recordId` FROM `event` WHERE `act` = 'lead.create'");
  const found: string[] = [];
  for (const item of items) {
    const own = leads.filter(({ title }) => title === item.subject);
    if (isTaken(item) && own.length !== 1) found.push(`${item.id} was acknowledged and has ${own.length} leads`);
    if (own.length > 1) found.push(`${item.id} has ${own.length} leads`);
  }
  if (new Set(keys.map(({ dedupeKey }) => dedupeKey)).size !== keys.length) found.push('a key is there twice');
  for (const { id } of leads)
    if (events.filter(({ recordId }) => recordId === id).length !== 1) found.push(`lead ${id} has no event of its own`);
  return found;
};

describe.each(dialects)('mail on %s', (dialect) => {
  let store: Store | undefined;
  let app: App | undefined;
  const sent: Item[] = [];
  afterAll(async () => {
    await app?.kill();
    await store?.clear();
  });

  /** Each mail that was sent waits to be filed, once. */
  const waiting = async (of: Store): Promise<number[]> => [
    await countRows(of, 'intake_message'),
    await countRows(of, 'mail_job'),
  ];

  it.for(['S1', 'S2', 'S3', 'S4', 'S5', 'commit'])(
    'R01: loses and doubles nothing when kill -9 of the server comes at %s',
    async (stage, context) => {
      store ??= await createStore(context, dialect);
      app ??= await store.start(smtpOnly);
      const items = make(12, stage);
      sent.push(...items);
      await app.arm(`${stage}:kill:4`);
      await bring(app, items);
      await app.kill();
      expect(items.some((item) => !isTaken(item))).toBe(true);

      app = await store.start(smtpOnly);
      await bring(
        app,
        items.filter((item) => !isTaken(item)),
      );
      // A sender that did not hear the answer sends again what was stored already.
      await bring(app, items.slice(0, 4));
      expect(items.filter((item) => !isTaken(item))).toEqual([]);
      expect(await waiting(store)).toEqual([sent.length, sent.length]);
    },
  );

  it('R01: files what was taken in between all these deaths, every mail once', async (context) => {
    store ??= await createStore(context, dialect);
    await app?.kill();
    app = await store.start(withoutTemporal);
    await settled(store);
    expect(await audit(store, sent)).toEqual([]);
    expect(await countRows(store, 'lead')).toBe(sent.length);
  });

  it.for(['S9', 'S10'])(
    'R01, R03: files everything once when kill -9 of the worker comes at %s',
    async (stage, context) => {
      store ??= await createStore(context, dialect);
      await app?.kill();
      const items = make(16, stage);
      sent.push(...items);
      // The next worker has fewer mails left than it takes to hit the failpoint.
      app = await store.start({ ...withoutTemporal, env: { FAILPOINT: `${stage}:kill:10` } });
      const first = await app.workerPid();
      await bring(app, items);
      await until('the worker is gone', () => (isAlive(first) ? undefined : true));
      await settled(store);
      expect(await audit(store, sent)).toEqual([]);
      expect(await countRows(store, 'lead')).toBe(sent.length);
    },
  );
});

it('R11: says 452 when the disk is full, keeps nothing of the mail and goes on afterwards', async (context) => {
  const store = await createWorld(context);
  const app = await start(store, { FAILPOINT: 'none' });
  const items = make(4);
  for (const [index, fault] of ['commit:ENOSPC', 'S2:ENOSPC', 'write:ENOSPC', 'S3:ENOSPC'].entries()) {
    await app.arm(fault);
    await bring(app, items.slice(index, index + 1));
  }
  expect(items.map((item) => item.answers[0]?.slice(0, 3))).toEqual(['452', '452', '452', '452']);
  expect(await countRows(store, 'intake_message')).toBe(0);
  await app.arm('none');
  await bring(app, items);
  await settled(store);
  expect(await audit(store, items)).toEqual([]);
});

it('R05: says 451 while the database is away, and nothing that was acknowledged is missing', async (context) => {
  if (!isMariadbInstalled()) context.skip('MariaDB is not installed (apt-get install mariadb-server)');
  const first = await startMariadb();
  open.push(first.stop);
  const store = await openStore('mariadb', { databaseUrl: await createMariadbDatabase(first.url) });
  open.push(store.clear);
  const app = await start(store);
  const items = make(6);
  await bring(app, items.slice(0, 3));
  process.kill(first.pid, 'SIGKILL');
  await until('MariaDB is gone', () => (isAlive(first.pid) ? undefined : true));
  await bring(app, items.slice(3));
  expect(items.slice(3).map((item) => item.answers[0]?.slice(0, 3))).toEqual(['451', '451', '451']);
  const again = await startMariadb(first);
  open.push(again.stop);
  await until('the rest is taken', async () => {
    await bring(
      app,
      items.filter((item) => !isTaken(item)),
    );
    return items.every(isTaken) ? true : undefined;
  });
  await settled(store);
  expect(await audit(store, items)).toEqual([]);
});

it('R16: takes 20 mails of 25 MB at once', async (context) => {
  const store = await createWorld(context);
  const app = await start(store);
  const content = Buffer.alloc(18_000_000, 'Anlage ');
  const transport = createTransport({
    host: '127.0.0.1',
    port: Number(app.ports.SMTP_PORT),
    pool: true,
    maxConnections: 20,
    ignoreTLS: true,
  });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const mail = {
        from: 'a@kunde.example',
        to: 'leads@leitwerk.local',
        subject: `Anfrage ${index}`,
        text: 'x',
        messageId: `<big${index}@kunde.example>`,
      };
      return (await transport.sendMail({ ...mail, attachments: [{ filename: 'plan.bin', content }] })).response;
    }),
  );
  transport.close();
  expect(answers.filter((answer) => !answer.startsWith('250'))).toEqual([]);
  await settled(store);
  expect(await countRows(store, 'lead')).toBe(20);
});
