import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTenant } from '../../commands/accounts/createTenant.ts';
import type { AccountContext, VisitorContext } from '../../commands/accounts/context.ts';
import { systemActor, type Actor } from '../../core/actor.ts';
import { accountTables } from '../../store/accounts.ts';
import type { ConfigHead } from '../../store/config.ts';
import type { Database } from '../../store/database.ts';
import { eventTable } from '../../store/events.ts';
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

/** An account world of its own: a real SQLite file, the tenant `main`, and a clock that the test moves. */
export interface AccountWorld {
  readonly db: Database;
  now: Date;
  pass(seconds: number): void;
  asActor(actor?: Actor): AccountContext;
  asVisitor(visitor?: Partial<VisitorContext>): VisitorContext;
  close(): Promise<void>;
}

export async function createAccountWorld(): Promise<AccountWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'leitwerk-accounts-'));
  const db = openSqlite(join(folder, 'test.sqlite'));
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
        snapshot: { config: (kind: string) => (kind === 'roles' ? roles : new Map()) },
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
    close: async () => {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await createTenant(db, { id: 'main', name: 'Main' }, world.now);
  return world;
}
