import { sourceActor, type Actor } from '../../core/actor.ts';
import type { User } from '../../store/accounts-users.ts';
import { abilityOf } from '../abilityOf.ts';
import type { Context } from '../context.ts';

const as = (ctx: Context, actor: Actor): Context => ({
  ...ctx,
  actor,
  ability: abilityOf(ctx.snapshot, actor, ctx.now()),
});

/** What a user's address for filing may do is what the user may do. */
export const asUser = (ctx: Context, user: User): Context =>
  as(ctx, {
    kind: 'user',
    id: user.id,
    name: user.name,
    tenantId: user.tenantId,
    role: user.role,
    ...(user.team === null ? {} : { team: user.team }),
    language: user.language,
  });

/** Mail to `leads@` acts as its source. */
export const asSource = (ctx: Context, source: string): Context =>
  as(ctx, sourceActor(ctx.actor.tenantId, { key: source, name: source }));
