import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { endMerge, readMergeOf, turnLinks, type Merge, type MovedLinks } from '../../store/duplicates.ts';
import { readEvent, type Changes } from '../../store/events.ts';
import { tableName, type RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, transact, type Context } from '../context.ts';
import { changeRecord, loadRecord, type Written } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { decidePair, followingLinks, tellers } from './mergeRecords.ts';

/** Something that was changed after the merge and therefore stays as it is. */
export interface SplitConflict {
  readonly entity: string;
  readonly id: string;
  readonly field: string;
  readonly message: string;
}

export interface Split extends Written {
  /** The record that has come back. */
  readonly other: RecordData;
  readonly conflicts: readonly SplitConflict[];
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

interface Splitting {
  readonly merge: Merge;
  readonly conflicts: SplitConflict[];
}

const conflict = (ctx: Context, of: Omit<SplitConflict, 'message'>): SplitConflict => ({
  ...of,
  message:
    ctx.language === 'de'
      ? `„${of.field}“ wurde seither geändert und bleibt, wie es ist.`
      : `"${of.field}" has been changed since and stays as it is.`,
});

/** Former values of the fields that still have what the merge gave them; the others are named. */
const formerValues = (
  ctx: Context,
  of: Splitting & { model: EntityModel; record: RecordData; changes: Changes },
): RecordData => {
  const former: Record<string, unknown> = {};
  for (const [field, [before, after]] of Object.entries(of.changes)) {
    if (same(of.record[field], after)) former[field] = before;
    else if (!same(of.record[field], before))
      of.conflicts.push(conflict(ctx, { entity: of.model.name, id: String(of.record['id']), field }));
  }
  return former;
};

const restore = async (
  ctx: Context,
  tx: Tx,
  of: Splitting & { model: EntityModel; id: string; event: number },
): Promise<Written> => {
  const { tenantId } = ctx.actor;
  const event = of.event === 0 ? undefined : await readEvent(tx, tenantId, of.event);
  return await changeRecord(ctx, tx, {
    model: of.model,
    id: of.id,
    verb: 'split',
    act: 'split',
    isDeletedToo: true,
    change: (record) => formerValues(ctx, { ...of, record, changes: event?.changes ?? {} }),
  });
};

/** Links that still lead to the winner go back; those that were turned elsewhere meanwhile stay. */
const moveBack = async (ctx: Context, tx: Tx, of: Splitting & { links: MovedLinks }): Promise<void> => {
  const { merge, links, conflicts } = of;
  const { entity, field, ids } = links;
  const model = ctx.snapshot.models.get(entity);
  if (model === undefined) return;
  const { tenantId } = ctx.actor;
  if (tellers.has(entity)) {
    const turn = { tenantId, table: tableName(entity), field, from: merge.winner, to: merge.loser };
    await turnLinks(tx, { ...turn, ids });
    return;
  }
  for (const id of ids) {
    const record = await findRecord(tx, model, { tenantId, id, isDeletedToo: true });
    if (record?.[field] !== merge.winner) {
      conflicts.push(conflict(ctx, { entity, id, field }));
      continue;
    }
    const change = (): RecordData => ({ [field]: merge.loser });
    await changeRecord(followingLinks(ctx), tx, {
      model,
      id,
      verb: 'update',
      act: 'relink',
      change,
      isDeletedToo: true,
    });
  }
};

/** As `splitRecords`, inside the caller's transaction. */
export async function splitWithin(
  ctx: Context,
  tx: Tx,
  of: { readonly model: EntityModel; readonly winner: string; readonly loser?: string | undefined },
): Promise<Split> {
  const { model } = of;
  const { tenantId } = ctx.actor;
  await loadRecord(ctx, tx, { model, id: of.winner, isDeletedToo: true });
  const merge = await readMergeOf(tx, { tenantId, winner: of.winner, loser: of.loser });
  if (merge === undefined)
    throw new LeitwerkError('Locked', {
      text: { de: 'Hier ist nichts zu trennen.', en: 'There is nothing to split here.' },
    });
  const conflicts: SplitConflict[] = [];
  const splitting = { merge, conflicts };
  const kept = await restore(ctx, tx, { ...splitting, model, id: merge.winner, event: merge.winnerEvent });
  const back = await restore(ctx, tx, { ...splitting, model, id: merge.loser, event: merge.loserEvent });
  for (const links of merge.moved) await moveBack(ctx, tx, { ...splitting, links });
  await endMerge(tx, merge.id, ctx.now().toISOString());
  await decidePair(ctx, tx, { model, records: [kept.record, back.record], state: 'open' });
  for (const record of [kept.record, back.record])
    await addTimelineEntry(ctx, tx, {
      kind: 'split',
      facts: { conflicts: conflicts.length },
      links: linksOf(ctx, model.name, record),
    });
  return { record: kept.record, event: back.event, other: back.record, conflicts };
}

/**
 * Takes the newest merge of a record apart: both get back what they had, and what was moved goes back, as long as nobody has changed it
 * since. What was is named and stays. What came to the winner after the merge stays with it.
 * @throws LeitwerkError `Locked` when there is nothing to split, `NotFound`, `Forbidden`.
 */
export async function splitRecords(
  ctx: Context,
  model: EntityModel,
  input: { readonly id: string; readonly other?: string | undefined },
): Promise<Split> {
  return await transact(
    ctx,
    async (tx) => await splitWithin(ctx, tx, { model: modelOf(ctx, model.name), winner: input.id, loser: input.other }),
  );
}
