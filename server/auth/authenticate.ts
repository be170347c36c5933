import type { Actor } from '../../core/actor.ts';
import { hashToken } from '../../commands/accounts/tokens.ts';
import { findActorByKey, findKey, touchKey } from '../../store/accounts-keys.ts';
import { findActorBySession, findSessionRights, seenEveryMs, touchSession } from '../../store/accounts-sessions.ts';
import type { Database, Eventually, Tx } from '../../store/database.ts';
import { readSessionToken } from './cookies.ts';

/** A key found in memory is trusted for so long: a revoked one is out within a second, in every process. */
const keyTrustedMs = 1_000;
const keysKept = 2_000;

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** Whether the request came over https, as the server judged it. */
  readonly isSecure: boolean;
}

interface KnownKey {
  readonly actor: Actor;
  readonly readAt: number;
  readonly expiresAt: number;
  touchedAt: number;
}

export interface Authenticator {
  /** Who the request comes from; undefined for nobody, which includes a wrong, ended, expired or revoked credential. */
  authenticate(credentials: Credentials): Eventually<Actor | undefined>;
  /** Whether somebody who came in earlier may still be in, with the same role and team: for streams that outlive their request. */
  isStillIn(actor: Actor): Promise<boolean>;
  /** Forgets what was read about keys: after a key was revoked here. */
  forgetKeys(): void;
}

interface Wiring {
  readonly db: Database;
  readonly now: () => Date;
  /** Gets failures to note when a credential was last used, which must not fail the request. */
  readonly onError: (error: unknown) => void;
}

/** A Bearer key is looked up in memory; a session is read from the database on every request. */
export function createAuthenticator({ db, now, onError }: Wiring): Authenticator {
  const known = new Map<string, KnownKey>();
  const later = (work: (tx: Tx) => Promise<void>): void => void db.write(work).catch(onError);

  const touch = (key: KnownKey, at: Date): void => {
    if (at.getTime() - key.touchedAt < seenEveryMs) return;
    key.touchedAt = at.getTime();
    later(async (tx) => await touchKey(tx, key.actor.id, at.toISOString()));
  };

  const readKey = async (hash: string, at: Date): Promise<Actor | undefined> => {
    const found = await findActorByKey(db, hash, at);
    known.delete(hash);
    if (found === undefined) return undefined;
    if (known.size >= keysKept) known.delete(known.keys().next().value ?? '');
    const expiresAt = found.expiresAt === null ? Infinity : Date.parse(found.expiresAt);
    const key: KnownKey = {
      actor: found.actor,
      readAt: at.getTime(),
      expiresAt,
      touchedAt: Date.parse(found.lastUsedAt ?? '') || 0,
    };
    known.set(hash, key);
    touch(key, at);
    return key.actor;
  };

  const byKey = (authorization: string): Eventually<Actor | undefined> => {
    const [scheme = '', token = ''] = authorization.split(' ', 2);
    if (scheme.toLowerCase() !== 'bearer' || token === '') return undefined;
    const at = now();
    const hash = hashToken(token);
    const key = known.get(hash);
    if (key === undefined || Math.abs(at.getTime() - key.readAt) >= keyTrustedMs) return readKey(hash, at);
    return key.expiresAt > at.getTime() ? key.actor : undefined;
  };

  const bySession = async (token: string): Promise<Actor | undefined> => {
    const at = now();
    const found = await findActorBySession(db, hashToken(token), at);
    if (found === undefined) return undefined;
    const { sessionId } = found.actor;
    if (sessionId !== undefined && at.getTime() - Date.parse(found.seenAt) > seenEveryMs) {
      later(async (tx) => await touchSession(tx, sessionId, at.toISOString()));
    }
    return found.actor;
  };

  return {
    authenticate: ({ authorization, cookie, isSecure }) => {
      // Whoever shows a key means it: a wrong one must not fall back to a cookie that happens to be there.
      if (authorization !== undefined) return byKey(authorization);
      const token = readSessionToken(cookie, isSecure);
      return token === undefined ? undefined : bySession(token);
    },
    isStillIn: async (actor) => {
      if (actor.kind === 'user') {
        const rights = await findSessionRights(db, actor.sessionId ?? '', now());
        return rights !== undefined && rights.role === actor.role && (rights.team ?? undefined) === actor.team;
      }
      if (actor.kind !== 'key') return true;
      const key = await findKey(db, actor.tenantId, actor.id);
      return (
        key !== undefined && key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now().toISOString())
      );
    },
    forgetKeys: () => known.clear(),
  };
}
