import { userActor } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { deleteExpiredSessions, hasSessionFrom, insertSession, type Session } from '../../store/accounts-sessions.ts';
import { findUserByEmail, readPasswordHash, type User } from '../../store/accounts-users.ts';
import { beginAttempt, clearAttempt } from './attempts.ts';
import { record, type VisitorContext } from './context.ts';
import { accountInputs, normaliseEmail, parseInput, type SignInInput } from './inputs.ts';
import { verifyPassword } from './password.ts';
import { hashToken, newToken } from './tokens.ts';

/** A session ends after so long, however busy it is. */
export const sessionMs = 30 * 86_400_000;

export interface SignedIn {
  readonly user: User;
  /** For the cookie; stored nowhere. */
  readonly token: string;
  readonly session: Session;
}

/** Opens a session with a new token inside a transaction. */
export async function openSession(tx: Tx, ctx: VisitorContext, user: User): Promise<SignedIn> {
  const token = newToken();
  const at = ctx.now().toISOString();
  const session: Session = {
    id: ctx.newId(),
    userId: user.id,
    tenantId: user.tenantId,
    address: ctx.address.slice(0, 64),
    userAgent: ctx.userAgent.slice(0, 300),
    createdAt: at,
    seenAt: at,
    expiresAt: new Date(ctx.now().getTime() + sessionMs).toISOString(),
  };
  await insertSession(tx, session, hashToken(token));
  return { user, token, session };
}

const refused = (): LeitwerkError =>
  new LeitwerkError('Unauthenticated', {
    text: { de: 'E-Mail-Adresse oder Passwort ist falsch.', en: 'The e-mail address or the password is wrong.' },
  });

/**
 * Signs a person in. Unknown mail, wrong password and disabled user are told apart neither by the answer nor by the time it takes.
 * @throws LeitwerkError `Unauthenticated`; `RateLimited` after too many failures; `InvalidInput`.
 */
export async function signIn(ctx: VisitorContext, input: unknown): Promise<SignedIn> {
  const { email: typed, password } = parseInput<SignInInput>(accountInputs.signIn, input, ctx.language);
  const email = normaliseEmail(typed);
  const known = await findUserByEmail(ctx.db, email);
  const isKnownPlace = known !== undefined && (await hasSessionFrom(ctx.db, known.id, ctx.address));
  const attempt = { email, address: ctx.address, isKnownPlace };
  await beginAttempt(ctx.db, attempt, ctx.now());
  const stored = known === undefined ? undefined : await readPasswordHash(ctx.db, known.id);
  const isRight = await verifyPassword(password, stored);
  if (!isRight || known === undefined || known.isDisabled) throw refused();
  await clearAttempt(ctx.db, attempt, ctx.now());
  return await ctx.db.write(async (tx) => {
    // Read again: between the two the user may have been disabled.
    const user = await findUserByEmail(tx, email);
    if (user === undefined || user.isDisabled) throw refused();
    await deleteExpiredSessions(tx, ctx.now());
    const opened = await openSession(tx, ctx, user);
    await recordOwn(tx, ctx, { user, act: 'user.signIn' });
    return opened;
  });
}

/** An audit entry of a person about their own account. */
export async function recordOwn(
  tx: Tx,
  ctx: Pick<VisitorContext, 'now' | 'requestId'>,
  own: { readonly user: User; readonly act: string },
): Promise<number> {
  const { act, user } = own;
  const { id, version } = user;
  const actor = userActor(user);
  return await record(tx, { actor, now: ctx.now, requestId: ctx.requestId }, { act, recordId: id, version });
}
