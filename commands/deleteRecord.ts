import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';

/**
 * Takes a record out of sight. The row stays with its deletion time, so that the deletion can be undone and references stay whole.
 * @throws LeitwerkError `NotFound`, `Forbidden`, `Conflict`.
 */
export async function deleteRecord(
  ctx: Context,
  model: EntityModel,
  key: { readonly id: string; readonly version?: number | undefined },
): Promise<Written> {
  if (model.isReadOnly) throw new LeitwerkError('Forbidden');
  return await transact(
    ctx,
    async (tx) =>
      await changeRecord(ctx, tx, {
        model,
        id: key.id,
        verb: 'delete',
        act: 'delete',
        version: key.version,
        change: () => ({ deletedAt: ctx.now().toISOString() }),
      }),
  );
}
