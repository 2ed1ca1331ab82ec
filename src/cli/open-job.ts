/** What is asked of a job that has ended is refused: Temporal would take it and do nothing. */
import { ThreadmillError } from '../core/errors.ts';
import type { Threadmill } from './ports.ts';

/**
 * Sees that a job has not ended; `action` is what it is for, e.g. `pause`.
 *
 * @throws {ThreadmillError} USAGE where it has, JOB_NOT_FOUND
 */
export async function requireOpenJob(threadmill: Threadmill, jobId: string, action: string): Promise<void> {
  const { closedMs, status } = await threadmill.describeJob(jobId);
  if (closedMs === null) return;
  const wayOut =
    status === 'completed'
      ? `threadmill result ${jobId} shows it`
      : `threadmill resume ${jobId} goes on with it`;
  throw new ThreadmillError('USAGE', `Cannot ${action} job "${jobId}": it is ${status}; ${wayOut}`, {
    facts: { jobId, status },
  });
}
