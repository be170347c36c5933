import { randomBytes } from 'node:crypto';
import { actorName } from '../core/actor.ts';
import type { Tx } from '../store/database.ts';
import { insertEvent } from '../store/events.ts';
import { readSecret, readSecretStamp, writeSecret, type SecretBox } from '../store/secrets.ts';
import { transact, type Context } from './context.ts';

const current = 'webhook-out';
const previous = 'webhook-out.previous';

/** How long receivers have to change over: until then messages carry a signature of the former secret, too. */
export const changeOverMs = 24 * 3_600_000;

/** What can be told of the tenant's signing secret at any time; the secret itself is shown once, by `rotateWebhookSecret`. */
export interface WebhookSecretState {
  /** False until the first webhook is sent or a secret is asked for. */
  readonly exists: boolean;
  readonly createdAt: string | null;
  readonly createdBy: string | null;
  /** Until when the former secret signs as well; null when none does. */
  readonly previousUntil: string | null;
}

const untilOf = (ctx: Pick<Context, 'now'>, since: string | undefined): string | null => {
  if (since === undefined) return null;
  const until = Date.parse(since) + changeOverMs;
  return until > ctx.now().getTime() ? new Date(until).toISOString() : null;
};

export async function readWebhookSecret(ctx: Context): Promise<WebhookSecretState> {
  const { tenantId } = ctx.actor;
  const now = await readSecretStamp(ctx.db, { tenantId, name: current });
  const before = await readSecretStamp(ctx.db, { tenantId, name: previous });
  return {
    exists: now !== undefined,
    createdAt: now?.createdAt ?? null,
    createdBy: now?.createdBy ?? null,
    previousUntil: untilOf(ctx, before?.createdAt),
  };
}

const make = async (ctx: Context, tx: Tx, box: SecretBox): Promise<string> => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const at = ctx.now().toISOString();
  await writeSecret(tx, box, { tenantId: ctx.actor.tenantId, name: current, secret, at, actor: actorName(ctx.actor) });
  return secret;
};

/** The secrets that sign what is sent now, newest first; the first is made at its first use. */
export async function signingSecrets(ctx: Context, box: SecretBox): Promise<readonly [string, ...string[]]> {
  const { tenantId } = ctx.actor;
  const secret =
    (await readSecret(ctx.db, box, { tenantId, name: current })) ??
    (await ctx.db.write(
      async (tx) => (await readSecret(tx, box, { tenantId, name: current })) ?? (await make(ctx, tx, box)),
    ));
  const stamp = await readSecretStamp(ctx.db, { tenantId, name: previous });
  if (untilOf(ctx, stamp?.createdAt) === null) return [secret];
  const former = await readSecret(ctx.db, box, { tenantId, name: previous });
  return former === undefined ? [secret] : [secret, former];
}

/**
 * Makes a new signing secret and answers it in clear this once. For a day the former one signs as well.
 * The caller has judged the right to configure.
 */
export async function rotateWebhookSecret(
  ctx: Context,
  box: SecretBox,
): Promise<WebhookSecretState & { readonly secret: string }> {
  const { tenantId } = ctx.actor;
  const secret = await transact(ctx, async (tx) => {
    const at = ctx.now().toISOString();
    const actor = actorName(ctx.actor);
    const former = await readSecret(tx, box, { tenantId, name: current });
    if (former !== undefined) await writeSecret(tx, box, { tenantId, name: previous, secret: former, at, actor });
    const recordId = 'webhook-secret';
    const event = { tenantId, at, actor, act: 'webhook-secret.rotate', entity: 'secret', recordId, version: 0 };
    await insertEvent(tx, { ...event, requestId: ctx.requestId });
    return await make(ctx, tx, box);
  });
  return { ...(await readWebhookSecret(ctx)), secret };
}
