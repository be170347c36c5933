import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

/**
 * Makes a user responsible for the record, or nobody with null; the record joins the user's team.
 * @throws LeitwerkError `InvalidInput` for a user who does not exist or is disabled, `NotFound`, `Forbidden`.
 */
export async function assignRecord(
  ctx: Context,
  model: EntityModel,
  input: { readonly id: string; readonly owner: string | null },
): Promise<Written> {
  const user = input.owner === null ? undefined : ctx.snapshot.users.get(input.owner);
  if (input.owner !== null && (user === undefined || user.isDisabled)) {
    const message = ctx.language === 'de' ? 'Diesen Benutzer gibt es nicht.' : 'There is no such user.';
    throw new LeitwerkError('InvalidInput', { issues: [{ path: '/owner', code: 'reference', message }] });
  }
  return await transact(ctx, async (tx) => {
    const change = { owner: input.owner, ...(user?.team == null ? {} : { team: user.team }) };
    const written = await changeRecord(ctx, tx, {
      model,
      id: input.id,
      verb: 'assign',
      act: 'assign',
      change: () => change,
    });
    if (written.event > 0 && model.name !== 'activity') {
      await addTimelineEntry(ctx, tx, {
        kind: 'assigned',
        facts: { owner: input.owner },
        links: linksOf(ctx, model.name, written.record),
      });
    }
    return written;
  });
}
