import { LeitwerkError } from '../../core/errors.ts';
import { orderedPair, readPair, readPairs, type DuplicatePair, type PairState } from '../../store/duplicates.ts';
import type { EntityModel } from '../../core/entity.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecordsById } from '../../store/records.ts';
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
  const ids = [...new Set(pairs.flatMap(({ one, other }) => [one, other]))];
  // The loser of a merge of companies is deleted, and shown all the same.
  const found = (await findRecordsById(ctx.db, model, { tenantId, ids })).filter(
    (record) => record['deletedAt'] === null || record['mergedInto'] !== null,
  );
  const records = new Map(found.map((record) => [String(record['id']), record]));
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
