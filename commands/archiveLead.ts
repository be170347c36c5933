import { LeitwerkError } from '../core/errors.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

const change = async (
  ctx: Context,
  step: { id: string; act: 'archive' | 'unarchive' | 'snooze'; set: RecordData; from: string },
): Promise<Written> => {
  const model = modelOf(ctx, 'lead');
  return await transact(ctx, async (tx) => {
    const written = await changeRecord(ctx, tx, {
      model,
      id: step.id,
      verb: step.act,
      act: step.act,
      change: (lead) => {
        if (
          lead['state'] === 'converted' ||
          lead['mergedInto'] !== null ||
          (step.act !== 'snooze' && lead['state'] !== step.from)
        ) {
          throw new LeitwerkError('Locked', { facts: { state: lead['state'] } });
        }
        return step.act === 'unarchive' ? { ...step.set, stageSince: ctx.now().toISOString() } : step.set;
      },
    });
    await addTimelineEntry(ctx, tx, {
      kind: `${step.act}d`,
      facts: step.set,
      links: linksOf(ctx, 'lead', written.record),
    });
    return written;
  });
};

/** Takes an open lead out of the inbox. @throws LeitwerkError `Locked` when it is not open, `NotFound`, `Forbidden`. */
export async function archiveLead(
  ctx: Context,
  input: { readonly id: string; readonly reason?: string | undefined },
): Promise<Written> {
  return await change(ctx, {
    id: input.id,
    act: 'archive',
    from: 'open',
    set: { state: 'archived', archiveReason: input.reason ?? null },
  });
}

/** Brings an archived lead back; it enters its stage again. @throws LeitwerkError `Locked` when it is not archived, `NotFound`, `Forbidden`. */
export async function unarchiveLead(ctx: Context, input: { readonly id: string }): Promise<Written> {
  return await change(ctx, {
    id: input.id,
    act: 'unarchive',
    from: 'archived',
    set: { state: 'open', archiveReason: null },
  });
}

/** Hides a lead from the inbox views until an instant; null brings it back now. */
export async function snoozeLead(
  ctx: Context,
  input: { readonly id: string; readonly until: string | null },
): Promise<Written> {
  return await change(ctx, { id: input.id, act: 'snooze', from: 'open', set: { snoozedUntil: input.until } });
}
