import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { changeConnection, createConnection } from '../../commands/connections/changeConnection.ts';
import { connectionOf, openConnection } from '../../commands/connections/connection.ts';
import type { ConnectionKind } from '../../core/connections.ts';
import type { LeitwerkError } from '../../core/errors.ts';
import { createSecretBox } from '../../store/secrets.ts';
import { dialects } from '../support/stores.ts';
import { buildHouse, type House } from './house.ts';

/** In every credential: it must come out nowhere. */
const secret = 'Zaunkoenig-4711';

const mailbox: ConnectionKind = {
  kind: 'mailbox',
  label: { de: 'Postfach', en: 'Mailbox' },
  help: { de: 'Ein Postfach.', en: 'A mailbox.' },
  settings: { type: 'object', properties: { host: { type: 'string' }, folder: { type: 'string' } } },
  credentials: { type: 'object', required: ['password'], properties: { password: { type: 'string' } } },
  bound: ['host'],
};

describe.each(dialects)('credentials of connections, on %s', (dialect) => {
  let house: House;
  let built: Promise<House> | undefined;

  beforeEach(async ({ skip }) => {
    built ??= buildHouse({ skip }, dialect);
    house = await built;
  });
  afterAll(async () => {
    await (await built)?.close();
  });

  const credentials = { appSecret: secret, verifyToken: `${secret}-wort`, accessToken: `${secret}-token` };

  it('S38, S39: are sealed in the database and in no answer, log, audit entry or fault', async () => {
    const make = { kind: 'facebook', id: 'seite', name: 'Seite', settings: { pageId: '1' }, credentials };
    const heard = [
      await house.call(house.admin, '/api/v1/connections', { method: 'POST', body: make }),
      await house.call(house.admin, '/api/v1/connections', { method: 'POST', body: make }),
      await house.call(house.admin, '/api/v1/connections/seite', {
        method: 'PATCH',
        body: { credentials: { ...credentials, x: secret } },
      }),
      await house.call(house.admin, '/api/v1/connections/seite/rotate', { method: 'POST', body: { credentials } }),
      await house.call(house.admin, '/api/v1/connections/seite/test', { method: 'POST' }),
      await house.call(house.admin, '/api/v1/connections'),
      await house.call(house.admin, '/api/v1/connections/seite'),
      await house.call(house.admin, '/api/v1/audit?entity=connection'),
    ];
    expect(heard.map(({ status }) => status)).toEqual([201, 409, 422, 200, 200, 200, 200, 200]);
    expect(heard.filter(({ text }) => text.includes(secret))).toEqual([]);
    expect(heard.at(-1)?.text).toContain('connection.rotate');
    expect(house.app.lines().filter((line) => line.includes(secret))).toEqual([]);
    const { db } = house.store.foundation;
    const kept: string[] = [];
    for (const table of ['connection', 'secret', 'event', 'feed', 'idempotency']) {
      for (const row of await db.all(`SELECT * FROM \`${table}\``))
        kept.push(
          Object.values(row)
            .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
            .join(),
        );
    }
    expect(kept.length).toBeGreaterThan(2);
    expect(kept.filter((text) => text.includes(secret))).toEqual([]);
  });

  it('S38: open with the key of this system only, and say so with another one', async () => {
    const ctx = house.store.asSystem();
    const { secrets } = house.store.foundation;
    await createConnection(ctx, secrets, {
      kind: mailbox,
      id: 'post',
      name: 'Post',
      settings: {},
      credentials: { password: secret },
    });
    expect((await openConnection(ctx, secrets, 'post')).credentials).toEqual({ password: secret });
    const other = createSecretBox(Buffer.alloc(32, 9));
    const failure = await openConnection(ctx, other, 'post').catch((error: unknown) => error as LeitwerkError);
    expect(failure).toMatchObject({
      code: 'Misconfigured',
      text: { de: expect.stringContaining('neu eingeben') as string },
    });
  });

  it('go to no other host than the one that they were given for', async () => {
    const ctx = house.store.asSystem();
    const { secrets } = house.store.foundation;
    const tools = { box: secrets, kindOf: () => mailbox };
    const settings = { host: 'imap.example.org', folder: 'INBOX' };
    await createConnection(ctx, secrets, {
      kind: mailbox,
      id: 'box',
      name: 'Box',
      settings,
      credentials: { password: secret },
    });
    await changeConnection(ctx, tools, { id: 'box', settings: { ...settings, folder: 'Leads' } });
    const elsewhere = { id: 'box', settings: { ...settings, host: 'evil.example' } };
    const refused = await changeConnection(ctx, tools, elsewhere).catch((error: unknown) => error as LeitwerkError);
    expect(refused).toMatchObject({ code: 'InvalidInput', issues: [{ path: '/credentials' }] });
    expect((await connectionOf(ctx, ctx.db, 'box')).settings['host']).toBe('imap.example.org');
    await changeConnection(ctx, tools, { ...elsewhere, credentials: { password: 'neu' } });
    expect((await openConnection(ctx, secrets, 'box')).credentials).toEqual({ password: 'neu' });
  });

  it('are deleted with their connection, which goes only when no source needs it', async () => {
    const make = { kind: 'facebook', id: 'facebook', name: 'F', settings: { pageId: '1' }, credentials };
    expect((await house.call(house.admin, '/api/v1/connections', { method: 'POST', body: make })).status).toBe(201);
    const used = await house.call(house.admin, '/api/v1/connections/facebook', { method: 'DELETE' });
    expect([used.status, used.text]).toEqual([409, expect.stringContaining('facebook')]);
    await house.done(house.admin, '/api/v1/connections', { method: 'POST', body: { ...make, id: 'weg' } });
    expect((await house.call(house.admin, '/api/v1/connections/weg', { method: 'DELETE' })).status).toBe(204);
    const { db } = house.store.foundation;
    expect(await db.all("SELECT `name` FROM `secret` WHERE `name` = 'connection/weg'")).toEqual([]);
  });
});
