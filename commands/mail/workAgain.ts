import type { Tx } from '../../store/database.ts';
import { addMailJob, type MailRecipient } from '../../store/mail-jobs.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { settleMessage } from './settleMessage.ts';

/** Has a kept mail worked again as if it came now. */
export async function workAgain(
  ctx: Context,
  tx: Tx,
  message: RecordData,
): Promise<{ readonly message: RecordData; readonly event: number }> {
  const { recipients, mailFrom, helo } = message['mail'] as {
    recipients: readonly MailRecipient[];
    mailFrom: string;
    helo: string;
  };
  const envelope = { recipients, mailFrom, helo, remoteAddress: String(message['remoteAddress'] ?? '') };
  const at = ctx.now().toISOString();
  await addMailJob(tx, { id: String(message['id']), tenantId: ctx.actor.tenantId, at, envelope });
  const change = { state: 'received', errors: null };
  const event = await settleMessage(ctx, tx, { message, change });
  return { message: { ...message, ...change, version: Number(message['version']) + 1 }, event };
}
