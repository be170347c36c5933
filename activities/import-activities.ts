import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { beginImport, failImport } from '../commands/imports/carry.ts';
import { importContext } from '../commands/imports/import-context.ts';
import type { ImportFault } from '../commands/imports/import-record.ts';
import type { Context } from '../commands/context.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { BlobStore } from '../store/blobs.ts';
import { undoChunk } from '../commands/imports/undoImport.ts';
import { beating } from './attempt.ts';
import { carryImport } from './carry-import.ts';
import { carryReplay } from './carry-replay.ts';
import { processContext, type WorkerStore } from './context.ts';
import type { FailedImport, ImportActivities, ImportInput } from './contract.ts';
import { toApplicationFailure, toDetail } from './failure.ts';

export interface ImportStore extends WorkerStore {
  readonly blobs: BlobStore;
}

const contextOf = (store: WorkerStore, { tenantId, id }: ImportInput): Context =>
  importContext(processContext(store, { tenantId, entity: 'import', recordId: id }), id);

/** The worker ends: another one goes on where this one stops. */
const assertGoesOn = (): void => {
  if (cancellationSignal().aborted) throw new CancelledFailure('the worker ends');
};

/** Beside a busy app an import works half of the time. */
const pauseAfter = async (store: ImportStore, workMs: number): Promise<void> => {
  if (store.isAppBusy?.() === true) await sleep(workMs);
  assertGoesOn();
};

const carry = async (store: ImportStore, input: ImportInput): Promise<void> => {
  await store.registry.refresh();
  const ctx = contextOf(store, input);
  const task = await beginImport(ctx, input.id);
  if (task.kind === 'none') return;
  if (task.kind === 'undo') {
    do assertGoesOn();
    while (await undoChunk(ctx, input.id));
    return;
  }
  const own = { ...ctx, language: task.record.starter.language };
  const run = {
    record: task.record,
    blobs: store.blobs,
    afterChunk: async (workMs: number) => await pauseAfter(store, workMs),
  };
  await (task.kind === 'replay' ? carryReplay(own, run) : carryImport(own, run));
};

/** What no further attempt can mend is written to the import, for whoever started it. */
const isFinal = (error: unknown, attempt: number): boolean =>
  !(error instanceof CancelledFailure) && toApplicationFailure(error, attempt).nonRetryable === true;

/** The activities of `runImport`. */
export function createImportActivities(store: ImportStore): ImportActivities {
  const fail = async (input: ImportInput, fault: ImportFault): Promise<void> =>
    await failImport(contextOf(store, input), input.id, fault);
  return {
    carryImport: async (input) => {
      try {
        await beating(async () => await carry(store, input));
      } catch (error) {
        if (error instanceof CancelledFailure) throw error;
        const { attempt } = activityInfo();
        if (!isFinal(error, attempt)) throw toApplicationFailure(error, attempt);
        await fail(input, toDetail(error));
      }
    },
    failImport: async ({ code, message, ...input }: FailedImport) => {
      try {
        await fail(input, { code, message });
      } catch (error) {
        // An import that is gone altogether needs nothing more.
        if (error instanceof LeitwerkError && error.code === 'NotFound') return;
        throw toApplicationFailure(error, activityInfo().attempt);
      }
    },
  };
}
