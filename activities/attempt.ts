import { activityInfo, heartbeat } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toApplicationFailure } from './failure.ts';

const beatMs = 2_500;

/** Tells Temporal that the work goes on, so that what a dead worker had begun is begun again in seconds. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), beatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Does the work of one attempt; its failure becomes Temporal's. */
export async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    throw toApplicationFailure(error, activityInfo().attempt);
  }
}
