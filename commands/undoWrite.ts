import { LeitwerkError } from '../core/errors.ts';
import { readEvent, type EventRow } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';

/** Acts whose whole effect is the change of one record. The others made more than that and have acts of their own to go back. */
const undoable = new Set([
  'create',
  'update',
  'delete',
  'assign',
  'move',
  'archive',
  'unarchive',
  'snooze',
  'complete',
  'reopen',
  'cancel',
  'link',
  'undo',
]);

const before = (event: EventRow): RecordData =>
  Object.fromEntries(Object.entries(event.changes ?? {}).map(([field, [value]]) => [field, value]));

/**
 * Takes a write back: the fields it changed get their former values, as a new write with its own event.
 * @throws LeitwerkError `NotFound` for an unknown event, `Locked` for an act that cannot be taken back like this,
 * `Conflict` when the record was changed since, `Forbidden`.
 */
export async function undoWrite(ctx: Context, seq: number): Promise<Written> {
  return await transact(ctx, async (tx) => {
    const event = await readEvent(tx, ctx.actor.tenantId, seq);
    if (event === undefined) throw new LeitwerkError('NotFound');
    if (!undoable.has(event.act.slice(event.act.indexOf('.') + 1))) {
      throw new LeitwerkError('Locked', {
        text: { de: 'Dieser Schritt lässt sich nicht zurücknehmen.', en: 'This act cannot be undone.' },
      });
    }
    const { changes } = event;
    return await changeRecord(ctx, tx, {
      model: modelOf(ctx, event.entity),
      id: event.recordId,
      verb: changes === null ? 'delete' : 'update',
      act: 'undo',
      version: event.version,
      change: () => (changes === null ? { deletedAt: ctx.now().toISOString() } : before(event)),
      isDeletedToo: true,
    });
  });
}
