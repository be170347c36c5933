import { LeitwerkError } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { readEvent, readShifts, type EventRow } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, transact, type Context } from './context.ts';
import { splitWithin } from './duplicates/splitRecords.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';

/** Acts whose whole effect is the change of one record. The others made more than that and have acts of their own to go back. */
const undoable = new Set([
  'create',
  'update',
  'delete',
  'accept',
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

const assertUndoable = (event: EventRow): void => {
  if (undoable.has(event.act.slice(event.act.indexOf('.') + 1))) return;
  throw new LeitwerkError('Locked', {
    text: { de: 'Dieser Schritt lässt sich nicht zurücknehmen.', en: 'This act cannot be undone.' },
  });
};

/** Gives the fields of a change their former values, where nobody has changed the record since. @throws LeitwerkError `Conflict`. */
export const undoChange = async (
  ctx: Context,
  tx: Tx,
  { event, act }: { event: EventRow; act: string },
): Promise<Written> => {
  const { changes } = event;
  return await changeRecord(ctx, tx, {
    model: modelOf(ctx, event.entity),
    id: event.recordId,
    verb: changes === null ? 'delete' : 'update',
    act,
    version: event.version,
    change: () => (changes === null ? { deletedAt: ctx.now().toISOString() } : before(event)),
    isDeletedToo: true,
  });
};

/** Activities that were moved along go back as well. */
const undoShifts = async (ctx: Context, tx: Tx, shifts: readonly EventRow[]): Promise<Written[]> => {
  const undone: Written[] = [];
  for (const event of shifts) {
    try {
      undone.push(await undoChange(ctx, tx, { event, act: 'shift' }));
    } catch (error) {
      if (!(error instanceof LeitwerkError && error.code === 'Conflict')) throw error;
      const text = {
        de: 'Eine Aktivität, die mitverschoben wurde, ist seither geändert worden. Bitte einzeln verschieben.',
        en: 'An activity that was moved along has been changed since. Please move them one by one.',
      };
      throw new LeitwerkError('Conflict', { text, facts: error.facts, cause: error });
    }
  }
  return undone;
};

/** A merge was more than a change of fields: it is taken apart. */
const undoMerge = async (ctx: Context, tx: Tx, event: EventRow): Promise<Written> => {
  const loser = event.changes?.['mergedInto']?.[1];
  const pair = typeof loser === 'string' ? { winner: loser, loser: event.recordId } : { winner: event.recordId };
  return await splitWithin(ctx, tx, { model: modelOf(ctx, event.entity), ...pair });
};

/**
 * Takes a write back: the fields it changed get their former values, as a new write with its own event. Activities that an act
 * moved along go back with it, or nothing does.
 * @throws LeitwerkError `NotFound` for an unknown event, `Locked` for an act that cannot be taken back like this,
 * `Conflict` when the record or an activity that was moved along was changed since, `Forbidden`.
 */
export async function undoWrite(ctx: Context, seq: number): Promise<Written> {
  return await transact(ctx, async (tx) => {
    const event = await readEvent(tx, ctx.actor.tenantId, seq);
    if (event === undefined) throw new LeitwerkError('NotFound');
    const shifts = await readShifts(tx, event);
    if (event.act.endsWith('.process-replan')) {
      const record = await loadRecord(ctx, tx, { model: modelOf(ctx, event.entity), id: event.recordId });
      const [first] = await undoShifts(ctx, tx, shifts);
      return { record, event: first?.event ?? 0 };
    }
    if (event.act.endsWith('.merge')) return await undoMerge(ctx, tx, event);
    assertUndoable(event);
    const written = await undoChange(ctx, tx, { event, act: 'undo' });
    await undoShifts(ctx, tx, shifts);
    return written;
  });
}
