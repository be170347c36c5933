import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { insertRecord } from '../store/records.ts';
import { modelOf, type Context } from './context.ts';
import { stampOf } from './stamp.ts';

export interface TimelineInput {
  /** What happened, as a stable word that the UI puts into a sentence: `moved`, `assigned`, `note` … */
  readonly kind: string;
  /** Free text of a person; facts tell the rest. */
  readonly text?: string | undefined;
  readonly noteType?: string | undefined;
  readonly facts?: RecordData | undefined;
  /** Every record the entry belongs to, by link field, as `linksOf` answers. */
  readonly links: Readonly<Record<string, string | null | undefined>>;
}

/** Writes an entry beside the act it tells of. Its event is the act's own, so it has none. */
export async function addTimelineEntry(ctx: Context, tx: Tx, entry: TimelineInput): Promise<void> {
  const stamp = stampOf(ctx, ctx.newId());
  const { kind, text, noteType, facts, links } = entry;
  const record = { ...stamp, at: stamp.createdAt, actor: stamp.createdBy, kind, text, noteType, facts, ...links };
  await insertRecord(tx, modelOf(ctx, 'timeline-entry'), record);
}

/**
 * Every record that an entry about this record belongs to, by link field: the record itself, and those that it names in a field
 * of the same name (a lead's organization).
 */
export const linksOf = (ctx: Pick<Context, 'snapshot'>, entity: string, record: RecordData): Record<string, string> => {
  const links: Record<string, string> = {};
  for (const { name, target } of modelOf(ctx, 'timeline-entry').fields.values()) {
    if (target === undefined || target === 'user') continue;
    const id = target === entity ? record['id'] : record[name];
    if (typeof id === 'string') links[name] = id;
  }
  return links;
};
