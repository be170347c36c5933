import { actorName, superadminRole } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { areas, isScope } from '../../core/permissions.ts';
import { insertKey, type ApiKey } from '../../store/accounts-keys.ts';
import { assertMay, invalid, record, type AccountContext } from './context.ts';
import { assertMayGrant, assertRole } from './createUser.ts';
import { accountInputs, parseInput, type NewKey } from './inputs.ts';
import { hashToken, newToken } from './tokens.ts';

/** What every key begins with, so that secret scanners and people recognise one. */
export const keyPrefix = 'lw_';

const assertMeans = (ctx: AccountContext, wanted: NewKey): void => {
  const hasRole = typeof wanted.role === 'string';
  if (!hasRole && (wanted.scopes ?? null) === null) {
    const sentence = ctx.language === 'de' ? 'Eine Rolle oder Rechte (scopes) angeben.' : 'Give a role or scopes.';
    throw invalid('/role', 'required', sentence);
  }
  if (typeof wanted.role === 'string') assertRole(ctx, wanted.role);
  const wrong = (wanted.scopes ?? []).findIndex((scope) => !isScope(scope, ctx.snapshot.modelsByPlural));
  if (wrong >= 0) {
    const named = [...[...ctx.snapshot.modelsByPlural.keys()].toSorted(), ...areas, '*'].join(', ');
    const sentence =
      ctx.language === 'de'
        ? `Das Recht „${wanted.scopes?.[wrong]}“ gibt es nicht. Ein Recht ist <was>:read, <was>:write oder <was>:*, oder * für alles; <was> ist eines von ${named}.`
        : `There is no scope "${wanted.scopes?.[wrong]}". A scope is <what>:read, <what>:write or <what>:*, or * for everything; <what> is one of ${named}.`;
    throw invalid(`/scopes/${wrong}`, 'choice', sentence);
  }
  assertMayGrant(ctx, wanted.role ?? superadminRole);
  if (wanted.expiresAt && Date.parse(wanted.expiresAt) <= ctx.now().getTime()) {
    throw invalid(
      '/expiresAt',
      'past',
      ctx.language === 'de' ? 'Das liegt in der Vergangenheit.' : 'This is in the past.',
    );
  }
};

/**
 * Makes a key of the API for the actor's tenant and answers it in clear this once.
 * With a role it may what the role may; `scopes` narrow that, or narrow a superadmin's rights when there is no role.
 * @throws LeitwerkError `Forbidden`, `InvalidInput`.
 */
export async function createKey(
  ctx: AccountContext,
  input: unknown,
): Promise<{ readonly key: string; readonly row: ApiKey; readonly event: number }> {
  assertMay(ctx, 'keys');
  // A key must not beget keys beyond its own scopes.
  if (ctx.actor.scopes !== undefined && !ctx.actor.scopes.includes('*')) throw new LeitwerkError('Forbidden');
  const wanted = parseInput<NewKey>(accountInputs.newKey, input, ctx.language);
  assertMeans(ctx, wanted);
  const key = `${keyPrefix}${newToken()}`;
  const row: ApiKey = {
    id: ctx.newId(),
    tenantId: ctx.actor.tenantId,
    prefix: key.slice(0, 8),
    name: wanted.name.trim(),
    role: wanted.role ?? null,
    scopes: wanted.scopes ?? null,
    createdBy: actorName(ctx.actor),
    createdAt: ctx.now().toISOString(),
    expiresAt: wanted.expiresAt ? new Date(wanted.expiresAt).toISOString() : null,
    lastUsedAt: null,
    revokedAt: null,
  };
  const event = await ctx.db.write(async (tx) => {
    await insertKey(tx, row, hashToken(key));
    const { name, role, scopes, expiresAt } = row;
    const changes = {
      name: [null, name],
      role: [null, role],
      scopes: [null, scopes],
      expiresAt: [null, expiresAt],
    } as const;
    return await record(tx, ctx, { act: 'key.create', recordId: row.id, version: 1, changes });
  });
  return { key, row, event };
}
