import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, transact, type Context } from '../context.ts';
import { loadRecord } from '../record-write.ts';
import { workAgain } from './workAgain.ts';

const again = new Set(['quarantined', 'triage', 'dismissed']);

/**
 * As `retryMail`, inside the caller's transaction.
 * @throws LeitwerkError `Locked` for one that was filed or made a lead, or whose content is not with us, `Forbidden`, `NotFound`.
 */
export async function retryMailWithin(
  ctx: Context,
  tx: Tx,
  id: string,
): Promise<{ readonly message: RecordData; readonly event: number }> {
  const model = modelOf(ctx, 'intake-message');
  const message = await loadRecord(ctx, tx, { model, id });
  if (!ctx.ability.canOn('replay', model.name, message)) throw new LeitwerkError('Forbidden');
  if (!again.has(String(message['state']))) {
    const text = { de: 'Diese Mail ist schon verarbeitet.', en: 'This mail has been worked already.' };
    throw new LeitwerkError('Locked', { text, facts: { state: message['state'] } });
  }
  if (message['mailRaw'] === null && message['bodyBlob'] === null) {
    const text = {
      de: 'Diese Mail liegt nur im Postfach, nicht hier.',
      en: 'This mail is in its mailbox only, not here.',
    };
    throw new LeitwerkError('Locked', { text });
  }
  return await workAgain(ctx, tx, message);
}

/**
 * Has a mail worked again as if it came now, after a repair.
 * @throws LeitwerkError as `retryMailWithin`.
 */
export async function retryMail(
  ctx: Context,
  input: { readonly id: string },
): Promise<{ readonly message: RecordData; readonly event: number }> {
  return await transact(ctx, async (tx) => await retryMailWithin(ctx, tx, input.id));
}
