/** What the clean-up schedule starts. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { CleanUpResult } from '../contract/job.ts';

const activities = proxyActivities<Activities>({
  // a thousand folders on a network file system
  startToCloseTimeout: '10m',
  heartbeatTimeout: '30s',
  // the schedule comes again
  retry: { maximumAttempts: 3 },
  summary: 'remove abandoned temporary files',
});

/** Removes temporary files of attempts that are gone. */
export async function cleanUpWorkflow(): Promise<CleanUpResult> {
  return activities.cleanUp();
}
