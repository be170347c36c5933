import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { createMailboxes, type Mailboxes } from '../../activities/mailboxes.ts';
import { createIdSource } from '../../bin/ids.ts';
import { changeConnection, createConnection, deleteConnection } from '../../commands/connections/changeConnection.ts';
import { connectionOf } from '../../commands/connections/connection.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { renewMailAddress } from '../../commands/mail/mailAddress.ts';
import { asUser } from '../../commands/mail/mail-context.ts';
import { retryMail } from '../../commands/mail/retryMail.ts';
import { makeLeadOfMail } from '../../commands/mail/sortMail.ts';
import { createEgress } from '../../connectors/egress.ts';
import { connectorKindOf } from '../../connectors/registry.ts';
import type { Row } from '../../store/database.ts';
import { startDovecot, type ImapServer } from '../support/dovecot.ts';
import { until } from '../support/processes.ts';
import { need } from '../support/provided.ts';
import { buildMail, openPostOffice, type PostOffice } from '../support/smtp.ts';
import { createStore, dialects, type Dialect, type Store } from '../support/stores.ts';

type Values = Readonly<Record<string, unknown>>;

let imap: ImapServer;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (inject('dovecotPath') === undefined) return;
  imap = await startDovecot();
  // As `NODE_EXTRA_CA_CERTS` does.
  setDefaultCACertificates([...getCACertificates(), imap.certificates]);
});
afterAll(async () => await imap?.stop());
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const kind = connectorKindOf('imap');
const egress = createEgress({ mayCallPrivateAddresses: true });

interface World {
  readonly store: Store;
  readonly office: PostOffice;
  readonly user: string;
  /** Starts a worker's reading of mailboxes. */
  readonly work: () => Mailboxes;
  readonly connect: (settings?: Values, password?: string) => Promise<void>;
  readonly messages: () => Promise<Row[]>;
  readonly hasMessages: (count: number) => Promise<Row[]>;
  readonly fault: () => Promise<string | undefined>;
}

const createWorld = async (context: TestContext, dialect: Dialect = 'sqlite'): Promise<World> => {
  need(context, 'dovecotPath');
  const store = await createStore(context, dialect);
  open.push(store.clear);
  const office = await openPostOffice(store);
  open.push(office.close);
  const user = `${context.task.id.replaceAll('_', '-')}@firma.example`;
  const { db, registry, blobs, secrets } = store.foundation;
  const messages = async (): Promise<Row[]> => {
    await office.settled();
    return await office.messages();
  };
  return {
    store,
    office,
    user,
    work: () => {
      const mailboxes = createMailboxes({
        db,
        registry,
        blobs,
        secrets,
        egress,
        mostBytes: 1_000_000,
        now: () => new Date(),
        newId: createIdSource(),
        onMail: () => undefined,
        onError: () => undefined,
      });
      open.push(async () => await mailboxes.stop());
      return mailboxes;
    },
    connect: async (settings = {}, password = imap.password) => {
      const place = { host: 'localhost', port: imap.tlsPort, user, ...settings };
      const credentials = { password };
      await createConnection(store.asSystem(), secrets, {
        kind,
        id: 'post',
        name: 'Post',
        settings: place,
        credentials,
      });
    },
    messages,
    hasMessages: async (count) =>
      await until(`${count} messages`, async () => {
        const rows = await messages();
        return rows.length === count ? rows : undefined;
      }),
    fault: async () => (await connectionOf(store.asSystem(), db, 'post')).fault?.message.de,
  };
};

const stateOf = async ({ store }: World): Promise<string> =>
  (await connectionOf(store.asSystem(), store.foundation.db, 'post')).state;

