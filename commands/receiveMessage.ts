import { issueOf, LeitwerkError, type Issue, type Text } from '../core/errors.ts';
import type { Eventually, Tx } from '../store/database.ts';
import { failpoint } from '../store/failpoints.ts';
import { claimIdempotencyKey, keepIdempotentAnswer, type IdempotencyClaim } from '../store/idempotency.ts';
import { findImportedKeys } from '../store/import-rows.ts';
import { isUniqueViolation } from '../store/violations.ts';
import { findMessageByKey, countRepeat, type KnownMessage } from '../store/intake.ts';
import type { RecordData } from '../store/record-table.ts';
import { insertRecord } from '../store/records.ts';
import { sha256 } from '../store/secrets.ts';
import { modelOf, transact, type Context } from './context.ts';
import { boundedKey, dedupeKeyOf, externalPrefix } from './dedupe-key.ts';
import { findChanged, type SameId } from './duplicates/changedMessage.ts';
import { formIssues } from './formIssues.ts';
import { mapMessage, type MappedMessage } from './mapMessage.ts';
import { meetKnownLead, meetLead } from './duplicates/knownLead.ts';
import { standingId } from './duplicates/standing.ts';
import type { Source } from './source.ts';
import { stampOf } from './stamp.ts';
import { titleOf, writeLead } from './writeLead.ts';

/** A message whose sender has been authenticated. */
export interface ReceivedMessage {
  readonly source: Source;
  /** `notice`: it only tells of things, which are then fetched (`fetched`). */
  readonly channel: 'webhook' | 'form' | 'notice' | 'fetched';
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Buffer;
  /** Blob of the raw bytes where they are too large or not text. */
  readonly rawBlob?: string | undefined;
  readonly content: { readonly fields: RecordData } | { readonly unreadable: Text };
  readonly attachments: readonly RecordData[];
  readonly remoteAddress: string;
  /** The sender's own number of this delivery (`webhook-id`). */
  readonly deliveryId?: string | undefined;
  /** A robot filled the honeypot: kept, but no lead. */
  readonly isSpam: boolean;
}

export type Receipt =
  | { readonly status: 'accepted' | 'duplicate'; readonly id: string; readonly lead: string | null }
  | { readonly status: 'rejected'; readonly id: string; readonly issues: readonly Issue[] }
  | { readonly status: 'unreadable'; readonly id: string; readonly text: Text };

export interface Outcome {
  readonly state: 'accepted' | 'attached' | 'updated' | 'duplicate' | 'rejected' | 'unreadable' | 'spam' | 'waiting';
  readonly lead: string | null;
  readonly dedupeKey: string | null;
  readonly issues: readonly Issue[];
}

const envelopeOf = (ctx: Context, message: ReceivedMessage, id: string): RecordData => {
  const stamp = stampOf(ctx, id);
  return {
    ...stamp,
    source: message.source.key,
    receivedAt: stamp.createdAt,
    channel: message.channel,
    contentType: message.contentType,
    size: message.raw.byteLength,
    headers: message.headers,
    body: message.rawBlob === undefined ? message.raw.toString('utf8') : null,
    bodyBlob: message.rawBlob ?? null,
    attachments: message.attachments.length === 0 ? null : message.attachments,
    contentHash: sha256(message.raw),
    remoteAddress: message.remoteAddress,
    attempts: 1,
    duplicates: 0,
  };
};

/** Writes the message as it came, with what became of it. */
export const storeEnvelope = (
  ctx: Context,
  tx: Tx,
  stored: { message: ReceivedMessage; id: string; outcome: Outcome },
): Promise<void> => {
  const { message, id, outcome } = stored;
  return insertRecord(tx, modelOf(ctx, 'intake-message'), {
    ...envelopeOf(ctx, message, id),
    state: outcome.state,
    lead: outcome.lead,
    dedupeKey: outcome.dedupeKey,
    errors: outcome.issues.length === 0 ? null : outcome.issues,
  });
};

export const repeatOf = async (
  ctx: Context,
  tx: Tx,
  repeat: { known: KnownMessage; message: ReceivedMessage },
): Promise<Receipt> => {
  const { known, message } = repeat;
  if (known.contentHash === sha256(message.raw)) await countRepeat(tx, known.id);
  else {
    const outcome: Outcome = { state: 'duplicate', lead: known.lead, dedupeKey: null, issues: [] };
    await storeEnvelope(ctx, tx, { message, id: ctx.newId(), outcome });
  }
  return { status: 'duplicate', id: known.id, lead: known.lead };
};

