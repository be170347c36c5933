import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeOwnAccount, changeUser } from '../../commands/accounts/changeUser.ts';
import { createKey } from '../../commands/accounts/createKey.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { endSession } from '../../commands/accounts/endSession.ts';
import { revokeKey } from '../../commands/accounts/revokeKey.ts';
import { finishSetup, isSetupNeeded, startSetup } from '../../commands/accounts/setup.ts';
import { signIn, type SignedIn } from '../../commands/accounts/signIn.ts';
import { hashToken } from '../../commands/accounts/tokens.ts';
import type { Actor } from '../../core/actor.ts';
import { createAuthenticator, type Authenticator } from '../../server/auth/authenticate.ts';
import { listSessions } from '../../store/accounts-sessions.ts';
import { listKeys } from '../../store/accounts-keys.ts';
import { listUsers } from '../../store/accounts-users.ts';
import { readAudit } from '../../store/events.ts';
import { createAccountWorld, goodPassword, type AccountWorld } from '../support/accounts.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { until } from '../support/processes.ts';
import { need } from '../support/provided.ts';

const email = 'anna@muster-bau.de';
const right = { email, password: goodPassword };
const wrong = { email, password: 'falsches passwort 1' };
const fail = (reason: unknown): never => expect.unreachable(String(reason));
const setupForm = (token: string) => ({ token, company: 'Muster Bau GmbH', name: 'Anna Berger', ...right });
const code = (name: string): unknown => expect.objectContaining({ code: name });

