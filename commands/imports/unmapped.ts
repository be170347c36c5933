import { linkTo } from '../../core/links.ts';
import type { EntityModel } from '../../core/entity.ts';
import type { Tx } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';

/** Where a new record keeps what no field takes: with the lead itself, as a note in its timeline, or nowhere. */
type Unmapped = 'additional' | 'note' | 'none';

/** An entity of the admin's own without a pipeline has no timeline. */
export function unmappedOf(ctx: Pick<Context, 'snapshot'>, model: EntityModel): Unmapped {
  if (model.name === 'lead') return 'additional';
  return linkTo(modelOf(ctx, 'timeline-entry'), model.name) === undefined ? 'none' : 'note';
}

/** Writes what no field takes into the new record's timeline, a column a line. */
export async function noteUnmapped(
  ctx: Context,
  tx: Tx,
  of: { readonly model: EntityModel; readonly record: RecordData; readonly additional: RecordData },
): Promise<void> {
  const { model, record, additional } = of;
  const lines = Object.entries(additional).map(([column, value]) => `${column}: ${String(value)}`);
  if (lines.length === 0 || unmappedOf(ctx, model) !== 'note') return;
  await addTimelineEntry(ctx, tx, { kind: 'note', text: lines.join('\n'), links: linksOf(ctx, model.name, record) });
}
