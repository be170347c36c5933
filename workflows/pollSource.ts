import { proxyActivities } from '@temporalio/workflow';
import type { PollActivities, SourceInput } from '../activities/contract.ts';

const { pollSource: poll } = proxyActivities<PollActivities>({
  summary: 'fetch',
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '2 seconds', backoffCoefficient: 3, maximumInterval: '10 minutes', maximumAttempts: 8 },
});

/** Asks an outside system once what is new. Started by the source's schedule; what fails is shown on the source, and the next run tries again. */
export async function pollSource(input: SourceInput): Promise<void> {
  await poll(input);
}
