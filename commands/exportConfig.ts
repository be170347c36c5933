import { LeitwerkError } from '../core/errors.ts';
import type { RevisionKind } from '../core/config/kinds.ts';
import type { ConfigFile } from '../store/config-files.ts';
import { configFileName } from '../store/config-files.ts';
import { readConfigState, type ConfigContext } from './config-state.ts';

/**
 * Every text in force, as `importConfig` takes them.
 * @throws LeitwerkError `Forbidden`.
 */
export async function exportConfig(
  ctx: Pick<ConfigContext, 'db' | 'actor' | 'ability'>,
): Promise<readonly ConfigFile[]> {
  if (!ctx.ability.may('config', 'read')) throw new LeitwerkError('Forbidden');
  const { heads } = await readConfigState(ctx.db, ctx.actor.tenantId);
  return heads.map((head) => {
    const kind = head.kind as RevisionKind;
    return { kind, key: head.key, file: configFileName(kind, head.key), text: head.yaml };
  });
}
