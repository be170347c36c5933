import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { createKey } from '../../commands/accounts/createKey.ts';
import type { Context } from '../../commands/context.ts';
import { rotateSource } from '../../commands/rotateSource.ts';
import { addTenant as makeTenant, openFoundation, type Foundation } from '../../bin/foundation.ts';
import { readSettings } from '../../bin/settings.ts';
import { systemActor } from '../../core/actor.ts';
import { createAbility } from '../../core/permissions.ts';
import { startApp, type App, type AppOptions } from './app.ts';
import { copyMariadbTemplate } from './mariadb.ts';
import { need } from './provided.ts';

export const dialects = ['sqlite', 'mariadb'] as const;
export type Dialect = (typeof dialects)[number];

/** A data folder and a database that apps are started on, killed on and started again on; the test looks into it from outside. */
export interface Store {
  readonly dialect: Dialect;
  readonly folder: string;
  readonly databaseUrl: string | undefined;
  /** The same database through a connection of the test. */
  readonly foundation: Foundation;
  /** Starts the real app on this store. */
  start(options?: AppOptions): Promise<App>;
  /** The product itself acting in a tenant. */
  asSystem(tenantId?: string): Context;
  /** Closes the connection and removes the folder. */
  clear(): Promise<void>;
}

interface Wanted {
  /** Absent: a folder of its own. */
  readonly folder?: string | undefined;
  readonly databaseUrl?: string | undefined;
}

/** A store of the dialect as set up, with nothing in it; or the test is skipped with the reason. */
export async function createStore(context: Parameters<typeof need>[0], dialect: Dialect): Promise<Store> {
  if (dialect === 'mariadb')
    return await openStore(dialect, { databaseUrl: await copyMariadbTemplate(need(context, 'mariadbUrl')) });
  const folder = await mkdtemp(join(tmpdir(), `leitwerk-${dialect}-`));
  await cp(need(context, 'storeTemplate'), folder, { recursive: true });
  return await openStore(dialect, { folder });
}

/** A store at a place that the test has made. */
export async function openStore(dialect: Dialect, wanted: Wanted): Promise<Store> {
  const folder = wanted.folder ?? (await mkdtemp(join(tmpdir(), `leitwerk-${dialect}-`)));
  const { databaseUrl } = wanted;
  const foundation = await openFoundation(readSettings([], { LEITWERK_DATA: folder, DATABASE_URL: databaseUrl }));
  return {
    dialect,
    folder,
    databaseUrl,
    foundation,
    start: async (options) =>
      await startApp({ folder, ...(databaseUrl === undefined ? {} : { databaseUrl }), ...options }),
    asSystem: (tenantId = 'main') => {
      const snapshot = foundation.registry.snapshot(tenantId);
      const actor = systemActor(tenantId);
      const role = {
        key: 'superadmin',
        label: { de: 'System', en: 'System' },
        can: [{ do: ['*'], on: '*' }],
        may: ['*'],
      };
      const ability = createAbility(role, actor, { models: snapshot.models, now: new Date() });
      return {
        db: foundation.db,
        snapshot,
        actor,
        ability,
        language: 'en',
        now: () => new Date(),
        newId: () => uuidv7(),
      };
    },
    clear: async () => {
      await foundation.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** A second company on the same system. */
export async function addTenant(store: Store, id: string): Promise<void> {
  await makeTenant(store.foundation, { id, name: id });
}

/** A key of the API. */
export async function addKey(
  store: Store,
  wanted: { readonly role?: string; readonly scopes?: readonly string[] },
  tenantId = 'main',
): Promise<string> {
  const { key } = await createKey(store.asSystem(tenantId), { name: 'test', ...wanted });
  return key;
}

/** A fresh secret of a source. */
export async function secretOf(store: Store, source: string): Promise<string> {
  const { secret } = await rotateSource(store.asSystem(), store.foundation.secrets, source);
  return secret ?? '';
}
