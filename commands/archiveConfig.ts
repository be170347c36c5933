import { actorName, superadminRole } from '../core/actor.ts';
import { toConfigKind } from '../core/config/kinds.ts';
import { LeitwerkError } from '../core/errors.ts';
import { listUsers } from '../store/accounts-users.ts';
import { archiveConfig as archiveHead } from '../store/config.ts';
import { insertEvent } from '../store/events.ts';
import { assertMayConfigure, onSteadyState, type ConfigContext } from './config-state.ts';

const assertRoleUnused = async (ctx: ConfigContext, key: string): Promise<void> => {
  const { tenantId } = ctx.actor;
  const holders = (await listUsers(ctx.db, tenantId)).filter((user) => user.role === key && !user.isDisabled);
  if (key !== superadminRole && holders.length === 0) return;
  const text = { de: `Die Rolle „${key}“ wird noch gebraucht.`, en: `The role "${key}" is still needed.` };
  throw new LeitwerkError('Conflict', { text, facts: { users: holders.map((user) => user.name) } });
};

/**
 * Takes a key out of use. Records keep it, and its revisions stay.
 * @throws LeitwerkError `Forbidden`, `NotFound`, `Conflict` naming the config texts and users that still need it.
 */
export async function archiveConfig(
  ctx: ConfigContext,
  input: { readonly kind: string; readonly key: string },
): Promise<void> {
  assertMayConfigure(ctx);
  const kind = toConfigKind(input.kind);
  const { key } = input;
  const { tenantId } = ctx.actor;
  await onSteadyState(ctx, async (state) => {
    const head = state.heads.find((one) => one.kind === kind && one.key === key);
    if (head === undefined) throw new LeitwerkError('NotFound');
    if (kind === 'roles') await assertRoleUnused(ctx, key);
    const { brokenReferences } = await import('./config-references.ts');
    const references = brokenReferences(state, { removed: { kind, key } });
    if (references.length > 0) {
      const text = { de: `„${key}“ wird noch gebraucht.`, en: `"${key}" is still needed.` };
      throw new LeitwerkError('Conflict', {
        text,
        facts: {
          references: references.map(({ text: reason, ...place }) => ({ ...place, message: reason[ctx.language] })),
        },
      });
    }
    return async (tx) => {
      await archiveHead(tx, { tenantId, kind, key });
      const at = ctx.now().toISOString();
      await insertEvent(tx, {
        tenantId,
        at,
        actor: actorName(ctx.actor),
        act: 'config.archive',
        entity: kind,
        recordId: key,
        version: head.revision,
        requestId: ctx.requestId,
      });
    };
  });
}
