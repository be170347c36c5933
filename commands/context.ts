import { actorName, type Actor } from '../core/actor.ts';
import type { PresetRules } from '../core/config/lookup.ts';
import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError, type Language } from '../core/errors.ts';
import { missingScope, type Ability, type Verb } from '../core/permissions.ts';
import type { Database, Eventually, Tx } from '../store/database.ts';
import type { Lane } from '../store/events.ts';
import { claimIdempotencyKey, keepIdempotentAnswer } from '../store/idempotency.ts';
import { isUniqueViolation } from '../store/violations.ts';
import type { Snapshot } from '../store/registry.ts';

/** What a command needs to know about the call: who, with which rights, under which configuration, when. */
export interface Context {
  readonly db: Database;
  readonly snapshot: Snapshot;
  readonly actor: Actor;
  readonly ability: Ability;
  readonly language: Language;
  readonly now: () => Date;
  readonly newId: () => string;
  /** What sources may name as their `preset`; absent where nobody publishes. */
  readonly presets?: readonly PresetRules[] | undefined;
  readonly requestId?: string | undefined;
  /** Overrides how urgently processes are woken: imports and replays go in the background. */
  readonly lane?: Lane | undefined;
  /** From the `Idempotency-Key` header: the answer is stored with the effect and given again for the same request. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string } | undefined;
}

/**
 * Runs a command's one transaction. With an idempotency key the same request gets the first answer again and has no second effect.
 * `isKept` says which answers count as the request's effect.
 * @throws LeitwerkError `Conflict` when the key was used for another request.
 */
export async function transact<T>(
  ctx: Context,
  work: (tx: Tx) => Eventually<T>,
  isKept: (answer: T) => boolean = () => true,
): Promise<T> {
  const { idempotency } = ctx;
  if (idempotency === undefined) return await ctx.db.write(work);
  const claim = {
    tenantId: ctx.actor.tenantId,
    scope: actorName(ctx.actor),
    ...idempotency,
    at: ctx.now().toISOString(),
  };
  const attempt = async (): Promise<T> =>
    await ctx.db.write(async (tx) => {
      const earlier = await claimIdempotencyKey(tx, claim);
      if (earlier !== undefined) return earlier as T;
      const answer = await work(tx);
      if (isKept(answer)) await keepIdempotentAnswer(tx, claim, answer);
      return answer;
    });
  try {
    return await attempt();
  } catch (error) {
    // Two requests with one key met on MySQL: the loser finds the winner's answer.
    if (!isUniqueViolation(error)) throw error;
    return await attempt();
  }
}

/**
 * The model of an entity by its name or its plural.
 * @throws LeitwerkError `NotFound`.
 */
export function modelOf(ctx: Pick<Context, 'snapshot'>, name: string): EntityModel {
  const model = ctx.snapshot.models.get(name) ?? ctx.snapshot.modelsByPlural.get(name);
  if (model === undefined) {
    throw new LeitwerkError('NotFound', {
      text: { de: `Das Objekt „${name}“ gibt es nicht.`, en: `There is no entity "${name}".` },
    });
  }
  return model;
}

/** A refusal that names the scope which the actor's key lacks, where that is the reason. */
export function forbidden(ctx: Pick<Context, 'actor'>, resource: string, access: 'read' | 'write'): LeitwerkError {
  const scope = missingScope(ctx.actor.scopes, resource, access);
  if (scope === undefined) return new LeitwerkError('Forbidden');
  const text = { de: `Dem Schlüssel fehlt das Recht ${scope}.`, en: `The key lacks the scope ${scope}.` };
  return new LeitwerkError('Forbidden', { text, facts: { scope } });
}

/** Whoever may not read at all is told so, and not that there is no such record. @throws LeitwerkError `Forbidden`. */
export function assertScopeToRead(ctx: Pick<Context, 'actor'>, model: EntityModel): void {
  if (missingScope(ctx.actor.scopes, model.plural, 'read') !== undefined) throw forbidden(ctx, model.plural, 'read');
}

/** @throws LeitwerkError `Forbidden` when no rule of the role allows it on any record of the entity. */
export function assertCan(ctx: Context, verb: Verb, model: EntityModel): void {
  if (!ctx.ability.can(verb, model.name)) throw forbidden(ctx, model.plural, verb === 'read' ? 'read' : 'write');
}
