import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { createEgress } from '../../connectors/egress.ts';
import {
  watchMailbox,
  type ImapMailbox,
  type MailboxPosition,
  type MailboxWatch,
  type MailboxWatcher,
  type OversizedMail,
} from '../../connectors/imap/index.ts';
import type { LeitwerkError } from '../../core/errors.ts';
import { mailWithFile } from '../corpus/mail/builders.ts';
import { corpusMail } from '../corpus/mail/read.ts';
import { startDovecot, type ImapServer } from '../support/dovecot.ts';
import { openOAuthServer, type OAuthServer } from '../support/oauth-server.ts';
import { until } from '../support/processes.ts';
import { need } from '../support/provided.ts';

const oauthUser = 'oauth@firma.example';
let imap: ImapServer;
let oauth: OAuthServer;
const running = new Set<MailboxWatcher>();
const egress = createEgress({ mayCallPrivateAddresses: true });

beforeAll(async () => {
  if (inject('dovecotPath') === undefined) return;
  oauth = await openOAuthServer(oauthUser);
  imap = await startDovecot(oauth.tokenInfoUrl);
});

afterEach(async () => {
  await Promise.all([...running].map(async (watcher) => await watcher.close()));
  running.clear();
});

afterAll(async () => {
  await imap?.stop();
  await oauth?.close();
});

/** A database for one mailbox: what was received and where it stands, kept over restarts of the watcher. */
const createShelf = () => ({
  got: [] as { readonly position: MailboxPosition; readonly bytes: Buffer }[],
  passedOver: [] as OversizedMail[],
  position: null as MailboxPosition | null,
  problems: [] as LeitwerkError[],
  rounds: 0,
  /** Makes receiving fail. */
  isDown: false,
});

const mailboxOf = (user: string, more: Partial<ImapMailbox> = {}): ImapMailbox => ({
  host: 'localhost',
  port: imap.tlsPort,
  secure: true,
  user,
  auth: { type: 'password', password: imap.password },
  folder: 'INBOX',
  source: 'postfach',
  after: 'seen',
  ...more,
});

type Shelf = ReturnType<typeof createShelf>;

const watch = (mailbox: ImapMailbox, shelf: Shelf, more: Partial<MailboxWatch> = {}): MailboxWatcher => {
  const watcher = watchMailbox({
    mailbox,
    network: { mayCallPrivateAddresses: true, certificates: imap.certificates },
    egress,
    loadPosition: async () => await Promise.resolve(shelf.position),
    mostBytes: 40_000_000,
    receive: async (mail) => {
      if (shelf.isDown) throw new Error('database away');
      if ('raw' in mail) shelf.got.push({ position: mail.position, bytes: await buffer(mail.raw) });
      else shelf.passedOver.push(mail);
      shelf.position = mail.position;
    },
    savePosition: async (position) => {
      shelf.position = await Promise.resolve(position);
      shelf.rounds += 1;
    },
    onState: (problem) => {
      if (problem !== null) shelf.problems.push(problem);
    },
    retryMs: 50,
    ...more,
  });
  running.add(watcher);
  return watcher;
};

const end = async (watcher: MailboxWatcher): Promise<void> => {
  running.delete(watcher);
  await watcher.close();
};

const subjects = ({ got }: Shelf): string[] =>
  got.map(({ bytes }) => /^Subject: (.*?)\r?$/m.exec(bytes.toString())?.[1] ?? '');
const mail = (subject: string): string => `From: a@example.com\r\nSubject: ${subject}\r\n\r\nText\r\n`;
const countIs = async (shelf: Shelf, count: number): Promise<void> =>
  void (await until(`${count} mails`, () => shelf.got.length === count));

/** Every test has a user of its own. */
const userOf = (context: TestContext): string => {
  need(context, 'dovecotPath');
  return `${context.task.name.replace(/\W+/g, '-').slice(0, 40).toLowerCase()}@firma.example`;
};

