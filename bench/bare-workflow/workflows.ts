import { proxyActivities } from '@temporalio/workflow';

const { work } = proxyActivities<{ work: () => Promise<string> }>({ startToCloseTimeout: '1 minute' });

/** A workflow of one ordinary Temporal activity. */
export async function bareWorkflow(): Promise<string> {
  return await work();
}
