import { isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { CollectActivities, ImportInput } from '../activities/contract.ts';
import { recordChangedSignal } from './contract.ts';

/** About four hours of trying: outside systems have their bad mornings. */
const { collectMessage: collect } = proxyActivities<CollectActivities>({
  summary: 'fetch',
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '2 seconds', backoffCoefficient: 2.5, maximumInterval: '30 minutes', maximumAttempts: 16 },
});

const { parkMessage } = proxyActivities<CollectActivities>({
  summary: 'park',
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** Fetches what a delivery tells of. The message's row holds what is left to do; a signal only makes it look again. */
export async function collectMessage(input: ImportInput): Promise<void> {
  let isWoken = true;
  setHandler(recordChangedSignal, () => void (isWoken = true), {
    description: 'Somebody asked to fetch again: look at the message',
  });
  while (isWoken) {
    isWoken = false;
    try {
      await collect(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      await parkMessage(input);
    }
  }
}