describe('a mailbox that is read', () => {
  it('hands over what nobody has read, byte by byte, in order, and marks it', async (context) => {
    const user = userOf(context);
    const mails = ['plain', '8bit-headers', 'nested-multiparts'].map((name) => corpusMail(name));
    for (const one of mails) await imap.deliver(user, one);
    const shelf = createShelf();
    watch(mailboxOf(user), shelf);
    await countIs(shelf, 3);
    expect(shelf.got.map(({ bytes }) => bytes.toString('latin1'))).toEqual(mails.map((one) => one.toString('latin1')));
    expect(shelf.got.map(({ position }) => position.uid)).toEqual([1, 2, 3]);
    await until('all are seen', async () => (await imap.filesIn(user, 'INBOX')).every((name) => name.endsWith('S')));
  });

  it('hears of a new mail at once', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    watch(mailboxOf(user), shelf, { pollMs: 3_600_000 });
    await until('the first round', () => shelf.rounds === 1);
    for (const subject of ['eins', 'zwei']) {
      await imap.deliver(user, mail(subject));
      await until(subject, () => subjects(shelf).includes(subject));
    }
    expect(subjects(shelf)).toEqual(['eins', 'zwei']);
  });

  it('looks by itself where the server announces nothing', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    watch(mailboxOf(user), shelf, { pollMs: 50 });
    await until('several rounds', () => shelf.rounds > 3);
    expect(shelf.problems).toEqual([]);
  });

  it('works over STARTTLS', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('starttls'));
    const shelf = createShelf();
    watch(mailboxOf(user, { port: imap.port, secure: false }), shelf);
    await countIs(shelf, 1);
  });

  it('leaves a mailbox as it is when asked to', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('bleibt'));
    const shelf = createShelf();
    watch(mailboxOf(user, { after: 'nothing' }), shelf);
    await countIs(shelf, 1);
    await until('the round is over', () => shelf.rounds === 1);
    expect((await imap.filesIn(user, 'INBOX')).filter((name) => name.endsWith('S'))).toEqual([]);
  });

  it('moves what it has into a folder that it makes', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('a'));
    await imap.deliver(user, mail('b'));
    const shelf = createShelf();
    watch(mailboxOf(user, { after: 'move', moveTo: 'Leitwerk' }), shelf);
    await countIs(shelf, 2);
    await until('both are moved', async () => (await imap.filesIn(user, 'Leitwerk')).length === 2);
    await until('the inbox is empty', async () => (await imap.filesIn(user, 'INBOX')).length === 0);
    await imap.deliver(user, mail('c'));
    await until('the third is moved', async () => (await imap.filesIn(user, 'Leitwerk')).length === 3);
    expect(subjects(shelf)).toEqual(['a', 'b', 'c']);
  });

  it('streams a large mail', async (context) => {
    const user = userOf(context);
    const raw = mailWithFile(20_000_000);
    await imap.deliver(user, raw);
    const shelf = createShelf();
    watch(mailboxOf(user), shelf);
    await countIs(shelf, 1);
    expect(shelf.got[0]?.bytes.equals(raw)).toBe(true);
  });

  it('tells of a mail that is too large instead of fetching it, leaves it as it is, and goes on', async (context) => {
    const user = userOf(context);
    const head =
      'Message-ID: <gross@example.com>\r\nSubject: =?utf-8?Q?Gro=C3=9F?=\r\nFrom: Anna <Anna@Example.com>\r\n';
    const large = `${head}\r\n${'Zeile\r\n'.repeat(20_000)}`;
    await imap.deliver(user, mail('davor'));
    await imap.deliver(user, mail('danach'));
    await imap.deliver(user, large);
    const shelf = createShelf();
    const settings = { after: 'move', moveTo: 'Leitwerk' } as const;
    const first = watch(mailboxOf(user, settings), shelf, { mostBytes: large.length - 1 });
    await until('the round is over', () => shelf.rounds === 1);
    expect(subjects(shelf)).toEqual(['davor', 'danach']);
    expect(shelf.passedOver).toMatchObject([
      {
        size: large.length,
        messageId: 'gross@example.com',
        from: { address: 'anna@example.com', name: 'Anna' },
        subject: 'Groß',
      },
    ]);
    await end(first);
    watch(mailboxOf(user, settings), shelf, { mostBytes: large.length });
    await until('the next round is over', () => shelf.rounds === 2);
    expect(await imap.filesIn(user, 'Leitwerk')).toHaveLength(2);
    expect(await imap.filesIn(user, 'INBOX')).toEqual([expect.not.stringMatching(/S$/)]);
    expect(shelf.got).toHaveLength(2);
  });

  it('leaves what was read before it where it is, after a restart too', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('gelesen'), 'seen');
    const shelf = createShelf();
    const first = watch(mailboxOf(user, { after: 'move', moveTo: 'Leitwerk' }), shelf);
    await until('the round is over', () => shelf.rounds === 1);
    await end(first);
    watch(mailboxOf(user, { after: 'move', moveTo: 'Leitwerk' }), shelf);
    await until('the next round is over', () => shelf.rounds === 2);
    expect(await imap.filesIn(user, 'INBOX')).toHaveLength(1);
  });

  it('goes on when a mail is not read to its end', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mailWithFile(2_000_000));
    await imap.deliver(user, mail('danach'));
    const shelf = createShelf();
    const uids: number[] = [];
    watch(mailboxOf(user), shelf, {
      receive: async ({ position }) => void (await Promise.resolve(uids.push(position.uid))),
    });
    await until('the round is over', () => shelf.rounds === 1);
    expect(uids).toEqual([1, 2]);
  });
});

