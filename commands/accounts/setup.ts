import { superadminRole } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { addSetupToken, isSetupTokenValid, removeSetupTokens } from '../../store/accounts-setup.ts';
import { ensureTenant, hasUsers, insertUser, renameTenant, writePasswordHash } from '../../store/accounts-users.ts';
import type { Database, Queries } from '../../store/database.ts';
import type { VisitorContext } from './context.ts';
import { assertGoodPassword, newUserRow } from './createUser.ts';
import { accountInputs, parseInput, type SetupInput } from './inputs.ts';
import { hashPassword } from './password.ts';
import { openSession, recordOwn, type SignedIn } from './signIn.ts';
import { hashToken, newToken } from './tokens.ts';

/** The tenant of a system that has one. */
export const defaultTenantId = 'main';

/** The link on the console is good for so long; a restart prints a new one. */
const setupMs = 24 * 3_600_000;

/** Whether nobody can sign in yet. */
export async function isSetupNeeded(q: Queries): Promise<boolean> {
  return !(await hasUsers(q));
}

/** Makes a token for the first run; those of other processes stay good. Undefined when somebody can sign in already. */
export async function startSetup(db: Database, now: Date): Promise<string | undefined> {
  const token = newToken();
  const expiresAt = new Date(now.getTime() + setupMs).toISOString();
  return await db.write(async (tx) => {
    if (await hasUsers(tx)) return undefined;
    await addSetupToken(tx, { hash: hashToken(token), now: now.toISOString(), expiresAt });
    return token;
  });
}

const refused = (): LeitwerkError =>
  new LeitwerkError('Forbidden', {
    text: {
      de: 'Dieser Einrichtungslink gilt nicht (mehr). Ein Neustart zeigt auf der Konsole einen neuen.',
      en: 'This set-up link is not valid (any more). A restart prints a new one on the console.',
    },
  });

/**
 * Ends the first run, once: names the tenant, makes its superadmin and signs them in.
 * @throws LeitwerkError `Forbidden` without a valid token or once a user exists, `InvalidInput`.
 */
export async function finishSetup(ctx: VisitorContext, input: unknown): Promise<SignedIn> {
  const wanted = parseInput<SetupInput>(accountInputs.setup, input, ctx.language);
  const tokenHash = hashToken(wanted.token);
  if (!(await isSetupNeeded(ctx.db)) || !(await isSetupTokenValid(ctx.db, tokenHash, ctx.now()))) throw refused();
  assertGoodPassword(wanted.password, wanted, ctx.language);
  const language = wanted.language ?? ctx.language;
  const user = newUserRow(ctx, defaultTenantId, {
    email: wanted.email,
    name: wanted.name,
    role: superadminRole,
    language,
  });
  const hash = await hashPassword(wanted.password);
  return await ctx.db.write(async (tx) => {
    const name = wanted.company.trim();
    // First, for it locks the row: of two who finish at once, the other then sees the user.
    await ensureTenant(tx, { id: user.tenantId, name, createdAt: user.createdAt });
    if ((await hasUsers(tx)) || !(await isSetupTokenValid(tx, tokenHash, ctx.now()))) throw refused();
    await removeSetupTokens(tx);
    await renameTenant(tx, { id: user.tenantId, name });
    await insertUser(tx, user);
    await writePasswordHash(tx, { userId: user.id, hash, changedAt: user.createdAt });
    await recordOwn(tx, ctx, { user, act: 'user.setup' });
    return await openSession(tx, ctx, user);
  });
}
