import { actorName } from '../../core/actor.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { updateRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';

interface Settled {
  readonly message: RecordData;
  readonly change: RecordData;
  /** Recorded as `intake-message.<act>`. */
  readonly act?: 'settle' | 'dismiss' | 'undo';
}

/** Notes on a received mail what became of it. The event tells of the result only: what the mail says stays in its own row. */
export async function settleMessage(
  ctx: Context,
  tx: Tx,
  { message, change, act = 'settle' }: Settled,
): Promise<number> {
  const id = String(message['id']);
  const { tenantId } = ctx.actor;
  const at = ctx.now().toISOString();
  const actor = actorName(ctx.actor);
  const version = Number(message['version']);
  const stamp = { version: version + 1, updatedAt: at, updatedBy: actor };
  await updateRecord(tx, modelOf(ctx, 'intake-message'), {
    tenantId,
    id,
    version,
    changes: { ...change, ...stamp },
  });
  return await insertEvent(tx, {
    tenantId,
    at,
    actor,
    act: `intake-message.${act}`,
    entity: 'intake-message',
    recordId: id,
    version: stamp.version,
    changes: { state: [message['state'] ?? null, change['state'] ?? null] },
    requestId: ctx.requestId,
  });
}
