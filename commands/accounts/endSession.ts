import { LeitwerkError } from '../../core/errors.ts';
import { deleteSession } from '../../store/accounts-sessions.ts';
import { record, type AccountContext } from './context.ts';

/**
 * Ends one of the actor's own sessions: the one they sit in (signing out) or another from the list.
 * @throws LeitwerkError `NotFound` when they have no such session.
 */
export async function endSession(
  ctx: Pick<AccountContext, 'db' | 'actor' | 'now' | 'requestId'>,
  id: string,
): Promise<void> {
  await ctx.db.write(async (tx) => {
    if (ctx.actor.kind !== 'user' || !(await deleteSession(tx, ctx.actor.id, id))) throw new LeitwerkError('NotFound');
    const act = id === ctx.actor.sessionId ? 'user.signOut' : 'user.endSession';
    await record(tx, ctx, { act, recordId: ctx.actor.id, version: 0 });
  });
}
