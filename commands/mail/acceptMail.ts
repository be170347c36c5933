import { issueOf, type Text } from '../../core/errors.ts';
import type { MailAddress } from '../../core/mail/parsed-mail.ts';
import { failpoint } from '../../store/failpoints.ts';
import { countRepeat, findMessageByKey } from '../../store/intake.ts';
import { addMailJob, type MailEnvelope } from '../../store/mail-jobs.ts';
import type { RecordData } from '../../store/record-table.ts';
import { insertRecord } from '../../store/records.ts';
import { sha256 } from '../../store/secrets.ts';
import { isUniqueViolation } from '../../store/violations.ts';
import type { Tx } from '../../store/database.ts';
import { modelOf, type Context } from '../context.ts';
import { boundedKey } from '../dedupe-key.ts';
import { stampOf } from '../stamp.ts';
import type { TriageReason } from './fileMail.ts';
import { settleMessage } from './settleMessage.ts';

/** A mail as it came, its raw bytes being durable or in here. */
export interface ArrivedMail {
  readonly source: string;
  readonly envelope: MailEnvelope;
  /** The whole mail where it is small and text; else it is in `rawBlob`. */
  readonly raw: string | undefined;
  readonly rawBlob: string | undefined;
  readonly size: number;
  /** SHA-256 of the raw bytes. */
  readonly rawHash: string;
  /** Without angle brackets. */
  readonly messageId: string | undefined;
  /** Of a mail whose content is not with us: what is known of it, and a sentence that says where it is and what to do. */
  readonly absent?: { readonly from: MailAddress | null; readonly subject: string; readonly reason: Text } | undefined;
}

/** What a person who sorts an absent mail goes by. */
const absentChange = (
  ctx: Context,
  { envelope, messageId }: ArrivedMail,
  { from, subject, reason }: NonNullable<ArrivedMail['absent']>,
): RecordData => {
  const { recipients, mailFrom, helo } = envelope;
  const triage: TriageReason = 'tooLarge';
  return {
    state: 'triage',
    sender: from?.address.slice(0, 320) ?? null,
    subject: subject.slice(0, 500),
    mail: { recipients, mailFrom, helo, messageId, from, reason: triage },
    errors: [issueOf({ path: '', code: triage }, reason, ctx.language)],
  };
};

const store = async (ctx: Context, tx: Tx, mail: ArrivedMail): Promise<string> => {
  const { source, envelope, absent } = mail;
  const dedupeKey = boundedKey(mail.messageId === undefined ? `h:${mail.rawHash}` : `m:${mail.messageId}`);
  // The same mail for somebody else is worked, too.
  const contentHash = sha256(JSON.stringify([mail.rawHash, envelope.recipients]));
  const { tenantId } = ctx.actor;
  const known = await findMessageByKey(tx, { tenantId, source, dedupeKey });
  if (known?.contentHash === contentHash) {
    await countRepeat(tx, known.id);
    return known.id;
  }
  const id = ctx.newId();
  const stamp = stampOf(ctx, id);
  const message: RecordData = {
    ...stamp,
    source,
    receivedAt: stamp.createdAt,
    state: 'received',
    channel: 'mail',
    contentType: 'message/rfc822',
    size: mail.size,
    filedBy: envelope.recipients.find((recipient) => recipient.kind === 'user')?.user ?? null,
    sender: envelope.mailFrom.slice(0, 320),
    mail: { recipients: envelope.recipients, mailFrom: envelope.mailFrom, helo: envelope.helo },
    mailRaw: mail.raw ?? null,
    bodyBlob: mail.rawBlob ?? null,
    dedupeKey: known === undefined ? dedupeKey : null,
    contentHash,
    remoteAddress: envelope.remoteAddress,
    attempts: 0,
    duplicates: 0,
  };
  await insertRecord(tx, modelOf(ctx, 'intake-message'), message);
  if (absent === undefined) await addMailJob(tx, { id, tenantId, at: stamp.createdAt, envelope });
  else await settleMessage(ctx, tx, { message, change: absentChange(ctx, mail, absent) });
  return id;
};

/**
 * Takes a mail in: envelope row and job in one transaction; one that is absent waits to be sorted instead. The same mail again, to the same recipients, is known and stored once.
 * Resolves with the message's id when all of it is durable.
 * @param within What is written in the same transaction; done again where that is tried again.
 * @throws LeitwerkError `Unavailable`.
 */
export async function acceptMail(ctx: Context, mail: ArrivedMail, within?: (tx: Tx) => Promise<void>): Promise<string> {
  const attempt = async (): Promise<string> =>
    await ctx.db.write(async (tx) => {
      const stored = await store(ctx, tx, mail);
      await within?.(tx);
      return stored;
    });
  let id: string;
  try {
    id = await attempt();
  } catch (error) {
    // On MySQL two deliveries of one mail may meet: the loser looks again.
    if (!isUniqueViolation(error)) throw error;
    id = await attempt();
  }
  failpoint('S4');
  return id;
}