/** The lead that a row of an imported file has made under the sender's own id. */
export async function findImported(
  ctx: Context,
  tx: Tx,
  of: { readonly source: Source; readonly dedupeKey: string | undefined },
): Promise<string | undefined> {
  const { source, dedupeKey } = of;
  if (dedupeKey?.startsWith(externalPrefix) !== true) return undefined;
  const search = { tenantId: ctx.actor.tenantId, scope: `lead/${source.key}`, keys: [dedupeKey] };
  const lead = (await findImportedKeys(tx, search)).get(dedupeKey);
  if (lead === undefined) return undefined;
  return await standingId(tx, modelOf(ctx, 'lead'), { tenantId: ctx.actor.tenantId, id: lead });
}

const repeatOfImported = async (
  ctx: Context,
  tx: Tx,
  { message, lead }: { message: ReceivedMessage; lead: string },
): Promise<Receipt> => {
  const id = ctx.newId();
  const outcome: Outcome = { state: 'duplicate', lead, dedupeKey: null, issues: [] };
  await storeEnvelope(ctx, tx, { message, id, outcome });
  return { status: 'duplicate', id, lead };
};

/** A message that changes what its lead says, or the very same one again; undefined where there is nothing to be changed. */
const takeChange = async (
  ctx: Context,
  tx: Tx,
  change: { message: ReceivedMessage; mapped: MappedMessage | undefined } & Pick<SameId, 'dedupeKey' | 'known'>,
): Promise<Receipt | undefined> => {
  const { message, mapped, dedupeKey, known } = change;
  const { source } = message;
  if (mapped === undefined) return undefined;
  const changed = await findChanged(ctx, tx, { source, dedupeKey, known, contentHash: sha256(message.raw) });
  if (changed === undefined) return undefined;
  if (changed.repeat !== undefined) return await repeatOf(ctx, tx, { known: changed.repeat, message });
  if (mapped.issues.length > 0) return await rejected(ctx, tx, { message, issues: mapped.issues });
  const { values, additional } = mapped;
  const { state, lead } = await meetLead(ctx, tx, { arrival: { source, values, additional }, lead: changed.lead });
  const id = ctx.newId();
  await storeEnvelope(ctx, tx, { message, id, outcome: { state, lead, dedupeKey: changed.dedupeKey, issues: [] } });
  return { status: 'accepted', id, lead };
};

/** A message whose lead is there, by another message or by a row of a file: a change of it where its source wants to hear of it, else a repeat. */
const takeKnown = async (
  ctx: Context,
  tx: Tx,
  of: Omit<Parameters<typeof takeChange>[2], 'known'> & { known: KnownMessage | { readonly lead: string } },
): Promise<Receipt> => {
  const { message, known } = of;
  const changed = await takeChange(ctx, tx, of);
  if (changed !== undefined) return changed;
  return 'id' in known
    ? await repeatOf(ctx, tx, { known, message })
    : await repeatOfImported(ctx, tx, { message, lead: known.lead });
};

const rejected = async (
  ctx: Context,
  tx: Tx,
  rejection: { message: ReceivedMessage; issues: readonly Issue[]; text?: Text },
): Promise<Receipt> => {
  const id = ctx.newId();
  const { issues, text } = rejection;
  const state = text === undefined ? 'rejected' : 'unreadable';
  const shown = text === undefined ? issues : [issueOf({ path: '', code: 'unreadable' }, text, ctx.language)];
  await storeEnvelope(ctx, tx, {
    message: rejection.message,
    id,
    outcome: { state, lead: null, dedupeKey: null, issues: shown },
  });
  return text === undefined ? { status: 'rejected', id, issues } : { status: 'unreadable', id, text };
};

/** A robot is told that all went well, whatever it wrote; it takes nobody's dedupe key away. */
const keepSpam = async (ctx: Context, tx: Tx, message: ReceivedMessage): Promise<Receipt> => {
  const id = ctx.newId();
  await storeEnvelope(ctx, tx, { message, id, outcome: { state: 'spam', lead: null, dedupeKey: null, issues: [] } });
  return { status: 'accepted', id, lead: null };
};

/** Through a form the form's own rules count, too. */
const readMessage = (ctx: Context, message: ReceivedMessage): MappedMessage | undefined => {
  if (!('fields' in message.content)) return undefined;
  const { source, content, headers } = message;
  const mapped = mapMessage(ctx, source, { body: content.fields, headers });
  if (message.channel !== 'form' || source.form === undefined) return mapped;
  const found = formIssues(
    source.form,
    { model: modelOf(ctx, 'lead'), values: mapped.values, files: message.attachments },
    ctx.language,
  );
  const added = found.filter((issue) => !mapped.issues.some((other) => other.path === issue.path));
  return { ...mapped, issues: [...mapped.issues, ...added] };
};

const reused: Text = {
  de: 'Diese webhook-id kam schon mit einem anderen Inhalt.',
  en: 'This webhook-id came with another body already.',
};

