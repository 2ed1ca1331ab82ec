/** A job as it is now: what the workflow remembers, with the newest heartbeat of its segment. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { queryNames, type JobProgress, type ResourceStats, type SegmentHeartbeat } from '../contract/job.ts';
import { progressOf, withHeartbeat } from '../contract/progress.ts';
import { stateFromHistory, type Decode, type HistoryFacts } from './closed-job.ts';

/** A worker that is there answers in milliseconds; without one the history has to tell. */
const queryMs = 3_000;

const phases: Readonly<Record<string, JobProgress['state']>> = {
  COMPLETED: 'done',
  FAILED: 'failed',
  TERMINATED: 'failed',
  TIMED_OUT: 'failed',
  CANCELED: 'cancelled',
  CANCELLED: 'cancelled',
};

/** The decoder of a client's payloads, through its codec where it has one. */
function decoderOf(client: Client): Decode {
  return (payloads) => decodeArrayFromPayloads(client.options.loadedDataConverter, payloads ?? []);
}

/** Everything that the history of a run tells, the newest one where none is named. */
export async function historyFacts(client: Client, jobId: string, runId?: string): Promise<HistoryFacts> {
  const { events } = await client.workflow.getHandle(jobId, runId).fetchHistory();
  return stateFromHistory(events ?? [], decoderOf(client));
}

/** The heartbeat of the segment that runs, and the attempts lost before it; null where none runs or has beaten yet. */
async function heartbeatOf(
  client: Client,
  { raw }: WorkflowExecutionDescription,
): Promise<{ readonly beat: SegmentHeartbeat; readonly lost: number } | null> {
  for (const activity of raw.pendingActivities ?? []) {
    if (activity.activityType?.name !== 'processSegment') continue;
    const [beat] = await decoderOf(client)(activity.heartbeatDetails?.payloads);
    if (beat !== undefined) return { beat: beat as SegmentHeartbeat, lost: (activity.attempt ?? 1) - 1 };
  }
  return null;
}

/** Asks the workflow; null where no worker answers in time. */
async function query<T>(client: Client, jobId: string, name: string): Promise<T | null> {
  try {
    return await client.withDeadline(Date.now() + queryMs, () =>
      client.workflow.getHandle(jobId).query<T>(name),
    );
  } catch {
    return null;
  }
}

/** @throws WorkflowNotFoundError */
export async function progressNow(client: Client, jobId: string): Promise<JobProgress> {
  const description = await client.workflow.getHandle(jobId).describe();
  const closed = phases[description.status.name];
  const asked = closed === undefined ? await query<JobProgress>(client, jobId, queryNames.progress) : null;
  const progress = asked ?? (await fromHistory(client, jobId, closed ?? 'running'));
  if (closed !== undefined) return progress;
  const found = await heartbeatOf(client, description);
  return found === null ? progress : withHeartbeat(progress, found.beat, found.lost);
}

async function fromHistory(client: Client, jobId: string, phase: JobProgress['state']): Promise<JobProgress> {
  const { state, input } = await historyFacts(client, jobId);
  const paused = phase === 'running' && state?.paused === true;
  return progressOf({
    jobId,
    phase: paused ? 'paused' : phase,
    archive: input?.archive ?? '',
    state,
    live: null,
  });
}

/** The newest statistics; null where the job has none yet, or does not sample. @throws WorkflowNotFoundError */
export async function statsNow(client: Client, jobId: string): Promise<ResourceStats | null> {
  const description = await client.workflow.getHandle(jobId).describe();
  const found = await heartbeatOf(client, description);
  return found?.beat.stats ?? query<ResourceStats>(client, jobId, queryNames.stats);
}
