import { superadminRole, type Actor } from '../core/actor.ts';
import { createAbility, narrow, noAbility, type Ability, type Role } from '../core/permissions.ts';
import type { Snapshot } from '../store/registry.ts';
import { timeZoneOf } from './company.ts';

/** Holds when someone has taken the role's config away: there is always a way back in. */
const superadmin: Role = {
  key: superadminRole,
  label: { de: 'Superadmin', en: 'Superadmin' },
  can: [{ do: ['*'], on: '*' }],
  may: ['*'],
};

/** What an actor may do under a tenant's roles as they are in the snapshot. */
export function abilityOf(snapshot: Snapshot, actor: Actor, now: Date): Ability {
  const published = snapshot.config('roles').get(actor.role)?.value as Role | undefined;
  const role = published ?? (actor.role === superadminRole ? superadmin : undefined);
  if (role === undefined) return noAbility;
  const ability = createAbility(role, actor, { models: snapshot.models, now, timeZone: timeZoneOf(snapshot) });
  return actor.scopes === undefined ? ability : narrow(ability, actor.scopes);
}