describe.each(['SQLite', 'MariaDB'] as const)('accounts on %s', (kind) => {
  let world: AccountWorld;
  let authenticator: Authenticator;

  beforeEach(async (context) => {
    world = await createAccountWorld(
      kind === 'SQLite' ? undefined : await createMariadbDatabase(need(context, 'mariadbUrl')),
    );
    authenticator = createAuthenticator({ db: world.db, now: () => world.now, onError: fail });
  });
  afterEach(async () => await world.close());

  const enter = async (signedIn: Pick<SignedIn, 'token'>): Promise<Actor> => {
    const actor = await comeIn(signedIn.token);
    return actor ?? fail('the session does not open');
  };
  const comeIn = async (token: string): Promise<Actor | undefined> =>
    await authenticator.authenticate({ cookie: `leitwerk=${token}`, isSecure: false });
  const comeWithKey = async (key: string): Promise<Actor | undefined> =>
    await authenticator.authenticate({ authorization: `Bearer ${key}`, isSecure: false });
  const begin = async (): Promise<string> => (await startSetup(world.db, world.now)) ?? fail('no token');
  const stored = async (): Promise<string> => {
    const tables = ['user', 'user_password', 'session', 'api_key', 'setup_token', 'event', 'sign_in_failure'];
    const rows = await Promise.all(tables.map(async (table) => await world.db.all(`SELECT * FROM \`${table}\``)));
    return JSON.stringify(rows);
  };
  const acts = async (): Promise<string[]> =>
    (await readAudit(world.db, { tenantId: 'main', limit: 50 })).map((event) => event.act).toReversed();

  it('signs a person in with any spelling of the mail and knows them by the session', async () => {
    const user = await world.addUser();
    const signedIn = await signIn(world.asVisitor(), { email: ' Anna@Muster-Bau.DE ', password: goodPassword });
    expect(await comeIn(signedIn.token)).toMatchObject({
      kind: 'user',
      id: user.id,
      tenantId: 'main',
      role: 'sales',
      sessionId: signedIn.session.id,
    });
    expect(await acts()).toEqual(['user.signIn']);
  });

  it('S29: answers unknown mail, wrong password and disabled user alike', async () => {
    const user = await world.addUser();
    const ctx = world.asVisitor();
    const answers = [
      await signIn(ctx, wrong).catch((error: unknown) => error),
      await signIn(ctx, { ...wrong, email: 'nobody@muster-bau.de' }).catch((error: unknown) => error),
    ];
    await changeUser(world.asActor(), user.id, { isDisabled: true });
    answers.push(await signIn(ctx, right).catch((error: unknown) => error));
    for (const answer of answers)
      expect(answer).toMatchObject({
        code: 'Unauthenticated',
        message: 'The e-mail address or the password is wrong.',
      });
  });

  it('S22: gives a new token at every sign-in, lists sessions and ends one of them', async () => {
    const user = await world.addUser();
    const phone = await signIn(world.asVisitor({ userAgent: 'phone' }), right);
    const desk = await signIn(world.asVisitor({ userAgent: 'desk' }), right);
    expect(phone.token).not.toBe(desk.token);
    expect((await listSessions(world.db, user.id, world.now)).map((session) => session.userAgent).toSorted()).toEqual([
      'desk',
      'phone',
    ]);
    await endSession(world.asActor(await enter(desk)), phone.session.id);
    expect(await comeIn(phone.token)).toBeUndefined();
    expect(await comeIn(desk.token)).toBeDefined();
  });

  it('S22: does not end the session of somebody else', async () => {
    await world.addUser();
    const other = await world.addUser({ email: 'bernd@muster-bau.de' });
    const annas = await signIn(world.asVisitor(), right);
    const bernds = await signIn(world.asVisitor(), { ...right, email: other.email });
    await expect(endSession(world.asActor(await enter(bernds)), annas.session.id)).rejects.toThrow(code('NotFound'));
    expect(await comeIn(annas.token)).toBeDefined();
  });

  it('S22: ends a session after 7 idle days and after 30 days of use', async () => {
    await world.addUser();
    const idle = await signIn(world.asVisitor(), right);
    const busy = await signIn(world.asVisitor(), right);
    for (let day = 0; day < 29; day += 1) {
      world.pass(86_400);
      expect(await comeIn(busy.token)).toBeDefined();
      await world.db.write(() => undefined);
    }
    expect(await comeIn(idle.token)).toBeUndefined();
    world.pass(86_400);
    expect(await comeIn(busy.token)).toBeUndefined();
  });

  it('S21: a disabled user is out at once, on every way in', async () => {
    const user = await world.addUser();
    const signedIn = await signIn(world.asVisitor(), right);
    const actor = await enter(signedIn);
    await changeUser(world.asActor(), user.id, { isDisabled: true });
    expect(await comeIn(signedIn.token)).toBeUndefined();
    expect(await authenticator.isStillIn(actor)).toBe(false);
    expect(await listSessions(world.db, user.id, world.now)).toEqual([]);
    await changeUser(world.asActor(), user.id, { isDisabled: false });
    expect(await comeIn(signedIn.token)).toBeUndefined();
  });

  it('shows a changed role to the next request, and ends streams opened with the old one', async () => {
    const user = await world.addUser();
    const { token } = await signIn(world.asVisitor(), right);
    const before = await enter({ token });
    expect(await authenticator.isStillIn(before)).toBe(true);
    await changeUser(world.asActor(), user.id, { role: 'organization-manager', team: 'nord' });
    expect(await authenticator.isStillIn(before)).toBe(false);
    expect(await comeIn(token)).toMatchObject({ role: 'organization-manager', team: 'nord' });
  });

  it('S27: makes guessing slower and slower and lets the right password in after the wait', async () => {
    await world.addUser();
    const ctx = world.asVisitor();
    for (let n = 0; n < 6; n += 1) await expect(signIn(ctx, wrong)).rejects.toThrow(code('Unauthenticated'));
    await expect(signIn(ctx, right)).rejects.toThrow(
      expect.objectContaining({ code: 'RateLimited', retryAfterSeconds: 2 }),
    );
    world.pass(2);
    await expect(signIn(ctx, wrong)).rejects.toThrow(code('Unauthenticated'));
    await expect(signIn(ctx, right)).rejects.toThrow(expect.objectContaining({ retryAfterSeconds: 4 }));
    world.pass(4);
    await expect(signIn(ctx, right)).resolves.toBeDefined();
    await expect(signIn(ctx, wrong)).rejects.toThrow(code('Unauthenticated'));
  });

  it('S27: counts guesses that come at once, every one', async () => {
    await world.addUser();
    const guesses = await Promise.allSettled(
      Array.from({ length: 12 }, async () => await signIn(world.asVisitor(), wrong)),
    );
    const codes = guesses.map((guess) =>
      guess.status === 'rejected' ? (guess.reason as { code: string }).code : 'in',
    );
    expect(codes.toSorted()).toEqual([
      ...Array<string>(6).fill('RateLimited'),
      ...Array<string>(6).fill('Unauthenticated'),
    ]);
  });

  it('S27: guesses from all over the world slow the account down, but not where its owner is signed in', async () => {
    await world.addUser();
    await signIn(world.asVisitor({ address: '198.51.100.1' }), right);
    for (let n = 0; n < 21; n += 1) {
      await expect(signIn(world.asVisitor({ address: `203.0.113.${n}` }), wrong)).rejects.toThrow(
        code('Unauthenticated'),
      );
    }
    await expect(signIn(world.asVisitor({ address: '203.0.113.99' }), wrong)).rejects.toThrow(code('RateLimited'));
    await expect(signIn(world.asVisitor({ address: '198.51.100.1' }), right)).resolves.toBeDefined();
  });

  it('S30: refuses a weak password wherever one is set', async () => {
    const weak = expect.objectContaining({
      code: 'InvalidInput',
      issues: [expect.objectContaining({ path: '/password' })],
    });
    await expect(
      createUser(world.asActor(), { name: 'B', role: 'sales', email: 'b@b.de', password: 'passwort123' }),
    ).rejects.toThrow(weak);
    const user = await world.addUser();
    await expect(changeUser(world.asActor(), user.id, { password: 'kurz' })).rejects.toThrow(weak);
  });

  it('a new own password needs the old one and ends the other sessions', async () => {
    await world.addUser();
    const here = await signIn(world.asVisitor(), right);
    const elsewhere = await signIn(world.asVisitor(), right);
    const ctx = world.asActor(await enter(here));
    const password = 'zwölf rote laternen';
    await expect(changeOwnAccount(ctx, { password, currentPassword: 'geraten oder was' })).rejects.toThrow(
      code('InvalidInput'),
    );
    await changeOwnAccount(ctx, { password, currentPassword: goodPassword });
    expect(await comeIn(here.token)).toBeDefined();
    expect(await comeIn(elsewhere.token)).toBeUndefined();
    await expect(signIn(world.asVisitor(), right)).rejects.toThrow(code('Unauthenticated'));
    await expect(signIn(world.asVisitor(), { email, password })).resolves.toBeDefined();
  });

  it('S34: keeps keys and tokens as hashes only', async () => {
    await world.addUser();
    const { key, row } = await createKey(world.asActor(), { name: 'Website', role: 'sales' });
    const { token } = await signIn(world.asVisitor(), right);
    const everything = await stored();
    for (const secret of [key, token, goodPassword]) expect(everything).not.toContain(secret);
    expect(everything).toContain(hashToken(key));
    expect(JSON.stringify(await listKeys(world.db, 'main'))).not.toContain(hashToken(key));
    expect(key.startsWith(row.prefix)).toBe(true);
  });

  it('makes no key whose scopes grant nothing', async () => {
    for (const scope of ['lead:read', 'leads:nope', 'leads:read-write', 'bogus']) {
      const made = createKey(world.asActor(), { name: 'Website', scopes: ['leads:read', scope] });
      await expect(made).rejects.toMatchObject({
        code: 'InvalidInput',
        issues: [
          {
            path: '/scopes/1',
            code: 'choice',
            message: expect.stringMatching(
              new RegExp(`no scope "${scope}".+<what>:read, <what>:write .+ leads, config, users`),
            ) as string,
          },
        ],
      });
    }
    for (const scope of ['*', '*:read', 'leads:*', 'config:read'])
      expect((await createKey(world.asActor(), { name: 'Website', scopes: [scope] })).row.scopes).toEqual([scope]);
  });

  it('S34: a key acts with its role and scopes and notes when it was used', async () => {
    const { key, row } = await createKey(world.asActor(), { name: 'Website', scopes: ['leads:write'] });
    expect(await comeWithKey(key)).toMatchObject({
      kind: 'key',
      id: row.id,
      tenantId: 'main',
      scopes: ['leads:write'],
    });
    const usedAt = await until('the note', async () => (await listKeys(world.db, 'main'))[0]?.lastUsedAt);
    expect(usedAt).toBe(world.now.toISOString());
  });

  it('S34: a key ends when it expires, and within a second of being revoked elsewhere', async () => {
    const soon = new Date(world.now.getTime() + 500).toISOString();
    const short = await createKey(world.asActor(), { name: 'short', role: 'sales', expiresAt: soon });
    const long = await createKey(world.asActor(), { name: 'long', role: 'sales' });
    expect(await comeWithKey(short.key)).toBeDefined();
    const actor = (await comeWithKey(long.key)) ?? fail('the key does not open');
    await revokeKey(world.asActor(), long.row.id);
    world.pass(0.6);
    expect(await comeWithKey(short.key)).toBeUndefined();
    expect(await authenticator.isStillIn(actor)).toBe(false);
    world.pass(0.4);
    expect(await comeWithKey(long.key)).toBeUndefined();
  });

  it('S34: a key revoked here is out at once', async () => {
    const { key, row } = await createKey(world.asActor(), { name: 'Website', role: 'sales' });
    await comeWithKey(key);
    await revokeKey(world.asActor(), row.id);
    authenticator.forgetKeys();
    expect(await comeWithKey(key)).toBeUndefined();
    await expect(revokeKey(world.asActor(), row.id)).rejects.toThrow(code('NotFound'));
  });

  it('a wrong key does not fall back to a good cookie', async () => {
    await world.addUser();
    const { token } = await signIn(world.asVisitor(), right);
    expect(
      await authenticator.authenticate({
        authorization: 'Bearer lw_nonsense',
        cookie: `leitwerk=${token}`,
        isSecure: false,
      }),
    ).toBeUndefined();
  });

  it('nobody hands out a role that may more than their own', async () => {
    const manager = await world.addUser({ role: 'organization-manager' });
    const ctx = world.asActor(await enter(await signIn(world.asVisitor(), right)));
    await expect(createUser(ctx, { name: 'Eve', email: 'eve@muster.de', role: 'superadmin' })).rejects.toThrow(
      code('Forbidden'),
    );
    await expect(changeUser(ctx, manager.id, { role: 'superadmin' })).rejects.toThrow(code('Forbidden'));
    const chief = await world.addUser({ email: 'chef@muster-bau.de', role: 'superadmin' });
    await expect(changeUser(ctx, chief.id, { password: 'zwölf rote laternen' })).rejects.toThrow(code('Forbidden'));
    await expect(createKey(ctx, { name: 'k', role: 'sales' })).rejects.toThrow(code('Forbidden'));
    const { initialPassword, user } = await createUser(ctx, { name: 'Eve', email: 'eve@muster.de', role: 'sales' });
    await expect(signIn(world.asVisitor(), { email: user.email, password: initialPassword })).resolves.toBeDefined();
  });

  it('a role without the area changes nobody', async () => {
    const user = await world.addUser();
    const ctx = world.asActor(await enter(await signIn(world.asVisitor(), right)));
    await expect(createUser(ctx, { name: 'Eve', email: 'eve@muster.de', role: 'sales' })).rejects.toThrow(
      code('Forbidden'),
    );
    await expect(changeUser(ctx, user.id, { team: 'nord' })).rejects.toThrow(code('Forbidden'));
    await expect(changeOwnAccount(ctx, { role: 'superadmin' })).rejects.toThrow(code('InvalidInput'));
  });

  it('keeps the last superadmin', async () => {
    const chief = await world.addUser({ role: 'superadmin' });
    await expect(changeUser(world.asActor(), chief.id, { isDisabled: true })).rejects.toThrow(code('Conflict'));
    await expect(changeUser(world.asActor(), chief.id, { role: 'sales' })).rejects.toThrow(code('Conflict'));
    await world.addUser({ email: 'zwei@muster-bau.de', role: 'superadmin' });
    await expect(changeUser(world.asActor(), chief.id, { isDisabled: true })).resolves.toBeDefined();
  });

  it('refuses a second user with the same mail, and names every wrong field at once', async () => {
    await world.addUser();
    await expect(
      createUser(world.asActor(), { name: 'Anna', role: 'sales', email: 'ANNA@muster-bau.de' }),
    ).rejects.toThrow(code('Conflict'));
    const faulty = createUser(world.asActor(), { email: 'x', name: '', role: 'sales', isDisabled: true });
    await expect(faulty).rejects.toMatchObject({ code: 'InvalidInput' });
    const issues = await faulty.catch((error: { issues: { path: string }[] }) => error.issues.map(({ path }) => path));
    expect(issues).toEqual(expect.arrayContaining(['/email', '/name', '/isDisabled']));
    await expect(createUser(world.asActor(), { email: 'b@b.de', name: 'B', role: 'king' })).rejects.toThrow(
      code('InvalidInput'),
    );
  });

  it('users of another tenant do not exist', async () => {
    const user = await world.addUser();
    const foreign = world.asActor({
      kind: 'user',
      id: 'x',
      name: 'X',
      tenantId: 'other',
      role: 'superadmin',
      language: 'en',
    });
    await expect(changeUser(foreign, user.id, { isDisabled: true })).rejects.toThrow(code('NotFound'));
    expect(await listUsers(world.db, 'other')).toEqual([]);
  });

  describe('S51: first-run set-up', () => {
    it('makes the superadmin with the token from the console and signs them in, once', async () => {
      const token = await begin();
      expect(await isSetupNeeded(world.db)).toBe(true);
      const signedIn = await finishSetup(world.asVisitor(), setupForm(token));
      expect(await comeIn(signedIn.token)).toMatchObject({ role: 'superadmin', tenantId: 'main' });
      expect(await isSetupNeeded(world.db)).toBe(false);
      expect(await acts()).toEqual(['user.setup']);
      await expect(finishSetup(world.asVisitor(), { ...setupForm(token), email: 'eve@muster.de' })).rejects.toThrow(
        code('Forbidden'),
      );
      expect(await startSetup(world.db, world.now)).toBeUndefined();
    });

    it('there is no way in without it: no user, no default password', async () => {
      await begin();
      expect(await listUsers(world.db, 'main')).toEqual([]);
      await expect(finishSetup(world.asVisitor(), setupForm('a'.repeat(43)))).rejects.toThrow(code('Forbidden'));
      await expect(signIn(world.asVisitor(), { email: 'admin', password: 'admin' })).rejects.toThrow(
        code('Unauthenticated'),
      );
    });

    it('a day ends a link, and it is forgotten with the next', async () => {
      const token = await begin();
      world.pass(86_400);
      await expect(finishSetup(world.asVisitor(), setupForm(token))).rejects.toThrow(code('Forbidden'));
      const next = await begin();
      expect(await world.db.all('SELECT `tokenHash` FROM `setup_token`')).toEqual([{ tokenHash: hashToken(next) }]);
    });

    it('processes that start at once or later show links that are all good, until one was used', async () => {
      const tokens = [await begin(), ...(await Promise.all([begin(), begin(), begin()]))];
      for (const token of tokens)
        await expect(finishSetup(world.asVisitor(), { ...setupForm(token), password: 'passwort123' })).rejects.toThrow(
          code('InvalidInput'),
        );
      await finishSetup(world.asVisitor(), setupForm(tokens[1] ?? ''));
      for (const token of tokens)
        await expect(finishSetup(world.asVisitor(), { ...setupForm(token), email: 'eve@muster.de' })).rejects.toThrow(
          code('Forbidden'),
        );
      expect(await world.db.all('SELECT * FROM `setup_token`')).toEqual([]);
    });

    it.each(['one link', 'two links'])('of two who finish at once with %s one wins', async (links) => {
      const token = await begin();
      const other = links === 'two links' ? await begin() : token;
      const finish = async (): Promise<unknown[]> =>
        await Promise.allSettled([
          finishSetup(world.asVisitor(), setupForm(token)),
          finishSetup(world.asVisitor(), { ...setupForm(other), email: 'eve@muster.de' }),
        ]);
      const tries = kind === 'SQLite' ? await finish() : await lineUp(finish);
      expect(tries).toContainEqual(expect.objectContaining({ status: 'fulfilled' }));
      expect(tries).toContainEqual({ status: 'rejected', reason: code('Forbidden') });
      expect(await listUsers(world.db, 'main')).toHaveLength(1);
    });

    /** Lets two go on when both have come as far as they can while somebody else holds the tenant. */
    const lineUp = async (two: () => Promise<unknown[]>): Promise<unknown[]> => {
      let running: Promise<unknown[]> | undefined;
      await world.db.write(async (tx) => {
        await tx.run("UPDATE `tenant` SET `name` = 'held' WHERE `id` = 'main'");
        running = two();
        const waiting =
          "SELECT `id` FROM `information_schema`.`processlist` JOIN `information_schema`.`innodb_trx` ON `trx_mysql_thread_id` = `id` WHERE `db` = DATABASE() AND `trx_state` = 'LOCK WAIT'";
        await until('both wait', async () => (await world.db.all(waiting)).length === 2);
      });
      return (await running) ?? [];
    };

    it('a refused password leaves the link good', async () => {
      const token = await begin();
      await expect(finishSetup(world.asVisitor(), { ...setupForm(token), password: 'passwort123' })).rejects.toThrow(
        code('InvalidInput'),
      );
      await expect(finishSetup(world.asVisitor(), setupForm(token))).resolves.toBeDefined();
    });
  });
});
