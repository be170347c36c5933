import { isConfigKind, toConfigKind } from '../core/config/kinds.ts';
import { LeitwerkError } from '../core/errors.ts';
import { readRevision } from '../store/config.ts';
import { assertMayConfigure, type ConfigContext } from './config-state.ts';
import { publishConfig } from './publishConfig.ts';
import { publishSchema } from './publishSchema.ts';
import type { PublishedEntry } from './config-state.ts';

export interface RestoreInput {
  readonly kind: string;
  readonly key: string;
  readonly revision: number;
  /** Hash of the impact, where restoring a schema is destructive. */
  readonly confirm?: string | undefined;
}

const notFound = (): LeitwerkError =>
  new LeitwerkError('NotFound', { text: { de: 'Diese Fassung gibt es nicht.', en: 'There is no such revision.' } });

/**
 * Makes an earlier revision the one in force, as a new revision; it is checked again, because what it names may be gone.
 * @throws LeitwerkError as `publishConfig` and `publishSchema`.
 */
export async function restoreConfig(ctx: ConfigContext, input: RestoreInput): Promise<PublishedEntry> {
  assertMayConfigure(ctx);
  const kind = input.kind === 'schemas' ? 'schemas' : toConfigKind(input.kind);
  const earlier = await readRevision(ctx.db, { tenantId: ctx.actor.tenantId, kind, key: input.key }, input.revision);
  if (earlier === undefined) throw notFound();
  const comment =
    ctx.language === 'de' ? `Fassung ${input.revision} wiederhergestellt` : `Revision ${input.revision} restored`;
  if (!isConfigKind(kind))
    return await publishSchema(ctx, { entity: input.key, text: earlier.yaml, comment, confirm: input.confirm });
  return await publishConfig(ctx, { kind, key: input.key, yaml: earlier.yaml, comment });
}
