import { isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ImportActivities, ImportInput } from '../activities/contract.ts';
import { recordChangedSignal } from './contract.ts';
import { toFailure } from './effect-queue.ts';

/** Reading a large file takes as long as it takes; a dead worker is noticed by its silence, and another goes on where it stopped. */
const { carryImport } = proxyActivities<ImportActivities>({
  summary: 'read',
  startToCloseTimeout: '2 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

const { failImport } = proxyActivities<ImportActivities>({
  summary: 'fail',
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * Carries an import for as long as its row has something to do. The row holds state and position; a signal only makes it look again,
 * and one that comes when it has ended starts it anew.
 */
export async function runImport(input: ImportInput): Promise<void> {
  let isWoken = true;
  setHandler(recordChangedSignal, () => void (isWoken = true), {
    description: 'Somebody paused, resumed, cancelled or took back the import: look again',
  });
  while (isWoken) {
    isWoken = false;
    try {
      await carryImport(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message } = toFailure(error, 1);
      await failImport({ ...input, code, message });
    }
  }
}
