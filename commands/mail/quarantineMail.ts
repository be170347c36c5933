import { issueOf, type Text } from '../../core/errors.ts';
import { endMailJob, type MailJob } from '../../store/mail-jobs.ts';
import { lockRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { settleMessage } from './settleMessage.ts';

/** Puts a mail aside that could not be read: its raw bytes are kept, nobody waits for it, and a person may have it tried again. */
export async function quarantineMail(
  ctx: Context,
  { job, reason }: { readonly job: MailJob; readonly reason: Text },
): Promise<void> {
  await ctx.db.write(async (tx) => {
    if (!(await endMailJob(tx, job.id))) return;
    const key = { tenantId: job.tenantId, id: job.id };
    const message = await lockRecord(tx, modelOf(ctx, 'intake-message'), key);
    if (message === undefined) return;
    const errors = [issueOf({ path: '', code: 'quarantined' }, reason, ctx.language)];
    await settleMessage(ctx, tx, { message, change: { state: 'quarantined', errors, attempts: job.attempts } });
  });
}
