import { actorName } from '../core/actor.ts';
import { LeitwerkError, type Issue } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { insertEvent } from '../store/events.ts';
import { findMessageByKey } from '../store/intake.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import { boundedKey } from './dedupe-key.ts';
import {
  keepingOnce,
  repeatOf,
  storeEnvelope,
  type Outcome,
  type Receipt,
  type ReceivedMessage,
} from './receiveMessage.ts';
import { changeRecord, type Written } from './record-write.ts';

const wakeCollection = async (ctx: Context, tx: Tx, id: string): Promise<void> => {
  await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    act: 'intake-message.fetch',
    entity: 'intake-message',
    recordId: id,
    version: 0,
    requestId: ctx.requestId,
    wakes: { process: `intake-message/${id}`, lane: ctx.lane ?? 'incoming' },
  });
};

/**
 * Takes in a delivery that only tells of things: the envelope and the event that lets them be fetched, in one transaction.
 * A repeated one gets the first one's answer. One that tells of nothing that concerns us is kept, and nothing more.
 */
export async function receiveDelivery(
  ctx: Context,
  message: ReceivedMessage,
  { tells }: { readonly tells: number },
): Promise<Receipt> {
  const dedupeKey = boundedKey(`d:${message.deliveryId ?? ''}`);
  const key = { tenantId: ctx.actor.tenantId, source: message.source.key, dedupeKey };
  return await keepingOnce(ctx, async (tx) => {
    const known = await findMessageByKey(tx, key);
    if (known !== undefined) return await repeatOf(ctx, tx, { known, message });
    const id = ctx.newId();
    const state = tells === 0 ? 'accepted' : 'waiting';
    const outcome: Outcome = { state, lead: null, dedupeKey, issues: [] };
    await storeEnvelope(ctx, tx, { message, id, outcome });
    if (tells > 0) await wakeCollection(ctx, tx, id);
    return { status: 'accepted', id, lead: null };
  });
}

/**
 * Lets what a parked delivery tells of be fetched again.
 * @throws LeitwerkError `Locked` when there is nothing left to fetch, `NotFound`, `Forbidden`.
 */
export async function retryDelivery(ctx: Context, id: string): Promise<Written> {
  assertCan(ctx, 'create', modelOf(ctx, 'lead'));
  return await transact(ctx, async (tx) => await retryDeliveryWithin({ ...ctx, lane: 'interactive' }, tx, id));
}

/** As `retryDelivery`, inside the caller's transaction and in the caller's lane. */
export async function retryDeliveryWithin(ctx: Context, tx: Tx, id: string): Promise<Written> {
  const model = modelOf(ctx, 'intake-message');
  const written = await changeRecord(ctx, tx, {
    model,
    id,
    verb: 'replay',
    act: 'replay',
    change: ({ state, attempts }) => {
      if (state === 'parked') return { state: 'waiting', errors: null, attempts: Number(attempts ?? 1) + 1 };
      throw new LeitwerkError('Locked', {
        text:
          state === 'waiting'
            ? { de: 'Diese Nachricht wird gerade abgeholt.', en: 'This message is being fetched at this moment.' }
            : {
                de: 'Aus dieser Nachricht ist schon alles geholt.',
                en: 'Everything of this message has been fetched.',
              },
      });
    },
  });
  await wakeCollection(ctx, tx, id);
  return written;
}

/** What fetching has come to: done, waiting for the next attempt, or for a person. */
export interface Collection {
  readonly state: 'accepted' | 'waiting' | 'parked';
  readonly lead: string | null;
  readonly issues: readonly Issue[];
}

/**
 * Keeps on a delivery how its fetching goes. One that is settled stays as it is, and one that is parked waits for a person until
 * everything is there.
 */
export async function noteCollection(ctx: Context, id: string, collection: Collection): Promise<void> {
  const { state, lead, issues } = collection;
  await ctx.db.write(async (tx) => {
    await changeRecord(ctx, tx, {
      model: modelOf(ctx, 'intake-message'),
      id,
      verb: 'collect',
      act: state === 'accepted' ? 'collect' : state === 'parked' ? 'park' : 'delay',
      change: (record) =>
        record['state'] === 'waiting' || (record['state'] === 'parked' && state === 'accepted')
          ? { state, lead: lead ?? record['lead'] ?? null, errors: issues.length === 0 ? null : issues }
          : {},
    });
  });
}
