import type { Language } from './errors.ts';

/** The role that may do everything; at least one user who is not disabled holds it. */
export const superadminRole = 'superadmin';

/**
 * Who acts. Every repository call takes one, so that no row is read or written without a tenant and a role.
 * A key of the API with `scopes` but no role of its own acts as superadmin narrowed to its scopes.
 */
export interface Actor {
  readonly kind: 'user' | 'key' | 'process' | 'source' | 'system';
  /** User, key or process id, or the source's key. */
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly role: string;
  readonly team?: string;
  /** Only what these name is allowed, whatever the role says: `leads:read`, `*` … */
  readonly scopes?: readonly string[];
  readonly language: Language;
  /** The session a user came with; absent for every other kind. */
  readonly sessionId?: string;
}

/** The actor as events and records name it: `user/<id>`, `key/<id>`, `process/<id>`, `source/<key>` or `system`. */
export const actorName = (actor: Actor): string => (actor.kind === 'system' ? 'system' : `${actor.kind}/${actor.id}`);

/** The product itself, inside one tenant: command line, set-up, schedules. */
export const systemActor = (tenantId: string, language: Language = 'de'): Actor => ({
  kind: 'system',
  id: 'system',
  name: 'Leitwerk',
  tenantId,
  role: superadminRole,
  language,
});

/** What is known of somebody who may act. */
interface Person extends Pick<Actor, 'id' | 'name' | 'tenantId' | 'role' | 'language'> {
  readonly team: string | null;
}

/** A user acting without a session. */
export const userActor = ({ id, name, tenantId, role, team, language }: Person): Actor => ({
  kind: 'user',
  id,
  name,
  tenantId,
  role,
  language,
  ...(team === null ? {} : { team }),
});

/** A pipeline's process acting on its record. */
export const processActor = (tenantId: string, process: { readonly id: string; readonly name: string }): Actor => ({
  ...systemActor(tenantId),
  kind: 'process',
  id: process.id,
  name: process.name,
});

/** A source through which a message came in. */
export const sourceActor = (tenantId: string, source: { readonly key: string; readonly name: string }): Actor => ({
  ...systemActor(tenantId),
  kind: 'source',
  id: source.key,
  name: source.name,
});
