import { superadminRole } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import type { Changes } from '../../store/events.ts';
import { deleteSessions } from '../../store/accounts-sessions.ts';
import {
  countActive,
  findUser,
  readPasswordHash,
  updateUser,
  writePasswordHash,
  type User,
} from '../../store/accounts-users.ts';
import { assertMay, invalid, record, type AccountContext } from './context.ts';
import { assertGoodPassword, assertMayGrant, assertRole } from './createUser.ts';
import { accountInputs, parseInput, type OwnPatch, type UserPatch } from './inputs.ts';
import { hashPassword, verifyPassword } from './password.ts';

const changeable = ['name', 'role', 'team', 'language', 'isDisabled'] as const;

const changesBetween = (before: User, after: User): Changes =>
  Object.fromEntries(
    changeable.filter((field) => before[field] !== after[field]).map((field) => [field, [before[field], after[field]]]),
  );

const load = async (ctx: AccountContext, id: string): Promise<User> => {
  const user = await findUser(ctx.db, ctx.actor.tenantId, id);
  if (user === undefined) throw new LeitwerkError('NotFound');
  return user;
};

const assertNotLast = async (tx: Tx, [before, after]: readonly [User, User]): Promise<void> => {
  const wasActive = before.role === superadminRole && !before.isDisabled;
  const isActive = after.role === superadminRole && !after.isDisabled;
  if (!wasActive || isActive) return;
  if ((await countActive(tx, { tenantId: before.tenantId, role: superadminRole })) > 1) return;
  throw new LeitwerkError('Conflict', {
    text: {
      de: 'Das ist der letzte aktive Superadmin. Zuerst eine andere Person dazu machen.',
      en: 'This is the last active superadmin. Make somebody else one first.',
    },
  });
};

interface Writing {
  readonly patch: Omit<UserPatch, 'password'>;
  readonly hash: string | undefined;
  readonly act: string;
  /** The session that survives a new password. */
  readonly keptSession?: string | undefined;
}

const write = async (
  ctx: AccountContext,
  id: string,
  writing: Writing,
): Promise<{ readonly user: User; readonly event: number }> =>
  await ctx.db.write(async (tx) => {
    const before = await findUser(tx, ctx.actor.tenantId, id);
    if (before === undefined) throw new LeitwerkError('NotFound');
    const at = ctx.now().toISOString();
    const after: User = { ...before, ...writing.patch, version: before.version + 1, updatedAt: at };
    await assertNotLast(tx, [before, after]);
    await updateUser(tx, after);
    if (writing.hash !== undefined) await writePasswordHash(tx, { userId: id, hash: writing.hash, changedAt: at });
    if (writing.hash !== undefined || after.isDisabled)
      await deleteSessions(tx, id, after.isDisabled ? '' : writing.keptSession);
    const changes = {
      ...changesBetween(before, after),
      ...(writing.hash === undefined ? {} : { password: ['…', '…'] as const }),
    };
    const event = await record(tx, ctx, { act: writing.act, recordId: id, version: after.version, changes });
    return { user: after, event };
  });

const actOf = (patch: UserPatch): string => {
  if (patch.isDisabled === undefined) return 'user.update';
  return patch.isDisabled ? 'user.disable' : 'user.enable';
};

/**
 * Changes another person's account. Disabling and a new password end all their sessions at once.
 * @throws LeitwerkError `Forbidden`, `NotFound`, `InvalidInput`, `Conflict` when the last superadmin would go.
 */
export async function changeUser(
  ctx: AccountContext,
  id: string,
  input: unknown,
): Promise<{ readonly user: User; readonly event: number }> {
  assertMay(ctx, 'users');
  const { password, ...patch } = parseInput<UserPatch>(accountInputs.userPatch, input, ctx.language);
  const before = await load(ctx, id);
  assertMayGrant(ctx, before.role);
  if (patch.role !== undefined) {
    assertRole(ctx, patch.role);
    assertMayGrant(ctx, patch.role);
  }
  if (password !== undefined) assertGoodPassword(password, before, ctx.language);
  const hash = password === undefined ? undefined : await hashPassword(password);
  return await write(ctx, id, { patch, hash, act: actOf(patch) });
}

/**
 * Changes the actor's own name, language or password; a new password needs the old one and ends their other sessions.
 * @throws LeitwerkError `Forbidden` for anything but a user, `InvalidInput`.
 */
export async function changeOwnAccount(
  ctx: AccountContext,
  input: unknown,
): Promise<{ readonly user: User; readonly event: number }> {
  if (ctx.actor.kind !== 'user') throw new LeitwerkError('Forbidden');
  const { password, currentPassword, ...patch } = parseInput<OwnPatch>(accountInputs.ownPatch, input, ctx.language);
  let hash: string | undefined;
  if (password !== undefined) {
    const own = await load(ctx, ctx.actor.id);
    if (!(await verifyPassword(currentPassword ?? '', await readPasswordHash(ctx.db, own.id)))) {
      throw invalid(
        '/currentPassword',
        'wrong',
        ctx.language === 'de' ? 'Das ist nicht das bisherige Passwort.' : 'This is not your current password.',
      );
    }
    assertGoodPassword(password, own, ctx.language);
    hash = await hashPassword(password);
  }
  return await write(ctx, ctx.actor.id, { patch, hash, act: 'user.update', keptSession: ctx.actor.sessionId });
}
