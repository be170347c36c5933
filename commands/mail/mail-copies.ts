import type { Tx } from '../../store/database.ts';
import type { MailRecipient } from '../../store/mail-jobs.ts';
import { insertMailThread, lockMailThread, updateMailThread, type MailThread } from '../../store/mail-threads.ts';
import { lockRecord } from '../../store/records.ts';
import { isUniqueViolation } from '../../store/violations.ts';
import { modelOf, type Context } from '../context.ts';
import type { Links } from './mail-places.ts';
import { workAgain } from './workAgain.ts';

/** Who has a mail made a lead, once, whatever their source. */
export const leadPurpose = 'lead';

/** What a recipient wants of a mail, however often it comes: one lead for all sources, an entry for each user and record. */
export const purposeOf = (recipient: MailRecipient): string =>
  recipient.kind === 'source' ? leadPurpose : `user/${recipient.user}/${recipient.number ?? ''}`;

/** A mail as one of its copies brings it. */
export interface Copy {
  /** Id of the received message. */
  readonly message: string;
  /** Null for a mail that says none: its copies are mails of their own. */
  readonly messageId: string | null;
  /** Of what the mail says (`saidHash`). */
  readonly contentHash: string;
}

export interface KnownCopies {
  readonly thread: MailThread | undefined;
  /** Another mail has this Message-ID. */
  readonly isAnother: boolean;
  /** Recipients whose wish no other copy has met. */
  readonly open: readonly MailRecipient[];
}

/** What became of a mail by the copies of it that came before. */
export async function readCopies(
  ctx: Context,
  tx: Tx,
  { copy, recipients }: { readonly copy: Copy; readonly recipients: readonly MailRecipient[] },
): Promise<KnownCopies> {
  const { message, messageId, contentHash } = copy;
  const thread = messageId === null ? undefined : await lockMailThread(tx, ctx.actor.tenantId, messageId);
  if (thread === undefined) return { thread, isAnother: false, open: recipients };
  const { met, waiting } = thread.copies;
  const isOwn = waiting.includes(message) || Object.values(met).includes(message);
  const open = recipients.filter((recipient) => (met[purposeOf(recipient)] ?? message) === message);
  return { thread, isAnother: !isOwn && thread.contentHash !== contentHash, open };
}

/** Another copy has been filed since this one looked what there is, which on MySQL may be at the same time: it is to look again. */
export class CopyMet extends Error {}

/** What one copy came to. */
export interface CopyOutcome {
  readonly copy: Copy;
  /** What had become of the others when this one was decided upon; absent where a person decides. */
  readonly seen?: MailThread | undefined;
  /** Where the mail belongs from now on, with what earlier copies found. */
  readonly links: Links;
  /** Purposes that it met; none: it waits for a person. */
  readonly met: readonly string[];
}

const workWaiting = async (ctx: Context, tx: Tx, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    const model = modelOf(ctx, 'intake-message');
    const message = await lockRecord(tx, model, { tenantId: ctx.actor.tenantId, id });
    if (message?.['state'] === 'triage') await workAgain(ctx, tx, message);
  }
};

const countMet = (thread: MailThread | undefined): number => Object.keys(thread?.copies.met ?? {}).length;

/** There is nothing to lock before the first copy has written. */
const insertFirst = async (tx: Tx, thread: Parameters<typeof insertMailThread>[1]): Promise<void> => {
  try {
    await insertMailThread(tx, thread);
  } catch (error) {
    throw isUniqueViolation(error) ? new CopyMet() : error;
  }
};

/**
 * Notes where a copy went. Copies that waited because nobody in them was known are worked again: now there is a place.
 * @throws CopyMet when another copy was the first at the same time, or has met a purpose since this one was decided upon.
 */
export async function noteCopy(ctx: Context, tx: Tx, { copy, links, met, ...decided }: CopyOutcome): Promise<void> {
  const { message, messageId, contentHash } = copy;
  if (messageId === null) return;
  const { tenantId } = ctx.actor;
  const before = await lockMailThread(tx, tenantId, messageId);
  const others = (before?.copies.waiting ?? []).filter((id) => id !== message);
  const isPlaced = met.length > 0;
  if ('seen' in decided && countMet(before) > countMet(decided.seen)) throw new CopyMet();
  const copies = {
    met: { ...before?.copies.met, ...Object.fromEntries(met.map((purpose) => [purpose, message])) },
    waiting: isPlaced ? [] : [...others, message],
  };
  const thread = { tenantId, messageId, contentHash: before?.contentHash ?? contentHash, links, copies };
  if (before === undefined) await insertFirst(tx, { ...thread, at: ctx.now().toISOString() });
  else await updateMailThread(tx, thread);
  if (isPlaced) await workWaiting(ctx, tx, others);
}
