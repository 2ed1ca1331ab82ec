/** Whether a job still writes its dataset. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';

/** True while a job is open, running or paused; throws where the server can't say. */
export async function isOpenJob(client: Client, jobId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(jobId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
