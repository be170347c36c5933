import { userActor } from '../core/actor.ts';
import type { User } from '../store/accounts-users.ts';
import { abilityOf } from './abilityOf.ts';
import type { Context } from './context.ts';

/** Those who may change settings: they are told what nobody else is there for. */
export const settingUsers = (ctx: Context): User[] =>
  [...ctx.snapshot.users.values()].filter(
    (user) => !user.isDisabled && abilityOf(ctx.snapshot, userActor(user), ctx.now()).may('config'),
  );
