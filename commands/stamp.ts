import { actorName } from '../core/actor.ts';
import type { Context } from './context.ts';

interface Stamp {
  readonly id: string;
  readonly tenantId: string;
  readonly version: 1;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** What every record has at its beginning: whose it is, who made it and when. */
export const stampOf = (ctx: Pick<Context, 'actor' | 'now'>, id: string): Stamp => {
  const at = ctx.now().toISOString();
  const actor = actorName(ctx.actor);
  const { tenantId } = ctx.actor;
  return { id, tenantId, version: 1, createdAt: at, createdBy: actor, updatedAt: at, updatedBy: actor };
};