describe.each(dialects)('a mailbox that is connected, on %s', (dialect) => {
  it('brings leads through its source, marks what it has, and hears of more', async (context) => {
    const world = await createWorld(context, dialect);
    await imap.deliver(world.user, buildMail({ id: 'a@kunde.example', subject: 'Lager gesucht' }));
    await world.connect();
    const mailboxes = world.work();
    const [first] = await world.hasMessages(1);
    expect(first).toMatchObject({ source: 'mail', state: 'accepted', subject: 'Lager gesucht' });
    await until('it is connected', async () => (await stateOf(world)) === 'ok');
    const large = 'Zeile mit siebzig Zeichen, damit die Mail in eine Datei muss und nicht.\n'.repeat(1_200);
    await imap.deliver(world.user, buildMail({ id: 'b@kunde.example', subject: 'Halle', text: large }));
    await world.hasMessages(2);
    const leads = await world.store.foundation.db.all('SELECT `title`, `source` FROM `lead` ORDER BY `createdAt`');
    expect(leads).toEqual([
      { title: 'Lager gesucht', source: 'mail' },
      { title: 'Halle', source: 'mail' },
    ]);
    await until('both are seen', async () =>
      (await imap.filesIn(world.user, 'INBOX')).every((name) => name.endsWith('S')),
    );
    expect(mailboxes.state()).toMatchObject({ state: 'ready', count: 1 });
  });

  it('a mailbox numbered anew doubles nothing, with Message-ID or without', async (context) => {
    const world = await createWorld(context, dialect);
    await imap.deliver(world.user, buildMail({ id: 'a@kunde.example', subject: 'Mit' }));
    await imap.deliver(world.user, buildMail({ subject: 'Ohne' }));
    await world.connect({ after: 'nothing' });
    const first = world.work();
    await world.hasMessages(2);
    await first.stop();
    await imap.renumber(world.user);
    await imap.deliver(world.user, buildMail({ id: 'c@kunde.example', subject: 'Neu' }));
    world.work();
    const messages = await world.hasMessages(3);
    expect(messages.map(({ duplicates }) => Number(duplicates))).toEqual([1, 1, 0]);
    const leads = await world.store.foundation.db.all('SELECT `id` FROM `lead`');
    expect(leads).toHaveLength(3);
  });
});

