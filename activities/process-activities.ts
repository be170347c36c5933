import { activityInfo, heartbeat } from '@temporalio/activity';
import { advanceProcess } from '../commands/process/advanceProcess.ts';
import { parkProcess } from '../commands/process/parkProcess.ts';
import type { ProcessStep } from '../commands/process/step.ts';
import type {
  AdvanceInput,
  AdvanceResult,
  EffectActivities,
  EffectInput,
  EffectRetry,
  ParkInput,
  ProcessActivities,
} from './contract.ts';
import { processContext, type WorkerStore } from './context.ts';
import { toApplicationFailure } from './failure.ts';

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
    const failure = toApplicationFailure(error, attempt);
    if (attempt > 1 || failure.nonRetryable !== true) throw failure;
  }
  try {
    await store.registry.refresh();
    return await work();
  } catch (error) {
    throw toApplicationFailure(error, attempt);
  }
};

const beatMs = 2_500;

/** Tells Temporal that the work goes on, so that what a dead worker had begun is begun again in seconds. */
const beating = async (work: () => Promise<void>): Promise<void> => {
  const timer = setInterval(() => heartbeat(), beatMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
};

/** The activities of `runPipeline`, thin: they call commands and translate failures. */
export function createActivities(options: ActivityOptions): ProcessActivities & EffectActivities {
  const answer = (step: ProcessStep): AdvanceResult => {
    options.onStep?.();
    return { ...step, retry: options.effectRetry };
  };
  return {
    advance: async ({ request, ...key }: AdvanceInput) =>
      answer(
        await withFreshConfig(options, async () => await advanceProcess(processContext(options, key), key, request)),
      ),
    park: async ({ tenantId, entity, recordId, ...failed }: ParkInput) => {
      const key = { tenantId, entity, recordId };
      return answer(
        await withFreshConfig(options, async () => await parkProcess(processContext(options, key), key, failed)),
      );
    },
    performEffect: async (input: EffectInput) =>
      await beating(async () => await withFreshConfig(options, async () => await options.performEffect(input))),
  };
}
