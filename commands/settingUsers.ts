import type { Actor } from '../core/actor.ts';
import type { User } from '../store/accounts-users.ts';
import { abilityOf } from './abilityOf.ts';
import type { Context } from './context.ts';

const toActor = (user: User): Actor => ({
  kind: 'user',
  id: user.id,
  name: user.name,
  tenantId: user.tenantId,
  role: user.role,
  language: user.language,
  ...(user.team === null ? {} : { team: user.team }),
});

/** Those who may change settings: they are told what nobody else is there for. */
export const settingUsers = (ctx: Context): User[] =>
  [...ctx.snapshot.users.values()].filter(
    (user) => !user.isDisabled && abilityOf(ctx.snapshot, toActor(user), ctx.now()).may('config'),
  );
