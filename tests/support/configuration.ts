import { fileURLToPath } from 'node:url';
import { createTenant } from '../../commands/accounts/createTenant.ts';
import type { ConfigContext } from '../../commands/config-state.ts';
import { importShipped } from '../../commands/importConfig.ts';
import { systemActor } from '../../core/actor.ts';
import { toEntityModel, type EntityModel, type EntitySchema } from '../../core/entity.ts';
import { createAbility, type Role } from '../../core/permissions.ts';
import { accountTables } from '../../store/accounts.ts';
import { configTables } from '../../store/config.ts';
import { connectionTable } from '../../store/connections.ts';
import { readShipped, type ConfigFile } from '../../store/config-files.ts';
import type { Database } from '../../store/database.ts';
import { eventTable } from '../../store/events.ts';
import { createRegistry, type Registry } from '../../store/registry.ts';
import { migrate } from '../../store/tables.ts';

const root = new URL('../../', import.meta.url);
const now = new Date('2026-03-02T09:00:00.000Z');

export const shippedFiles = (): Promise<readonly ConfigFile[]> =>
  readShipped(fileURLToPath(new URL('config', root)), fileURLToPath(new URL('schemas/entities', root)));

/** The entity that a shipped schema describes. */
export async function shippedModel(entity: string): Promise<EntityModel> {
  const file = (await shippedFiles()).find((one) => one.kind === 'schemas' && one.key === entity);
  if (file === undefined) throw new Error(`No schema is shipped for ${entity}`);
  return toEntityModel(JSON.parse(file.text) as EntitySchema, 1);
}

const superadmin: Role = {
  key: 'superadmin',
  label: { de: 'Superadmin', en: 'Super admin' },
  can: [{ do: ['*'], on: '*' }],
  may: ['*'],
};

/** A config context of the tenant `main`, as superadmin unless the role says otherwise. */
export function configContext(db: Database, role: Role = superadmin): ConfigContext {
  const actor = { ...systemActor('main'), kind: 'user' as const, id: 'anna', role: role.key };
  return { db, actor, ability: createAbility(role, actor, { models: new Map(), now }), language: 'de', now: () => now };
}

/** Creates the tables and the tenant and brings the shipped configuration in. */
export async function shipConfiguration(db: Database, files?: readonly ConfigFile[]): Promise<Registry> {
  await migrate(db, [...accountTables, ...configTables, connectionTable, eventTable]);
  await createTenant(db, { id: 'main', name: 'Test' }, now);
  await importShipped(configContext(db), files ?? (await shippedFiles()));
  return await createRegistry(db);
}
