import { actorName, type Actor } from '../../core/actor.ts';
import { LeitwerkError, type Language } from '../../core/errors.ts';
import type { Database, Tx } from '../../store/database.ts';
import { insertEvent, type Changes } from '../../store/events.ts';
import type { Snapshot } from '../../store/registry.ts';

/** The part of a command's `Context` that acts on accounts need. */
export interface AccountContext {
  readonly db: Database;
  readonly actor: Actor;
  /** `may` opens areas: `users`, `keys`, `*` for all. */
  readonly ability: { may(area: string, access?: 'read' | 'write'): boolean };
  readonly snapshot: Pick<Snapshot, 'config' | 'modelsByPlural'>;
  readonly language: Language;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly requestId?: string | undefined;
}

/** Who knocks: acts before anyone is signed in. */
export interface VisitorContext {
  readonly db: Database;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Client address as the server judged it (proxies only where trusted). */
  readonly address: string;
  readonly userAgent: string;
  readonly language: Language;
  readonly requestId?: string | undefined;
}

/** @throws LeitwerkError `Forbidden` unless the actor may work in the area. */
export function assertMay(ctx: AccountContext, area: 'users' | 'keys', access: 'read' | 'write' = 'write'): void {
  if (!ctx.ability.may(area, access)) throw new LeitwerkError('Forbidden', { facts: { area } });
}

/** An act on an account, for the audit log. Changes never hold a secret or its hash. */
export interface AccountEvent {
  readonly act: string;
  readonly recordId: string;
  readonly version: number;
  readonly changes?: Changes;
}

const entityOf = (act: string): string => act.slice(0, act.indexOf('.'));

/** Writes the audit entry of an act beside its rows and answers its number. */
export async function record(
  tx: Tx,
  ctx: Pick<AccountContext, 'actor' | 'now' | 'requestId'>,
  event: AccountEvent,
): Promise<number> {
  return await insertEvent(tx, {
    ...event,
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    entity: entityOf(event.act),
    requestId: ctx.requestId,
  });
}

/** `InvalidInput` for one field. */
export const invalid = (path: string, code: string, message: string): LeitwerkError =>
  new LeitwerkError('InvalidInput', { issues: [{ path, code, message }] });
