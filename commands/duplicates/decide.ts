import { LeitwerkError } from '../../core/errors.ts';
import { orderedPair, readPair, readPairs, type DuplicatePair, type PairState } from '../../store/duplicates.ts';
import type { EntityModel } from '../../core/entity.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { assertCan, transact, type Context } from '../context.ts';
import { assertMayAct, loadRecord } from '../record-write.ts';
import { decidePair } from './mergeRecords.ts';

/** A pair with its two records, both of which the actor may see. */
export interface ShownPair extends DuplicatePair {
  readonly records: readonly [RecordData, RecordData];
}

export interface PairPage {
  readonly data: readonly ShownPair[];
  readonly next: DuplicatePair | undefined;
}

const recordsOf = async (
  ctx: Context,
  model: EntityModel,
  pairs: readonly DuplicatePair[],
): Promise<Map<string, RecordData>> => {
  const { tenantId } = ctx.actor;
  const values = [...new Set(pairs.flatMap(({ one, other }) => [one, other]))];
  const found = await findRecordsBy(ctx.db, model, { tenantId, field: 'id', values, limit: values.length });
  const records = new Map(found.map((record) => [String(record['id']), record]));
  // The loser of a merge of companies is deleted, and shown all the same.
  for (const id of values.filter((one) => !records.has(one))) {
    const record = await findRecord(ctx.db, model, { tenantId, id, isDeletedToo: true });
    if (record !== undefined && record['mergedInto'] !== null) records.set(id, record);
  }
  return new Map([...records].filter(([, record]) => ctx.ability.canOn('read', model.name, record)));
};

/** Likely doubles, the likeliest first; pairs of which the actor may not see both are left out. */
export async function listPairs(
  ctx: Context,
  model: EntityModel,
  query: {
    readonly state: PairState;
    readonly limit: number;
    readonly after?: { readonly score: number; readonly one: string; readonly other: string } | undefined;
  },
): Promise<PairPage> {
  assertCan(ctx, 'read', model);
  const { tenantId } = ctx.actor;
  const pairs = await readPairs(ctx.db, { ...query, tenantId, entity: model.name, limit: query.limit + 1 });
  const page = pairs.slice(0, query.limit);
  const records = await recordsOf(ctx, model, page);
  const data = page.flatMap((pair): ShownPair[] => {
    const [one, other] = [records.get(pair.one), records.get(pair.other)];
    return one === undefined || other === undefined ? [] : [{ ...pair, records: [one, other] }];
  });
  return { data, next: pairs.length > query.limit ? page.at(-1) : undefined };
}

/**
 * Remembers that two records are no double, or that this is to be decided again.
 * @throws LeitwerkError `NotFound`, `Forbidden`, `Locked` for a pair that has been merged.
 */
export async function settlePair(
  ctx: Context,
  model: EntityModel,
  input: { readonly id: string; readonly other: string; readonly state: 'distinct' | 'open' },
): Promise<void> {
  await transact(ctx, async (tx) => {
    const ids = orderedPair(input.id, input.other);
    const one = await loadRecord(ctx, tx, { model, id: ids[0] });
    const other = await loadRecord(ctx, tx, { model, id: ids[1] });
    for (const record of [one, other]) assertMayAct(ctx, model, { verb: 'merge', record });
    const known = await readPair(tx, { tenantId: ctx.actor.tenantId, ids });
    if (known?.state === 'merged')
      throw new LeitwerkError('Locked', {
        text: { de: 'Die beiden sind zusammengeführt.', en: 'The two have been merged.' },
      });
    await decidePair(ctx, tx, { model, records: [one, other], state: input.state });
    return {};
  });
}
