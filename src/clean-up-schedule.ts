/** The Temporal Schedule behind PUSHSHIFT_CHECKPOINT_CLEANUP_INTERVAL. */
import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import { workflowTypes } from './contract/job.ts';
import type { SettingsValues } from './settings.ts';

export const cleanUpScheduleId = 'threadmill-clean-up';

/** A clean-up that found no worker is not worth waiting for: the next one comes. */
const waitsForWorker = '10 minutes';

/**
 * Makes sure that the clean-up workflow runs every `checkpointCleanupInterval` ms; a schedule with another interval is
 * changed. Idempotent; of several workers the last one's interval stands.
 */
export async function scheduleCleanUp(
  client: Client,
  { checkpointCleanupInterval, taskQueue }: Pick<SettingsValues, 'checkpointCleanupInterval' | 'taskQueue'>,
): Promise<void> {
  const options = {
    spec: { intervals: [{ every: checkpointCleanupInterval }] },
    action: {
      type: 'startWorkflow',
      workflowType: workflowTypes.cleanUp,
      workflowId: cleanUpScheduleId,
      taskQueue,
      args: [],
      workflowExecutionTimeout: waitsForWorker,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({ scheduleId: cleanUpScheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(cleanUpScheduleId);
    const { spec } = await handle.describe();
    if (spec.intervals?.[0]?.every === checkpointCleanupInterval) return;
    await handle.update((previous) => ({ ...previous, ...options }));
  }
}