describe('nothing lost, nothing twice', () => {
  it('a mail that could not be stored stays unread and comes again, before the next', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('eins'));
    await imap.deliver(user, mail('zwei'));
    const shelf = createShelf();
    shelf.isDown = true;
    watch(mailboxOf(user), shelf);
    await until('two failures', () => shelf.problems.length >= 2);
    expect((await imap.filesIn(user, 'INBOX')).filter((name) => name.endsWith('S'))).toEqual([]);
    shelf.isDown = false;
    await countIs(shelf, 2);
    expect(subjects(shelf)).toEqual(['eins', 'zwei']);
  });

  it('a restart fetches only what is new', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    await imap.deliver(user, mail('vorher'));
    const first = watch(mailboxOf(user, { after: 'nothing' }), shelf);
    await countIs(shelf, 1);
    await end(first);
    await imap.deliver(user, mail('nachher'));
    watch(mailboxOf(user, { after: 'nothing' }), shelf);
    await countIs(shelf, 2);
    await until('the round is over', () => shelf.rounds >= 2);
    expect(subjects(shelf)).toEqual(['vorher', 'nachher']);
  });

  it('a mail stored just before the end is marked by the next start, not fetched', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('gespeichert'));
    const shelf = createShelf();
    const position: PromiseWithResolvers<MailboxPosition> = Promise.withResolvers();
    const first = watch(mailboxOf(user), shelf, {
      receive: async (one) => {
        position.resolve(one.position);
        // Stored, but the process ends before the mailbox learns of it.
        return await Promise.reject(new Error('killed'));
      },
    });
    shelf.position = await position.promise;
    await end(first);
    expect((await imap.filesIn(user, 'INBOX')).filter((name) => name.endsWith('S'))).toEqual([]);
    watch(mailboxOf(user), shelf);
    await until('it is seen', async () => (await imap.filesIn(user, 'INBOX')).every((name) => name.endsWith('S')));
    expect(shelf.got).toEqual([]);
  });

  it('a first reading that is broken off passes over what was read before, when it goes on', async (context) => {
    const user = userOf(context);
    await imap.deliver(user, mail('eins'));
    await imap.deliver(user, mail('gelesen'), 'seen');
    await imap.deliver(user, mail('zwei'));
    const shelf = createShelf();
    const first = watch(mailboxOf(user, { after: 'nothing' }), shelf, {
      receive: async (one) => {
        if (shelf.position !== null) throw new Error('killed');
        if ('raw' in one) shelf.got.push({ position: one.position, bytes: await buffer(one.raw) });
        shelf.position = one.position;
      },
    });
    await until('the second fails', () => shelf.problems.length > 0);
    await end(first);
    expect(shelf.position).toMatchObject({ uid: 1, unreadUpTo: 3 });
    await imap.deliver(user, mail('später gelesen'), 'seen');
    watch(mailboxOf(user, { after: 'nothing' }), shelf);
    await countIs(shelf, 3);
    expect(subjects(shelf)).toEqual(['eins', 'zwei', 'später gelesen']);
    await until('it is through', () => shelf.position?.uid === 4 && shelf.position.unreadUpTo === undefined);
  });

  it('a mailbox numbered anew hands over what is unread and what came since, whoever has read it, never the old', async (context) => {
    const user = userOf(context);
    const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);
    for (const days of [900, 2, 1, 0.01]) await imap.deliver(user, mail('alt'), 'seen', daysAgo(days));
    await imap.deliver(user, mail('eins'), undefined, daysAgo(0.01));
    const shelf = createShelf();
    const first = watch(mailboxOf(user), shelf);
    await countIs(shelf, 1);
    await until('the round is over', () => shelf.rounds === 1);
    await end(first);
    const later = new Date(Date.now() + 2_000);
    await imap.renumber(user);
    await imap.deliver(user, mail('verschoben'), 'seen', daysAgo(5));
    await imap.deliver(user, mail('gelesen'), 'seen', later);
    await imap.deliver(user, mail('zwei'), undefined, later);
    const second = watch(mailboxOf(user), shelf);
    await countIs(shelf, 3);
    await until('the next round is over', () => shelf.rounds === 2);
    expect(subjects(shelf)).toEqual(['eins', 'gelesen', 'zwei']);
    const [before, ...after] = shelf.got.map(({ position }) => position.uidValidity);
    expect(new Set(after).size).toBe(1);
    expect(after).not.toContain(before);
    await end(second);
    await imap.renumber(user);
    await imap.deliver(user, mail('drei'));
    watch(mailboxOf(user), shelf);
    await until('the third round is over', () => shelf.rounds === 3);
    expect(subjects(shelf).at(-1)).toBe('drei');
    expect(subjects(shelf)).not.toContain('alt');
  });

  it('a server that goes away and comes back is read on', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    await imap.deliver(user, mail('vorher'));
    watch(mailboxOf(user), shelf, { pollMs: 500 });
    await countIs(shelf, 1);
    await imap.restart(async () => {
      await until('it is noticed', () => shelf.problems.length > 0);
      await imap.deliver(user, mail('während'));
    });
    await countIs(shelf, 2);
    expect(shelf.problems[0]?.code).toBe('RemoteUnavailable');
  });
});

