import { randomInt } from 'node:crypto';
import { superadminRole } from '../../core/actor.ts';
import { LeitwerkError, type Language } from '../../core/errors.ts';
import { findUserByEmail, insertUser, writePasswordHash, type User } from '../../store/accounts-users.ts';
import type { Tx } from '../../store/database.ts';
import { assertMay, invalid, record, type AccountContext } from './context.ts';
import { accountInputs, normaliseEmail, parseInput, type NewUser } from './inputs.ts';
import { hashPassword } from './password.ts';
import { passwordIssues } from './password-rules.ts';

/** Letters and digits that nobody confuses when reading them aloud. */
const readable = 'abcdefghjkmnpqrstuvwxyz23456789';

const initialPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => readable[randomInt(readable.length)]).join('')).join(
    '-',
  );

/** @throws LeitwerkError `InvalidInput` with what is wrong with the password. */
export function assertGoodPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
  language: Language,
): void {
  const issues = passwordIssues(password, person, language);
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
}

/** @throws LeitwerkError `InvalidInput` for a role that is not published. */
export function assertRole(ctx: AccountContext, role: string): void {
  const roles = ctx.snapshot.config('roles');
  if (roles.has(role)) return;
  const list = [...roles.keys()].join(', ');
  const sentence =
    ctx.language === 'de'
      ? `Diese Rolle gibt es nicht. Erlaubt sind: ${list}.`
      : `There is no such role. Allowed are: ${list}.`;
  throw invalid('/role', 'choice', sentence);
}

/**
 * Nobody may hand out what they do not have: the role's areas must be among the actor's, and only a superadmin makes superadmins.
 * @throws LeitwerkError `Forbidden` for a role too high.
 */
export function assertMayGrant(ctx: AccountContext, role: string): void {
  const value = ctx.snapshot.config('roles').get(role)?.value as { readonly may?: readonly string[] } | undefined;
  const isTooHigh =
    (value?.may ?? []).some((area) => !ctx.ability.may(area)) ||
    (role === superadminRole && ctx.actor.role !== superadminRole);
  if (!isTooHigh) return;
  throw new LeitwerkError('Forbidden', {
    text: { de: 'Diese Rolle darf mehr als die eigene.', en: 'This role may do more than your own.' },
    facts: { role },
  });
}

/** @throws LeitwerkError `Conflict` when somebody signs in with the address already. */
export async function assertEmailFree(tx: Tx, email: string): Promise<void> {
  if ((await findUserByEmail(tx, email)) === undefined) return;
  throw new LeitwerkError('Conflict', {
    text: {
      de: 'Mit dieser E-Mail-Adresse gibt es schon jemanden.',
      en: 'Somebody with this e-mail address exists already.',
    },
    issues: [{ path: '/email', code: 'unique', message: email }],
  });
}

/** A user as first written. */
export const newUserRow = (
  ctx: Pick<AccountContext, 'now' | 'newId'>,
  tenantId: string,
  input: Omit<NewUser, 'password'>,
): User => {
  const at = ctx.now().toISOString();
  return {
    id: ctx.newId(),
    tenantId,
    email: normaliseEmail(input.email),
    name: input.name.trim(),
    role: input.role,
    team: input.team ?? null,
    language: input.language ?? 'de',
    isDisabled: false,
    version: 1,
    createdAt: at,
    updatedAt: at,
  };
};

/**
 * Adds a person to the actor's tenant. Without a password the answer carries an initial one, shown this once.
 * @throws LeitwerkError `Forbidden`, `InvalidInput`, `Conflict` when the mail is taken.
 */
export async function createUser(
  ctx: AccountContext,
  input: unknown,
): Promise<{ readonly user: User; readonly initialPassword?: string; readonly event: number }> {
  assertMay(ctx, 'users');
  const wanted = parseInput<NewUser>(accountInputs.newUser, input, ctx.language);
  assertRole(ctx, wanted.role);
  assertMayGrant(ctx, wanted.role);
  const user = newUserRow(ctx, ctx.actor.tenantId, wanted);
  if (wanted.password !== undefined) assertGoodPassword(wanted.password, user, ctx.language);
  const password = wanted.password ?? initialPassword();
  const hash = await hashPassword(password);
  const event = await ctx.db.write(async (tx) => {
    await assertEmailFree(tx, user.email);
    await insertUser(tx, user);
    await writePasswordHash(tx, { userId: user.id, hash, changedAt: user.createdAt });
    const { email, name, role, team } = user;
    const changes = { email: [null, email], name: [null, name], role: [null, role], team: [null, team] } as const;
    return await record(tx, ctx, { act: 'user.create', recordId: user.id, version: 1, changes });
  });
  return wanted.password === undefined ? { user, initialPassword: password, event } : { user, event };
}
