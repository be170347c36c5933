import { superadminRole, type Actor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import { createAbility, narrow, noAbility, type Ability, type Role } from '../core/permissions.ts';
import { timeZoneOf } from '../commands/company.ts';
import type { Snapshot } from '../store/registry.ts';

/** Holds when someone has taken the role's config away: there is always a way back in. */
const superadmin: Role = {
  key: superadminRole,
  label: { de: 'Superadmin', en: 'Superadmin' },
  can: [{ do: ['*'], on: '*' }],
  may: ['*'],
};
const dayMs = 86_400_000;

const make = (snapshot: Snapshot, actor: Actor, now: Date): Ability => {
  const published = snapshot.config('roles').get(actor.role)?.value as Role | undefined;
  const role = published ?? (actor.role === superadminRole ? superadmin : undefined);
  if (role === undefined) return noAbility;
  const ability = createAbility(role, actor, { models: snapshot.models, now, timeZone: timeZoneOf(snapshot) });
  return actor.scopes === undefined ? ability : narrow(ability, actor.scopes);
};

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
    const ability = known.get(key) ?? make(snapshot, actor, at);
    known.set(key, ability);
    return ability;
  };
}
