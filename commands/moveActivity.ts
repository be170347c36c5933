import { LeitwerkError } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { findRecordsBy } from '../store/record-list.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

export interface ActivityMove {
  readonly id: string;
  /** Absent: keeps its distance from the due date. */
  readonly startAt?: string | undefined;
  readonly dueAt: string;
  /** Moves open activities of the same plan that are due later by the same span (B44, X5). */
  readonly shiftFollowers: boolean;
}

const shifted = (instant: unknown, byMs: number): string | null => (typeof instant === 'string' ? new Date(Date.parse(instant) + byMs).toISOString() : null);

const followersOf = async (ctx: Context, tx: Tx, activity: RecordData): Promise<RecordData[]> => {
  const lead = activity['lead'];
  if (typeof lead !== 'string' || activity['planKey'] === null) return [];
  const siblings = await findRecordsBy(tx, modelOf(ctx, 'activity'), { tenantId: ctx.actor.tenantId, field: 'lead', values: [lead] });
  const due = String(activity['dueAt']);
  return siblings.filter(
    (one) => one['id'] !== activity['id'] && one['state'] === 'open' && one['planKey'] !== null && one['stage'] === activity['stage'] && String(one['dueAt']) >= due,
  );
};

/**
 * Re-plans an open activity.
 * @throws LeitwerkError `InvalidInput` for an unreadable instant, `Locked` when it is not open, `NotFound`, `Forbidden`.
 */
export async function moveActivity(ctx: Context, move: ActivityMove): Promise<Written> {
  const model = modelOf(ctx, 'activity');
  const message = ctx.language === 'de' ? 'Das ist kein Zeitpunkt (ISO 8601).' : 'This is not an instant (ISO 8601).';
  const issues = (['startAt', 'dueAt'] as const).flatMap((name) =>
    move[name] !== undefined && Number.isNaN(Date.parse(move[name])) ? [{ path: `/${name}`, code: 'format', message }] : [],
  );
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  const dueAt = new Date(move.dueAt).toISOString();
  return await transact(ctx, async (tx) => {
    let before: RecordData = {};
    const moved = await changeRecord(ctx, tx, {
      model,
      id: move.id,
      verb: 'move',
      act: 'move',
      change: (activity) => {
        if (activity['state'] !== 'open') throw new LeitwerkError('Locked', { facts: { state: activity['state'] } });
        before = activity;
        const byMs = Date.parse(dueAt) - Date.parse(String(activity['dueAt'] ?? dueAt));
        return { dueAt, startAt: move.startAt === undefined ? shifted(activity['startAt'], byMs) : new Date(move.startAt).toISOString() };
      },
    });
    const byMs = Date.parse(dueAt) - Date.parse(String(before['dueAt'] ?? dueAt));
    const followers = move.shiftFollowers && byMs !== 0 ? await followersOf(ctx, tx, before) : [];
    for (const follower of followers) {
      const change = { dueAt: shifted(follower['dueAt'], byMs), startAt: shifted(follower['startAt'], byMs) };
      await changeRecord(ctx, tx, { model, id: String(follower['id']), verb: 'move', act: 'move', change: () => change });
    }
    const facts = { title: moved.record['title'], dueAt, followers: followers.length };
    await addTimelineEntry(ctx, tx, { kind: 'activity-move', facts, links: linksOf(ctx, 'activity', moved.record) });
    return moved;
  });
}
