import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import { messageOf } from '../core/errors.ts';
import type { AdvanceResult, EffectActivities, EffectRetry, ParkInput } from '../activities/contract.ts';

export type Failure = Pick<ParkInput, 'code' | 'message' | 'effect' | 'attempts'>;

interface Waiting {
  readonly id: string;
  readonly summary: string;
  readonly retry: EffectRetry;
}

/** What an activity failed of, in words and with the catalogue's code. `mostAttempts`: how many there were where the failure does not say. */
export function toFailure(error: unknown, mostAttempts: number, effect?: string): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const message = messageOf(cause);
  const [texts, attempts]: readonly unknown[] = (cause instanceof ApplicationFailure ? cause.details : undefined) ?? [];
  return {
    code: cause instanceof ApplicationFailure ? (cause.type ?? 'Internal') : 'Internal',
    message: isText(texts) ? texts : { de: message, en: message },
    attempts: typeof attempts === 'number' ? attempts : mostAttempts,
    ...(effect === undefined ? {} : { effect }),
  };
}

const isText = (value: unknown): value is { de: string; en: string } =>
  typeof value === 'object' && value !== null && 'de' in value && 'en' in value;

/**
 * Sends mails and webhooks one after the other beside the main loop, so that a slow mail server does not keep the process
 * from seeing its record change. The first failure stops the queue until the main loop has dealt with it.
 */
export class EffectQueue {
  readonly #tenantId: string;
  readonly #onChange: () => void;
  #waiting: Waiting[] = [];
  #current: string | undefined;
  #failure: Failure | undefined;

  constructor(tenantId: string, onChange: () => void) {
    this.#tenantId = tenantId;
    this.#onChange = onChange;
  }

  get isIdle(): boolean {
    return this.#current === undefined && this.#failure === undefined;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Adds those of the step that are not under way yet. */
  add({ effects, retry }: Pick<AdvanceResult, 'effects' | 'retry'>): void {
    const known = new Set([this.#current, ...this.#waiting.map((effect) => effect.id)]);
    this.#waiting.push(...effects.filter((effect) => !known.has(effect.id)).map((effect) => ({ ...effect, retry })));
    if (this.#current === undefined && this.#failure === undefined) void this.#run();
  }

  takeFailure(): Failure | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#current = next.id;
      try {
        await perform(this.#tenantId, next);
      } catch (error) {
        this.#failure = toFailure(error, next.retry.maximumAttempts, next.id);
        this.#waiting = [];
      }
      this.#current = undefined;
    }
    this.#onChange();
  }
}

const perform = async (tenantId: string, effect: Waiting): Promise<void> => {
  const { performEffect } = proxyActivities<EffectActivities>({
    summary: effect.summary,
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
    retry: {
      maximumAttempts: effect.retry.maximumAttempts,
      initialInterval: effect.retry.initialIntervalMs,
      backoffCoefficient: 3,
      maximumInterval: '10 minutes',
    },
  });
  await performEffect({ tenantId, id: effect.id });
};
