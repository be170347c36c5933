import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filterModel } from './filter-model.ts';
import { newUserRow } from '../../commands/accounts/createUser.ts';
import { createTenant } from '../../commands/accounts/createTenant.ts';
import type { AccountContext, VisitorContext } from '../../commands/accounts/context.ts';
import { hashPassword } from '../../commands/accounts/password.ts';
import { systemActor, type Actor } from '../../core/actor.ts';
import { accountTables } from '../../store/accounts.ts';
import { insertUser, writePasswordHash, type User } from '../../store/accounts-users.ts';
import type { ConfigHead } from '../../store/config.ts';
import type { Database } from '../../store/database.ts';
import { eventTable } from '../../store/events.ts';
import { openMysql } from '../../store/mysql.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { migrate } from '../../store/tables.ts';

/** A password that passes every rule. */
export const goodPassword = 'kaffee regen laterne 7';

const areas: Readonly<Record<string, readonly string[]>> = {
  superadmin: ['*'],
  'organization-manager': ['config', 'users', 'audit'],
  sales: [],
};

const head = (key: string): ConfigHead => ({
  kind: 'roles',
  key,
  revision: 1,
  yaml: '',
  value: { key, can: [], may: areas[key] ?? [] },
  hash: '',
  author: 'system',
  comment: '',
  createdAt: '2026-03-02T09:00:00.000Z',
  isArchived: false,
});

const roles: ReadonlyMap<string, ConfigHead> = new Map(Object.keys(areas).map((key) => [key, head(key)]));

/** An account world of its own: a real database, the tenant `main`, and a clock that the test moves. */
export interface AccountWorld {
  readonly db: Database;
  now: Date;
  pass(seconds: number): void;
  asActor(actor?: Actor): AccountContext;
  asVisitor(visitor?: Partial<VisitorContext>): VisitorContext;
  /** A user who signs in with `goodPassword`, hashed at a cost that tests can pay. */
  addUser(wanted?: { readonly email?: string; readonly role?: string }): Promise<User>;
  close(): Promise<void>;
}

/** On a SQLite file of its own, or on the empty MySQL database at `url`. */
export async function createAccountWorld(url?: string): Promise<AccountWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'leitwerk-accounts-'));
  const db = url === undefined ? openSqlite(join(folder, 'test.sqlite')) : await openMysql(url);
  await migrate(db, [...accountTables, eventTable]);
  let ids = 0;
  const newId = (): string => `id-${(ids += 1)}`;
  const world: AccountWorld = {
    db,
    now: new Date('2026-03-02T09:00:00.000Z'),
    pass: (seconds) => void (world.now = new Date(world.now.getTime() + seconds * 1000)),
    asActor: (actor = systemActor('main')) => {
      const own = areas[actor.role] ?? [];
      return {
        db,
        actor,
        ability: { may: (area: string) => own.includes('*') || own.includes(area) },
        snapshot: {
          config: (kind: string) => (kind === 'roles' ? roles : new Map()),
          modelsByPlural: new Map([['leads', filterModel]]),
        },
        language: 'en',
        now: () => world.now,
        newId,
      };
    },
    asVisitor: (visitor = {}) => ({
      db,
      now: () => world.now,
      newId,
      address: '203.0.113.7',
      userAgent: 'test',
      language: 'en',
      ...visitor,
    }),
    addUser: async (wanted = {}) => {
      const row = newUserRow({ now: () => world.now, newId }, 'main', {
        email: 'anna@muster-bau.de',
        name: 'Anna Berger',
        role: 'sales',
        ...wanted,
      });
      const hash = await hashPassword(goodPassword, { log2N: 4, r: 1, p: 1 });
      await db.write(async (tx) => {
        await insertUser(tx, row);
        await writePasswordHash(tx, { userId: row.id, hash, changedAt: row.createdAt });
      });
      return row;
    },
    close: async () => {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await createTenant(db, { id: 'main', name: 'Main' }, world.now);
  return world;
}