describe('a mailbox that cannot be read says why', () => {
  const firstProblem = async (shelf: Shelf): Promise<LeitwerkError> =>
    await until('a problem', () => shelf.problems[0]);

  it('wrong password', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    watch(mailboxOf(user, { auth: { type: 'password', password: 'falsch-und-geheim' } }), shelf);
    const { code, text } = await firstProblem(shelf);
    expect(code).toBe('RemoteRejected');
    expect(text.de).toContain(user);
    expect(JSON.stringify(text)).not.toContain('falsch-und-geheim');
  });

  it('no such folder', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    watch(mailboxOf(user, { folder: 'Gibtsnicht' }), shelf);
    expect((await firstProblem(shelf)).text.de).toContain('„Gibtsnicht“');
  });

  it('a certificate of a stranger', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    watch(mailboxOf(user), shelf, { network: { mayCallPrivateAddresses: true } });
    expect((await firstProblem(shelf)).code).toBe('RemoteUnavailable');
    expect(shelf.got).toEqual([]);
  });

  it('an address of the own network, where that is not allowed', async (context) => {
    const user = userOf(context);
    const shelf = createShelf();
    const network = { mayCallPrivateAddresses: false, certificates: imap.certificates };
    watch(mailboxOf(user), shelf, { network });
    expect((await firstProblem(shelf)).text.en).toContain('may not be called');
  });

  it('a server that offers no TLS gets no password', async (context) => {
    const user = userOf(context);
    const heard: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('* OK IMAP4rev1 ready\r\n');
      socket.on('data', (line) => {
        heard.push(line.toString());
        const tag = line.toString().split(' ')[0] ?? '';
        socket.write(`* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n${tag} OK done\r\n`);
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const shelf = createShelf();
    watch(mailboxOf(user, { host: '127.0.0.1', port, secure: false }), shelf, {
      retryMs: 3_600_000,
      pollMs: 3_600_000,
    });
    expect((await firstProblem(shelf)).code).toBe('RemoteUnavailable');
    await new Promise((resolve) => void server.close(resolve));
    expect(heard.join('')).toContain('CAPABILITY');
    expect(heard.join('')).not.toMatch(/LOGIN|AUTHENTICATE/i);
  });
});

describe('a mailbox with OAuth', () => {
  const oauthMailbox = (): ImapMailbox =>
    mailboxOf(oauthUser, {
      auth: {
        type: 'oauth',
        tokenUrl: oauth.tokenUrl,
        clientId: 'leitwerk',
        clientSecret: 'client-secret',
        refreshToken: 'refresh-me',
        scope: 'mail',
      },
    });

  it('buys a token, keeps it, and buys another when it was revoked', async (context) => {
    need(context, 'dovecotPath');
    const shelf = createShelf();
    await imap.deliver(oauthUser, mail('eins'));
    watch(oauthMailbox(), shelf, { pollMs: 500 });
    await countIs(shelf, 1);
    expect(Object.fromEntries(oauth.requests[0] ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
      client_id: 'leitwerk',
      client_secret: 'client-secret',
      scope: 'mail',
    });
    await imap.restart();
    await imap.deliver(oauthUser, mail('zwei'));
    await countIs(shelf, 2);
    expect(oauth.requests).toHaveLength(1);
    oauth.revokeTokens();
    await imap.restart();
    await imap.deliver(oauthUser, mail('drei'));
    await countIs(shelf, 3);
    expect(oauth.requests).toHaveLength(2);
  });

  it('says that it must be connected again when it was revoked for good', async (context) => {
    need(context, 'dovecotPath');
    oauth.refuse(true);
    const shelf = createShelf();
    watch(oauthMailbox(), shelf);
    const { code, text } = await until('a problem', () => shelf.problems[0]);
    oauth.refuse(false);
    expect(code).toBe('RemoteRejected');
    expect(text.en).toContain('invalid_grant');
    expect(JSON.stringify(text)).not.toContain('refresh-me');
  });
});
