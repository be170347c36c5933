import { processActor } from '../../core/actor.ts';
import { createAbility, type Ability } from '../../core/permissions.ts';
import type { Snapshot } from '../../store/registry.ts';
import type { Context } from '../context.ts';

const role = { key: 'process', label: { de: 'Import', en: 'Import' }, can: [{ do: ['*'], on: '*' }], may: ['*'] };
const abilities = new WeakMap<Snapshot, Ability>();

/**
 * The import itself acting: what it writes names it as its maker (`process/import/<id>`), for the audit log and for taking it back.
 * What it may do to records is judged by the rights of whoever started it.
 */
export function importContext(
  ctx: Pick<Context, 'db' | 'snapshot' | 'language' | 'now' | 'newId'> & {
    readonly actor: { readonly tenantId: string };
  },
  id: string,
): Context {
  const { db, snapshot, language, now, newId } = ctx;
  const actor = processActor(ctx.actor.tenantId, { id: `import/${id}`, name: 'Import' });
  const ability = abilities.get(snapshot) ?? createAbility(role, actor, { models: snapshot.models, now: now() });
  abilities.set(snapshot, ability);
  return { db, snapshot, actor, ability, language, now, newId, lane: 'background' };
}