/** What is fetched comes under the number of what it is about, and may say something else each time. */
const claimOf = (ctx: Context, message: ReceivedMessage): IdempotencyClaim | undefined => {
  const { source, deliveryId, raw, channel } = message;
  return deliveryId === undefined || channel === 'fetched'
    ? undefined
    : {
        tenantId: ctx.actor.tenantId,
        scope: `delivery/${source.key}`,
        key: boundedKey(deliveryId),
        requestHash: sha256(raw),
        at: ctx.now().toISOString(),
        conflict: reused,
      };
};

/** Claims are forgotten after a time, messages are not. */
const assertSameDelivery = (
  claim: IdempotencyClaim | undefined,
  { known, dedupeKey }: { known: KnownMessage | undefined; dedupeKey: string | undefined },
): void => {
  if (claim === undefined || known === undefined || dedupeKey?.startsWith(externalPrefix) === true) return;
  if (known.contentHash !== claim.requestHash) throw new LeitwerkError('Conflict', { text: reused });
};

/** A delivery that came before under the sender's number is a repeat, whatever id its lead has; with another body it is refused. */
const onceDelivered =
  (ctx: Context, claim: IdempotencyClaim, work: (tx: Tx) => Promise<Receipt>): ((tx: Tx) => Promise<Receipt>) =>
  async (tx) => {
    const earlier = (await claimIdempotencyKey(tx, claim)) as Pick<KnownMessage, 'id' | 'lead'> | undefined;
    if (earlier !== undefined) {
      await countRepeat(tx, earlier.id);
      return { status: 'duplicate', ...earlier };
    }
    const receipt = await work(tx);
    if ('lead' in receipt) await keepIdempotentAnswer(tx, claim, { id: receipt.id, lead: receipt.lead });
    return receipt;
  };

/**
 * Takes a message in: raw envelope, lead, timeline entry and the event for its process in one transaction.
 * A message that cannot become a lead is kept with its faults; a repeated one gets the first one's answer, and one that says something new
 * under the id of a lead changes it where its source says so.
 * @throws LeitwerkError `Conflict` when an `Idempotency-Key` or a `webhook-id` was used for another body, `Unavailable` when nothing could be stored.
 */
export async function receiveMessage(ctx: Context, message: ReceivedMessage): Promise<Receipt> {
  const mapped = readMessage(ctx, message);
  const dedupeKey = dedupeKeyOf(mapped, message.deliveryId);
  const claim = claimOf(ctx, message);
  const work = async (tx: Tx): Promise<Receipt> => {
    if (message.isSpam) return await keepSpam(ctx, tx, message);
    const known =
      dedupeKey === undefined
        ? undefined
        : await findMessageByKey(tx, { tenantId: ctx.actor.tenantId, source: message.source.key, dedupeKey });
    assertSameDelivery(claim, { known, dedupeKey });
    if (known !== undefined) return await takeKnown(ctx, tx, { message, mapped, dedupeKey, known });
    if ('unreadable' in message.content)
      return await rejected(ctx, tx, { message, issues: [], text: message.content.unreadable });
    if (mapped === undefined || mapped.issues.length > 0)
      return await rejected(ctx, tx, { message, issues: mapped?.issues ?? [] });
    const imported = await findImported(ctx, tx, { source: message.source, dedupeKey });
    if (imported !== undefined)
      return await takeKnown(ctx, tx, { message, mapped, dedupeKey, known: { lead: imported } });
    const { source } = message;
    const id = ctx.newId();
    const values = { ...mapped.values, title: titleOf(ctx, mapped.values, source) };
    const { additional } = mapped;
    const met = await meetKnownLead(ctx, tx, { source, values, additional });
    const written = met ?? (await writeLead(ctx, tx, { values, source, messageId: id, additional }));
    if ('issues' in written) return await rejected(ctx, tx, { message, issues: written.issues });
    const { lead } = written;
    const outcome: Outcome = { state: met?.state ?? 'accepted', lead, dedupeKey: dedupeKey ?? null, issues: [] };
    await storeEnvelope(ctx, tx, { message, id, outcome });
    return { status: 'accepted', id, lead };
  };
  return await keepingOnce(ctx, claim === undefined ? work : onceDelivered(ctx, claim, work));
}

/** A refused request may be corrected and sent again under the same `Idempotency-Key`. */
const isAccepted = (receipt: Receipt): boolean => receipt.status === 'accepted' || receipt.status === 'duplicate';

/** On MySQL two deliveries of one key may meet; the loser looks again and finds the winner's message. */
export const keepingOnce = async (ctx: Context, work: (tx: Tx) => Eventually<Receipt>): Promise<Receipt> => {
  const attempt = async (): Promise<Receipt> => {
    let isFirst = false;
    const receipt = await transact(
      ctx,
      (tx) => {
        isFirst = true;
        return work(tx);
      },
      isAccepted,
    );
    if (isAccepted(receipt)) failpoint('S4');
    return isFirst || receipt.status !== 'accepted' ? receipt : { ...receipt, status: 'duplicate' };
  };
  try {
    return await attempt();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return await attempt();
  }
};
