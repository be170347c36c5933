import { LeitwerkError } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { readEvent, readEventsSince, readFollowing, type EventRow } from '../store/events.ts';
import { modelOf, transact, type Context } from './context.ts';
import { splitWithin } from './duplicates/splitRecords.ts';
import { undoDismissal } from './mail/sortMail.ts';
import { carrierOf } from './moveActivity.ts';
import { pipelineOf } from './pipelineOf.ts';
import { loadRecord, type Written } from './record-write.ts';
import { netChanges, undoChange } from './undoChange.ts';
import { undoLink, undoWithContacts } from './undoContact.ts';

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

const assertUndoable = (event: EventRow): void => {
  if (undoable.has(event.act.slice(event.act.indexOf('.') + 1))) return;
  throw new LeitwerkError('Locked', {
    text:
      event.act === 'lead.convert'
        ? { de: 'Eine Umwandlung lässt sich nicht zurücknehmen.', en: 'A conversion cannot be undone.' }
        : { de: 'Dieser Schritt lässt sich nicht zurücknehmen.', en: 'This act cannot be undone.' },
  });
};

const isShift = ({ act }: EventRow): boolean => act === 'activity.shift';

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

/** What the act brought with it in other records goes back as well. */
const undoFollowing = async (ctx: Context, tx: Tx, following: readonly EventRow[]): Promise<Written[]> => {
  for (const event of following.filter((one) => !isShift(one))) await undoLink(ctx, tx, event);
  return await undoShifts(ctx, tx, following.filter(isShift));
};

/** The stage that a process has moved the activity's record to after the activity was dealt with. */
const assertNotMovedOn = async (ctx: Context, tx: Tx, event: EventRow): Promise<void> => {
  if (event.entity !== 'activity' || event.changes?.['state'] === undefined) return;
  const activity = await loadRecord(ctx, tx, { model: modelOf(ctx, 'activity'), id: event.recordId });
  const carrier = await carrierOf(ctx, tx, activity);
  if (carrier === undefined) return;
  const { record, model } = carrier;
  const { tenantId, seq } = event;
  const since = await readEventsSince(tx, { tenantId, recordId: String(record['id']), seq });
  const move = since.findLast(({ changes }) => changes?.['stage'] !== undefined);
  if (move?.actor.startsWith('process/') !== true || netChanges(since)['stage'] === undefined) return;
  const stage = String(record['stage']);
  const label = (await pipelineOf(tx, model, record)).stages.get(stage)?.label ?? { de: stage, en: stage };
  throw new LeitwerkError('Conflict', {
    text: {
      de: `Der Prozess ist daraufhin in „${label.de}“ gegangen; das lässt sich nicht mit zurücknehmen. Die Aktivität bitte wieder öffnen und die Stufe von Hand ändern.`,
      en: `The process has gone on to "${label.en}" since; that cannot be undone along with it. Please open the activity again and change the stage by hand.`,
    },
    facts: { stage },
  });
};

/**
 * Takes a write back: the fields it changed get their former values, as a new write with its own event. What an act did beside that goes
 * back with it, or nothing does: activities that it moved along, links of other records, a contact that it made.
 * @throws LeitwerkError `NotFound` for an unknown event, `Locked` for an act that cannot be taken back like this,
 * `Conflict` when something of it was changed since and not changed back, or a process has moved on because of it, `Forbidden`.
 */
export async function undoWrite(ctx: Context, seq: number): Promise<Written> {
  return await transact(ctx, async (tx) => {
    const event = await readEvent(tx, ctx.actor.tenantId, seq);
    if (event === undefined) throw new LeitwerkError('NotFound');
    const following = await readFollowing(tx, event);
    if (event.act.endsWith('.process-replan')) {
      const record = await loadRecord(ctx, tx, { model: modelOf(ctx, event.entity), id: event.recordId });
      const [first] = await undoFollowing(ctx, tx, following);
      return { record, event: first?.event ?? 0 };
    }
    if (event.act.endsWith('.merge')) return await undoMerge(ctx, tx, event);
    if (event.act === 'intake-message.dismiss') return await undoDismissal(ctx, tx, event);
    assertUndoable(event);
    await assertNotMovedOn(ctx, tx, event);
    const undo = async (): Promise<Written> => {
      const written = await undoChange(ctx, tx, { event, act: 'undo' });
      await undoFollowing(ctx, tx, following);
      return written;
    };
    return await undoWithContacts(ctx, tx, { event, undo });
  });
}
