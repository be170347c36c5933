import type { Actor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Ability } from '../core/permissions.ts';
import { abilityOf } from '../commands/abilityOf.ts';
import type { Snapshot } from '../store/registry.ts';

const dayMs = 86_400_000;

/**
 * What actors may do, kept for as long as the snapshot: a published role holds at once.
 * `heute` in a role's rule is the day on which the ability was made; it is made anew every day.
 */
export function createAbilities(now: () => Date): (snapshot: Snapshot, actor: Actor) => Ability {
  const kept = new WeakMap<Snapshot, Map<string, Ability>>();
  return (snapshot, actor) => {
    if (actor.tenantId !== snapshot.tenantId) throw new LeitwerkError('Forbidden');
    const known = kept.get(snapshot) ?? new Map<string, Ability>();
    kept.set(snapshot, known);
    const at = now();
    const key = JSON.stringify([
      actor.kind,
      actor.id,
      actor.role,
      actor.team,
      actor.scopes,
      Math.floor(at.getTime() / dayMs),
    ]);
    const ability = known.get(key) ?? abilityOf(snapshot, actor, at);
    known.set(key, ability);
    return ability;
  };
}
