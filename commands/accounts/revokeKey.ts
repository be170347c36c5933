import { LeitwerkError } from '../../core/errors.ts';
import { revokeKeyRow } from '../../store/accounts-keys.ts';
import { assertMay, record, type AccountContext } from './context.ts';

/**
 * Ends a key for good; whoever uses it is refused within a second, in every process.
 * @throws LeitwerkError `Forbidden`, `NotFound` when there is no such living key.
 */
export async function revokeKey(ctx: AccountContext, id: string): Promise<{ readonly event: number }> {
  assertMay(ctx, 'keys');
  const at = ctx.now().toISOString();
  const event = await ctx.db.write(async (tx) => {
    if (!(await revokeKeyRow(tx, { tenantId: ctx.actor.tenantId, id, at }))) throw new LeitwerkError('NotFound');
    return await record(tx, ctx, { act: 'key.revoke', recordId: id, version: 2, changes: { revokedAt: [null, at] } });
  });
  return { event };
}
