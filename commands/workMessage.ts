import { sourceActor } from '../core/actor.ts';
import type { Issue } from '../core/errors.ts';
import type { MappingInput } from '../core/mapping.ts';
import { findMessageByKey } from '../store/intake.ts';
import type { Tx } from '../store/database.ts';
import type { Context } from './context.ts';
import { dedupeKeyOf } from './dedupe-key.ts';
import { findChanged, type SameId } from './duplicates/changedMessage.ts';
import { meetKnownLead, meetLead } from './duplicates/knownLead.ts';
import { mapFitting, mapMessage, type MappedMessage } from './mapMessage.ts';
import { findImported } from './receiveMessage.ts';
import type { Source } from './source.ts';
import { titleOf, writeLead } from './writeLead.ts';

/** What a kept message became. */
export interface WorkedMessage {
  readonly state: 'accepted' | 'attached' | 'updated' | 'duplicate' | 'rejected' | 'unreadable';
  readonly lead: string | null;
  readonly dedupeKey: string | null;
  /** Why it was rejected; of a lead what it is without. */
  readonly issues: readonly Issue[];
}

export interface KeptMessage extends MappingInput {
  readonly id: string;
  readonly source: Source;
  /** The sender's own number of its delivery. */
  readonly deliveryId?: string | undefined;
  /** What does not fit its field costs the field, never the lead: people wrote it, and nobody mends it for them. */
  readonly isLenient?: boolean | undefined;
  /** Of its raw bytes, where another message may have said the same. */
  readonly contentHash?: string | undefined;
}

/** What becomes of a message whose lead is there: a duplicate, unless it says something new and its source wants to hear of it. */
const workKnown = async (
  ctx: Context,
  tx: Tx,
  of: { readonly message: KeptMessage; readonly mapped: MappedMessage } & Pick<SameId, 'dedupeKey' | 'known'>,
): Promise<WorkedMessage> => {
  const { message, mapped, dedupeKey, known } = of;
  const { source, contentHash } = message;
  const changed =
    contentHash === undefined ? undefined : await findChanged(ctx, tx, { source, dedupeKey, known, contentHash });
  if (changed === undefined || changed.repeat !== undefined)
    return { state: 'duplicate', lead: changed?.repeat.lead ?? known.lead, dedupeKey: null, issues: [] };
  const { values, additional } = mapped;
  const met = await meetLead(asSender(ctx, source), tx, {
    arrival: { source, values, additional },
    lead: changed.lead,
  });
  return { state: met.state, lead: met.lead, dedupeKey: changed.dedupeKey, issues: [] };
};

const asSender = (ctx: Context, { key, label }: Source): Context => ({
  ...ctx,
  actor: sourceActor(ctx.actor.tenantId, { key, name: label.de }),
});

/** Makes a lead of a message that is kept already, or says why not. */
export async function workMessage(ctx: Context, tx: Tx, message: KeptMessage): Promise<WorkedMessage> {
  const { source } = message;
  const mapped =
    message.isLenient === true ? mapFitting(ctx, source, message) : { ...mapMessage(ctx, source, message), unfit: [] };
  if (mapped.issues.length > 0) return { state: 'rejected', lead: null, dedupeKey: null, issues: mapped.issues };
  const dedupeKey = dedupeKeyOf(mapped, message.deliveryId);
  const known =
    dedupeKey === undefined
      ? undefined
      : await findMessageByKey(tx, { tenantId: ctx.actor.tenantId, source: source.key, dedupeKey });
  if (known !== undefined && known.id !== message.id)
    return await workKnown(ctx, tx, { message, mapped, dedupeKey, known });
  const imported = await findImported(ctx, tx, { source, dedupeKey });
  if (imported !== undefined)
    return await workKnown(ctx, tx, { message, mapped, dedupeKey, known: { lead: imported } });
  const values = { ...mapped.values, title: titleOf(ctx, mapped.values, source) };
  const sender = asSender(ctx, source);
  const { additional } = mapped;
  const met = await meetKnownLead(sender, tx, { source, values, additional });
  const written = met ?? (await writeLead(sender, tx, { values, source, messageId: message.id, additional }));
  if ('issues' in written) return { state: 'rejected', lead: null, dedupeKey: null, issues: written.issues };
  return { state: met?.state ?? 'accepted', lead: written.lead, dedupeKey: dedupeKey ?? null, issues: mapped.unfit };
}
