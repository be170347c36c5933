import { randomBytes } from 'node:crypto';
import { actorName } from '../core/actor.ts';
import { insertEvent } from '../store/events.ts';
import { writeSecret, type SecretBox } from '../store/secrets.ts';
import { transact, type Context } from './context.ts';
import { sourceOf, sourceSecretName, type Source } from './source.ts';

export interface SourceSecret {
  readonly source: string;
  readonly auth: Source['auth'];
  /** Shown this once; null for sources that have none: public ones and those for mail. */
  readonly secret: string | null;
}

const newSecret = (auth: Source['auth']): string =>
  auth === 'hmac' ? `whsec_${randomBytes(24).toString('base64')}` : `lws_${randomBytes(24).toString('base64url')}`;

/**
 * Makes a new secret for a source; the former one is void at once.
 * @throws LeitwerkError `NotFound` for an unknown source.
 */
export async function rotateSource(ctx: Context, box: SecretBox, key: string): Promise<SourceSecret> {
  const source = sourceOf(ctx.snapshot, key);
  if (source.auth === 'public' || source.auth === 'mail') return { source: key, auth: source.auth, secret: null };
  const secret = newSecret(source.auth);
  const at = ctx.now().toISOString();
  const actor = actorName(ctx.actor);
  const { tenantId } = ctx.actor;
  await transact(ctx, async (tx) => {
    await writeSecret(tx, box, { tenantId, name: sourceSecretName(key), secret, at, actor });
    await insertEvent(tx, {
      tenantId,
      at,
      actor,
      act: 'source.rotate',
      entity: 'source',
      recordId: key,
      version: 0,
      requestId: ctx.requestId,
    });
  });
  return { source: key, auth: source.auth, secret };
}
