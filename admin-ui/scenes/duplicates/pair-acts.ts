import { useTranslation } from 'react-i18next';
import type { EntityModel } from '../../../core/entity.ts';
import type { DuplicatePair } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';

interface PairActs {
  /** Each answers whether it was done. */
  merge(winner: 0 | 1, take: readonly string[]): Promise<boolean>;
  split(): Promise<boolean>;
  settle(isDuplicate: boolean): Promise<boolean>;
}

/** What can be done with two records that may be the same. */
export function usePairActs(model: EntityModel, pair: DuplicatePair): PairActs {
  const { t } = useTranslation();
  const { run } = useActs();
  const [one, other] = pair.records;
  const path = `/${model.plural}`;
  return {
    merge: async (winner, take) => {
      const [stays, goes] = winner === 0 ? [one, other] : [other, one];
      const act = { path: `${path}/${stays.id}/merge`, body: { other: goes.id, take } };
      return (await run([act], { done: t('duplicates.merged') })) !== undefined;
    },
    split: async () => {
      const [stays, goes] = one['mergedInto'] === other.id ? [other, one] : [one, other];
      const act = { path: `${path}/${stays.id}/split`, body: { other: goes.id } };
      return (
        (await run([act], {
          canUndo: false,
          done: ([written]) => t('duplicates.splitDone', { count: written?.conflicts?.length ?? 0 }),
        })) !== undefined
      );
    },
    settle: async (isDuplicate) => {
      const act = { path: `${path}/${one.id}/distinct`, body: { other: other.id, isDuplicate } };
      const done = t(isDuplicate ? 'duplicates.reopenDone' : 'duplicates.distinctDone');
      return (await run([act], { canUndo: false, done })) !== undefined;
    },
  };
}
