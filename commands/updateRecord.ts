import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { isClosed } from '../core/pipeline/run.ts';
import type { RecordData } from '../store/record-table.ts';
import { transact, type Context } from './context.ts';
import { changeRecord, writeIssues, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

/** Fields whose change is worth an entry of its own in the timeline. */
const tellingFields = ['owner', 'priority', 'budget'];

/**
 * Applies a JSON merge patch: absent fields stay, null clears.
 * @throws LeitwerkError `NotFound`, `Forbidden`, `Conflict` (stale version), `Locked` (won or lost), `InvalidInput`.
 */
export async function updateRecord(
  ctx: Context,
  model: EntityModel,
  update: { readonly id: string; readonly patch: RecordData; readonly version?: number | undefined },
): Promise<Written> {
  if (model.isReadOnly) throw new LeitwerkError('Forbidden');
  return await transact(ctx, async (tx) => {
    const issues = writeIssues(ctx, model, update.patch);
    const written = await changeRecord(ctx, tx, {
      model,
      id: update.id,
      verb: 'update',
      act: 'update',
      version: update.version,
      issues,
      change: (record) => {
        assertOpen(model, record);
        const isReopened = model.hasPipeline && isClosed(record) && !isClosed({ ...record, ...update.patch });
        return isReopened ? { ...update.patch, stageSince: ctx.now().toISOString() } : update.patch;
      },
    });
    const told = tellingFields.filter((name) => name in update.patch && model.fields.has(name));
    if (written.event > 0 && told.length > 0 && model.name !== 'activity') {
      const facts = Object.fromEntries(told.map((name) => [name, written.record[name] ?? null]));
      await addTimelineEntry(ctx, tx, { kind: 'changed', facts, links: linksOf(ctx, model.name, written.record) });
    }
    return written;
  });
}

/** Won and lost opportunities are frozen (B38, B39). @throws LeitwerkError `Locked`. */
export function assertOpen(model: EntityModel, record: RecordData): void {
  if (model.name === 'opportunity' && record['state'] !== 'open') throw new LeitwerkError('Locked');
}
