import { sourceActor, userActor, type Actor } from '../../core/actor.ts';
import type { User } from '../../store/accounts-users.ts';
import { abilityOf } from '../abilityOf.ts';
import type { Context } from '../context.ts';

const as = (ctx: Context, actor: Actor): Context => ({
  ...ctx,
  actor,
  ability: abilityOf(ctx.snapshot, actor, ctx.now()),
});

/** What a user's address for filing may do is what the user may do. */
export const asUser = (ctx: Context, user: User): Context => as(ctx, userActor(user));

/** Mail to `leads@` acts as its source. */
export const asSource = (ctx: Context, source: string): Context =>
  as(ctx, sourceActor(ctx.actor.tenantId, { key: source, name: source }));
