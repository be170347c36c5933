import { defineSearchAttributeKey } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { AdvanceResult, ProcessActivities, ProcessInput } from '../activities/contract.ts';
import { detailsQuery, recordChangedSignal, retrySignal, skipWaitUpdate } from './contract.ts';
import { EffectQueue, toFailure, type Failure } from './effect-queue.ts';

/** Our commands; `summary` is what the operator reads beside the step. */
const commands = (summary: string): ProcessActivities =>
  proxyLocalActivities<ProcessActivities>({
    summary,
    startToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });

const stageKey = defineSearchAttributeKey('LwStage', 'KEYWORD');
const ownerKey = defineSearchAttributeKey('LwOwner', 'KEYWORD');
const healthKey = defineSearchAttributeKey('LwHealth', 'KEYWORD');
const nextActionKey = defineSearchAttributeKey('LwNextActionAt', 'DATETIME');
const dueKey = defineSearchAttributeKey('LwDueAt', 'DATETIME');

/** What signals and updates leave for the main loop. */
interface Inbox {
  isWoken: boolean;
  /** Why it looks, for the operator. */
  reason: string;
  request: 'retry' | 'skip' | undefined;
}

/**
 * Carries one record through its pipeline, whatever the entity. The rows hold the position; this loop only waits:
 * take a step, send what has to leave the machine, sleep until the next deadline or until something changes.
 */
export async function runPipeline(input: ProcessInput): Promise<void> {
  const inbox: Inbox = { isWoken: true, reason: 'start', request: undefined };
  const queue = new EffectQueue(input.tenantId, () => {
    inbox.isWoken ||= queue.hasFailed;
  });
  const timer = new OneTimer((summary) => wake(inbox, summary));
  let step: AdvanceResult | undefined;
  let shown: Shown = { stage: input.stage, health: 'ok', owner: undefined };

  setHandler(recordChangedSignal, () => wake(inbox, 'recordChanged'), {
    description: 'Something changed in the record: look again',
  });
  setHandler(retrySignal, () => ask(inbox, 'retry'), { description: 'Repair and continue: do the failed step again' });
  setHandler(detailsQuery, () => step?.details ?? '', { description: 'Where the process stands' });
  setHandler(
    skipWaitUpdate,
    async () => {
      ask(inbox, 'skip');
      await condition(() => inbox.request === undefined && !inbox.isWoken);
      return step?.details ?? '';
    },
    { description: 'Do now what is waited for, or leave the failed step' },
  );

  for (;;) {
    while (inbox.isWoken) {
      const { request } = inbox;
      inbox.isWoken = false;
      step = await takeStep(input, { request, reason: inbox.reason, failure: queue.takeFailure() });
      if (inbox.request === request) inbox.request = undefined;
      shown = show(input, step, shown);
      queue.add(step);
    }
    if (step === undefined) continue;
    if (step.state === 'done' && queue.isIdle) {
      await condition(allHandlersFinished);
      if (inbox.isWoken) continue;
      return;
    }
    timer.set(step);
    await condition(
      () => inbox.isWoken || (queue.isIdle && (step?.state === 'done' || workflowInfo().continueAsNewSuggested)),
    );
    if (!inbox.isWoken && workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      if (!inbox.isWoken) await continueAsNew<typeof runPipeline>({ ...input, stage: shown.stage });
    }
  }
}

const wake = (inbox: Inbox, reason: string): void => {
  inbox.isWoken = true;
  inbox.reason = reason;
};

const ask = (inbox: Inbox, request: 'retry' | 'skip'): void => {
  inbox.request = request;
  wake(inbox, request);
};

/** One local activity. What cannot be retried parks the process: the row says why, and a person continues it. */
const takeStep = async (
  input: ProcessInput,
  wish: Pick<Inbox, 'request' | 'reason'> & { readonly failure: Failure | undefined },
): Promise<AdvanceResult> => {
  const { tenantId, entity, recordId } = input;
  const key = { tenantId, entity, recordId };
  const command = commands(wish.failure === undefined ? wish.reason : 'park');
  if (wish.failure !== undefined) return await command.park({ ...key, ...wish.failure });
  try {
    return await command.advance({ ...key, ...(wish.request === undefined ? {} : { request: wish.request }) });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return await command.park({ ...key, ...toFailure(error, 1) });
  }
};

/** What the search attributes say; the owner undefined until the first step, which does not pay for showing who it chose. */
interface Shown {
  readonly stage: string;
  readonly health: string;
  readonly owner: string | undefined;
}

const toDate = (instant: string | null | undefined): Date | null =>
  instant === null || instant === undefined ? null : new Date(instant);

const healthOf = ({ state, isWaiting }: AdvanceResult): string => {
  if (state === 'parked') return 'parked';
  return isWaiting === true ? 'waiting' : 'ok';
};

/** Tells the operator, in Temporal's own page and search. Search attributes cost a write: only when stage, health or owner change. */
const show = (input: ProcessInput, step: AdvanceResult, before: Shown): Shown => {
  setCurrentDetails(step.details);
  const now = { stage: step.stage, health: healthOf(step), owner: step.owner };
  const isOtherOwner = before.owner !== undefined && now.owner !== before.owner;
  if (input.hasAttributes && (now.stage !== before.stage || now.health !== before.health || isOtherOwner)) {
    upsertSearchAttributes([
      { key: stageKey, value: now.stage },
      { key: ownerKey, value: step.owner === '' ? null : step.owner },
      { key: healthKey, value: now.health },
      { key: nextActionKey, value: toDate(step.nextAt) },
      { key: dueKey, value: toDate(step.dueAt) },
    ]);
  }
  return now;
};

/** At most one timer; one for the same instant keeps running. */
class OneTimer {
  readonly #onFire: (summary: string) => void;
  #at: string | null = null;
  #scope: CancellationScope | undefined;

  constructor(onFire: (summary: string) => void) {
    this.#onFire = onFire;
  }

  set(step: AdvanceResult): void {
    if (step.nextAt === this.#at) return;
    this.#scope?.cancel();
    this.#scope = undefined;
    this.#at = step.nextAt;
    if (step.nextAt === null) return;
    const scope = new CancellationScope();
    this.#scope = scope;
    const delayMs = Math.max(Date.parse(step.nextAt) - Date.now(), 1);
    void scope.run(async () => await this.#sleep(delayMs, step.summary));
  }

  async #sleep(delayMs: number, summary: string): Promise<void> {
    try {
      await sleep(delayMs, { summary });
    } catch (error) {
      if (isCancellation(error)) return;
      throw error;
    }
    this.#at = null;
    this.#onFire(summary);
  }
}
