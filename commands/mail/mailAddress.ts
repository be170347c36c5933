import { randomBytes } from 'node:crypto';
import { LeitwerkError } from '../../core/errors.ts';
import { actorName } from '../../core/actor.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import { findMailAddress, writeMailAddress } from '../../store/mail-addresses.ts';
import type { Context } from '../context.ts';

/** Letters and digits that nobody mixes up, and that no mail server changes. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
/** 128 bits and a little more: nobody finds one by trying (S48). */
const length = 26;

const newToken = (): string => {
  let token = '';
  // Bytes beyond the last whole round would make the first letters likelier.
  while (token.length < length)
    for (const byte of randomBytes(length * 2))
      if (byte < 248 && token.length < length) token += letters[byte % letters.length];
  return token;
};

const assertUser = ({ actor }: Context): void => {
  if (actor.kind === 'user') return;
  throw new LeitwerkError('Forbidden', {
    text: { de: 'Eine Ablageadresse haben nur Menschen.', en: 'Only people have an address for filing.' },
  });
};

const write = async (ctx: Context, tx: Tx, token: string | null): Promise<void> => {
  const { tenantId, id: userId } = ctx.actor;
  const at = ctx.now().toISOString();
  await writeMailAddress(tx, { userId, tenantId, token, updatedAt: at });
  await insertEvent(tx, {
    tenantId,
    at,
    actor: actorName(ctx.actor),
    act: token === null ? 'user.revokeMailAddress' : 'user.renewMailAddress',
    entity: 'user',
    recordId: userId,
    version: 0,
    requestId: ctx.requestId,
  });
};

/**
 * What stands before the @ of the actor's address for filing; null when they took it back, and for keys, which have none.
 * Everybody gets one at first sight.
 */
export async function readMailAddress(ctx: Context): Promise<string | null> {
  if (ctx.actor.kind !== 'user') return null;
  const userId = ctx.actor.id;
  const known = await findMailAddress(ctx.db, userId);
  if (known !== undefined) return known.token;
  return await ctx.db.write(async (tx) => {
    const meanwhile = await findMailAddress(tx, userId);
    if (meanwhile !== undefined) return meanwhile.token;
    const token = newToken();
    await write(ctx, tx, token);
    return token;
  });
}

/** A new address in place of the former one, which takes nothing any more. */
export async function renewMailAddress(ctx: Context): Promise<string> {
  assertUser(ctx);
  const token = newToken();
  await ctx.db.write(async (tx) => await write(ctx, tx, token));
  return token;
}

/** Takes the actor's address back: nothing is filed under it until they have a new one made. */
export async function revokeMailAddress(ctx: Context): Promise<void> {
  assertUser(ctx);
  await ctx.db.write(async (tx) => await write(ctx, tx, null));
}
