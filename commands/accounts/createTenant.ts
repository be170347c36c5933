import { ensureTenant } from '../../store/accounts-users.ts';
import type { Database } from '../../store/database.ts';

/** Makes the tenant unless it is there: the first thing after the tables, because every row belongs to one. */
export async function createTenant(
  db: Database,
  tenant: { readonly id: string; readonly name: string },
  now: Date,
): Promise<void> {
  await db.write(async (tx) => {
    await ensureTenant(tx, { ...tenant, createdAt: now.toISOString() });
  });
}
