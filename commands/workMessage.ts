import { sourceActor } from '../core/actor.ts';
import type { Issue } from '../core/errors.ts';
import type { MappingInput } from '../core/mapping.ts';
import { findMessageByKey } from '../store/intake.ts';
import type { Tx } from '../store/database.ts';
import type { Context } from './context.ts';
import { meetKnownLead } from './duplicates/knownLead.ts';
import { mapFitting, mapMessage } from './mapMessage.ts';
import { dedupeKeyOf, findImported } from './receiveMessage.ts';
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
}

/** Makes a lead of a message that is kept already, or says why not: one whose key is known is a duplicate. */
export async function workMessage(ctx: Context, tx: Tx, message: KeptMessage): Promise<WorkedMessage> {
  const { source } = message;
  const mapped =
    message.isLenient === true ? mapFitting(ctx, source, message) : { ...mapMessage(ctx, source, message), unfit: [] };
  if (mapped.issues.length > 0) return { state: 'rejected', lead: null, dedupeKey: null, issues: mapped.issues };
  const dedupeKey = dedupeKeyOf(mapped.values, message.deliveryId) ?? null;
  const known =
    dedupeKey === null
      ? undefined
      : await findMessageByKey(tx, { tenantId: ctx.actor.tenantId, source: source.key, dedupeKey });
  if (known !== undefined && known.id !== message.id)
    return { state: 'duplicate', lead: known.lead, dedupeKey: null, issues: [] };
  const imported = await findImported(ctx, tx, { source, dedupeKey: dedupeKey ?? undefined });
  if (imported !== undefined) return { state: 'duplicate', lead: imported, dedupeKey: null, issues: [] };
  const values = { ...mapped.values, title: titleOf(ctx, mapped.values, source) };
  const sender = { ...ctx, actor: sourceActor(ctx.actor.tenantId, { key: source.key, name: source.label.de }) };
  const { additional } = mapped;
  const met = await meetKnownLead(sender, tx, { source, values, additional });
  const written = met ?? (await writeLead(sender, tx, { values, source, messageId: message.id, additional }));
  if ('issues' in written) return { state: 'rejected', lead: null, dedupeKey: null, issues: written.issues };
  return { state: met?.state ?? 'accepted', lead: written.lead, dedupeKey, issues: mapped.unfit };
}
