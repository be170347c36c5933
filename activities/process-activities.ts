import { activityInfo } from '@temporalio/activity';
import { advanceProcess } from '../commands/process/advanceProcess.ts';
import { parkProcess, type FailedStep } from '../commands/process/parkProcess.ts';
import type { ProcessStep } from '../commands/process/step.ts';
import { readEffect, writeEffectState } from '../store/effects.ts';
import type { ProcessKey } from '../store/processes.ts';
import type {
  AdvanceInput,
  AdvanceResult,
  EffectActivities,
  EffectInput,
  EffectRetry,
  ParkInput,
  ProcessActivities,
} from './contract.ts';
import { beating, translating } from './attempt.ts';
import { processContext, type WorkerStore } from './context.ts';
import { toApplicationFailure, toDetail } from './failure.ts';

export interface ActivityOptions extends WorkerStore {
  /** Sends one recorded mail or webhook, once however often it is called. */
  readonly performEffect: (input: EffectInput) => Promise<void>;
  readonly effectRetry: EffectRetry;
  /** Called after every step: the relay paces itself by it. */
  readonly onStep?: () => void;
}

/** Runs `work` again with fresh configuration before its failure counts: another process may have published a moment ago. */
const withFreshConfig = async <T>(store: WorkerStore, work: () => Promise<T>): Promise<T> => {
  const { attempt } = activityInfo();
  try {
    return await work();
  } catch (error) {
    if (attempt > 1 || toApplicationFailure(error, attempt).nonRetryable !== true) throw error;
  }
  await store.registry.refresh();
  return await work();
};

/** Keeps on the row why an attempt failed, unless someone has settled the effect meanwhile. */
const noteAttempt = async (store: WorkerStore, { tenantId, id }: EffectInput, error: unknown): Promise<void> => {
  const at = store.now().toISOString();
  const { attempt: attempts } = activityInfo();
  await store.db.write(async (tx) => {
    if ((await readEffect(tx, tenantId, id))?.state !== 'pending') return;
    await writeEffectState(tx, { tenantId, id, state: 'pending', at, attempts, error: toDetail(error) });
  });
};

/** The activities of `runPipeline`, thin: they call commands and translate failures. */
export function createActivities(options: ActivityOptions): ProcessActivities & EffectActivities {
  const answer = (step: ProcessStep): AdvanceResult => {
    options.onStep?.();
    return { ...step, retry: options.effectRetry };
  };
  const park = async (key: ProcessKey, failed: FailedStep): Promise<AdvanceResult> =>
    answer(await withFreshConfig(options, async () => await parkProcess(processContext(options, key), key, failed)));
  /** What cannot be retried parks the process here: why it failed goes to the row and not through Temporal. */
  const advance = async ({ request, ...key }: AdvanceInput): Promise<AdvanceResult> => {
    try {
      return answer(
        await withFreshConfig(options, async () => await advanceProcess(processContext(options, key), key, request)),
      );
    } catch (error) {
      const { attempt } = activityInfo();
      if (toApplicationFailure(error, attempt).nonRetryable !== true) throw error;
      return await park(key, { ...toDetail(error), attempts: attempt });
    }
  };
  const perform = async (input: EffectInput): Promise<void> => {
    try {
      await beating(async () => await withFreshConfig(options, async () => await options.performEffect(input)));
    } catch (error) {
      await noteAttempt(options, input, error);
      throw error;
    }
  };
  return {
    advance: async (input) => await translating(async () => await advance(input)),
    park: async ({ tenantId, entity, recordId, ...failed }: ParkInput) =>
      await translating(async () => await park({ tenantId, entity, recordId }, failed)),
    performEffect: async (input: EffectInput) => await translating(async () => await perform(input)),
  };
}