describe('a mailbox that is connected', () => {
  it("files what names a user's address for filing, also where only the provider's headers do", async (context) => {
    const world = await createWorld(context);
    const { store } = world;
    const login = { email: 'vera@firma.example', role: 'sales', name: 'Vera', password: 'Sehr-geheim-4711!' };
    const { user: added } = await createUser(store.asSystem(), login);
    await store.foundation.registry.refresh();
    const made = store.asSystem().snapshot.users.get(added.id);
    if (made === undefined) throw new Error('no user');
    const token = await renewMailAddress(asUser(store.asSystem(), made));
    const to = `"Vera" <x@firma.example>,\r\n <${token}@leitwerk.local>`;
    await imap.deliver(world.user, buildMail({ id: '1@kunde.example', to }));
    const raw = buildMail({ id: '2@kunde.example', to: 'x@firma.example' });
    await imap.deliver(world.user, `Delivered-To: ${token}@leitwerk.local\r\n${raw}`);
    await imap.deliver(world.user, buildMail({ id: '3@kunde.example', text: `an ${token}@leitwerk.local` }));
    await world.connect();
    world.work();
    const messages = await world.hasMessages(3);
    expect(messages.map(({ filedBy }) => filedBy)).toEqual([added.id, added.id, null]);
    expect(await store.foundation.db.all('SELECT `id` FROM `lead`')).toHaveLength(1);
  });

  it('is read by one worker of several, and by the next when that one ends', async (context) => {
    const world = await createWorld(context);
    await world.connect();
    const first = world.work();
    await until('the first reads', () => first.state()?.state === 'ready');
    const second = world.work();
    await until('the second stands by', () => second.state()?.state === 'standby');
    await first.stop();
    await until('the second reads', () => second.state()?.state === 'ready');
    await imap.deliver(world.user, buildMail({ id: 'a@kunde.example' }));
    await world.hasMessages(1);
  });

  it('says on the connection what is wrong, and goes on when that is mended', async (context) => {
    const world = await createWorld(context);
    const { store } = world;
    const { secrets } = store.foundation;
    await imap.deliver(world.user, buildMail({ id: 'a@kunde.example' }));
    await world.connect({ source: 'gibtsnicht' }, 'falsch');
    const mailboxes = world.work();
    const said = async (text: string): Promise<void> =>
      void (await until(text, async () => ((await world.fault()) ?? '').includes(text)));
    const change = async (patch: { settings?: Values; credentials?: Values }): Promise<void> => {
      const tools = { box: secrets, kindOf: connectorKindOf };
      await changeConnection(store.asSystem(), tools, { id: 'post', ...patch });
    };
    await said('lehnt die Anmeldung ab');
    await until('health says so', () => mailboxes.state()?.state === 'degraded');
    await change({ credentials: { password: imap.password } });
    await said('Die Quelle „gibtsnicht“ gibt es nicht');
    await change({ settings: { host: 'localhost', port: imap.tlsPort, user: world.user } });
    await world.hasMessages(1);
    await until('it is connected', async () => (await stateOf(world)) === 'ok');
    await until('health says so', () => mailboxes.state()?.state === 'ready');
    await deleteConnection(store.asSystem(), 'post');
    await until('it is let go', () => mailboxes.state()?.count === 0);
    expect(await store.foundation.db.all('SELECT * FROM `mailbox`')).toEqual([]);
  });

  it('says of a mail that is too large where it lies, lets a person sort it, and reads on', async (context) => {
    const world = await createWorld(context);
    const { store, user } = world;
    const text = 'Zeile mit siebzig Zeichen, damit die Mail größer wird als erlaubt ist.\r\n'.repeat(20_000);
    await imap.deliver(user, buildMail({ id: 'gross@kunde.example', subject: 'Bauplan', text }));
    await imap.deliver(user, buildMail({ id: 'b@kunde.example', subject: 'Danach' }));
    await world.connect();
    const mailboxes = world.work();
    const [large, next] = await world.hasMessages(2);
    expect(next).toMatchObject({ state: 'accepted', subject: 'Danach' });
    expect(large).toMatchObject({ state: 'triage', sender: 'anna@kunde.example', subject: 'Bauplan', bodyBlob: null });
    const said = `(2 MB, höchstens 1 MB) und wurde nicht geholt. Sie liegt unverändert im Postfach „${user}“, Ordner „INBOX“`;
    expect(String(large?.['errors'])).toContain(said);
    expect(mailboxes.state()).toMatchObject({ state: 'ready' });
    await until('the other is seen', async () =>
      (await imap.filesIn(user, 'INBOX')).some((name) => name.endsWith('S')),
    );
    expect((await imap.filesIn(user, 'INBOX')).filter((name) => name.endsWith('S'))).toHaveLength(1);
    const id = String(large?.['id']);
    await expect(retryMail(store.asSystem(), { id })).rejects.toMatchObject({ code: 'Locked' });
    const { message } = await makeLeadOfMail(store.asSystem(), { id });
    expect(message['state']).toBe('accepted');
    await mailboxes.stop();
    await imap.renumber(user);
    world.work();
    await until('it is known', async () => Number((await world.messages())[0]?.['duplicates']) === 1);
    expect(await world.messages()).toHaveLength(2);
  });

  it('is another one when its folder changes: there what is unread is fetched', async (context) => {
    const world = await createWorld(context);
    await imap.deliver(world.user, buildMail({ id: 'a@kunde.example' }));
    await world.connect({ after: 'move' });
    world.work();
    await world.hasMessages(1);
    await until('it is moved', async () => (await imap.filesIn(world.user, 'Leitwerk')).length === 1);
    const settings = { host: 'localhost', port: imap.tlsPort, user: world.user, folder: 'Leitwerk' };
    const tools = { box: world.store.foundation.secrets, kindOf: connectorKindOf };
    await changeConnection(world.store.asSystem(), tools, { id: 'post', settings });
    const [message] = await until('it was found again', async () => {
      const rows = await world.messages();
      return Number(rows[0]?.['duplicates']) === 1 ? rows : undefined;
    });
    expect(message?.['state']).toBe('accepted');
  });
});

describe('the test of a mailbox', () => {
  const test = async (user: string, settings: Values = {}, mayCallPrivateAddresses = true): Promise<string> => {
    const access = {
      egress: createEgress({ mayCallPrivateAddresses }),
      settings: { host: 'localhost', port: imap.tlsPort, user, ...settings },
      credentials: { password: imap.password },
      now: new Date(),
      apiUrl: undefined,
    };
    return await kind.test(access).then(
      ({ de }) => de,
      (error: unknown) => String((error as Error & { text: { de: string } }).text.de),
    );
  };

  it('says in a sentence what it found or what to do, and leaves the mailbox as it is', async (context) => {
    need(context, 'dovecotPath');
    const user = 'pruefung@firma.example';
    await imap.deliver(user, buildMail({}));
    expect(await test(user)).toBe('Ordner „INBOX“ geöffnet: 1 Nachrichten, davon 1 ungelesen.');
    expect(await test(user)).toContain('davon 1 ungelesen');
    expect(await test(user, { after: 'move', folder: 'Weg' })).toContain('gibt es den Ordner „Weg“ nicht');
    expect(await test(user, {}, false)).toContain('darf nicht aufgerufen werden');
    expect(await imap.filesIn(user, 'Leitwerk')).toEqual([]);
  });
});
