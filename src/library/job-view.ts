/** A job as it is now: what the workflow remembers, with the newest heartbeats of its activities. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { errorCodes } from '../core/errors.ts';
import { tolerant } from '../payloads/data-converter.ts';
import type { AssemblyHeartbeat } from '../contract/assembly.ts';
import type { SmallBatchHeartbeat } from '../contract/corpus.ts';
import { queryNames, type JobProgress, type ResourceStats, type SegmentHeartbeat } from '../contract/job.ts';
import { whyUnreadable } from '../contract/unreadable.ts';
import { progressOf, withAssemblies, withHeartbeat } from '../contract/progress.ts';
import {
  reframeProgress,
  reframeWorkflowType,
  withReframeHeartbeat,
  type ReframeHeartbeat,
} from '../contract/reframe.ts';
import { reframeFromHistory, type ReframeFacts } from './reframe-history.ts';
import { stateFromHistory, type Decode, type HistoryFacts } from './closed-job.ts';

/** A worker that is there answers in milliseconds; without one the history has to tell. */
const queryMs = 3_000;
/** A workflow task that is lost with its worker is no news. */
const stuckAttempts = 2;

/** What a closed workflow's status means. */
export const closedPhases: Readonly<Record<string, JobProgress['state']>> = {
  COMPLETED: 'done',
  FAILED: 'failed',
  TERMINATED: 'failed',
  TIMED_OUT: 'failed',
  CANCELED: 'cancelled',
  CANCELLED: 'cancelled',
};

/** The decoder of a client's payloads, through its codec where it has one; what that can't read comes as `Unreadable`. */
export function decoderOf(client: Client): Decode {
  const converter = tolerant(client.options.loadedDataConverter);
  return (payloads) => decodeArrayFromPayloads(converter, payloads ?? []);
}

/** Everything that the history of a run tells, the newest one where none is named. */
export async function historyFacts(client: Client, jobId: string, runId?: string): Promise<HistoryFacts> {
  const { events } = await client.workflow.getHandle(jobId, runId).fetchHistory();
  return stateFromHistory(events ?? [], decoderOf(client));
}

/** The same of a job that writes an archive anew. */
export async function reframeFacts(client: Client, jobId: string, runId?: string): Promise<ReframeFacts> {
  const { events } = await client.workflow.getHandle(jobId, runId).fetchHistory();
  return reframeFromHistory(events ?? [], decoderOf(client));
}

/** What the activities say that do a job's work. */
interface Beats {
  readonly writeFrames: ReframeHeartbeat;
  readonly processSegment: SegmentHeartbeat;
  readonly assembleThreads: AssemblyHeartbeat;
  readonly processSmallArchives: SmallBatchHeartbeat;
}

/** Heartbeats of the activities of one kind that run and have beaten, and the attempts lost before them. */
export async function beatsOf<K extends keyof Beats>(
  client: Client,
  { raw }: WorkflowExecutionDescription,
  type: K,
): Promise<{
  readonly beats: readonly Beats[K][];
  readonly lost: number;
  readonly at: Pick<JobProgress, 'worker'>;
}> {
  const beats: Beats[K][] = [];
  const workers = new Set<string>();
  let lost = 0;
  for (const activity of raw.pendingActivities ?? []) {
    if (activity.activityType?.name !== type) continue;
    const [beat] = await decoderOf(client)(activity.heartbeatDetails?.payloads);
    if (beat === undefined || whyUnreadable(beat) !== null) continue;
    beats.push(beat as Beats[K]);
    lost += (activity.attempt ?? 1) - 1;
    if (activity.lastWorkerIdentity) workers.add(activity.lastWorkerIdentity);
  }
  return { beats, lost, at: workers.size === 0 ? {} : { worker: [...workers].join(', ') } };
}

/** Asks the workflow; null where no worker answers in time. */
export async function query<T>(client: Client, jobId: string, name: string): Promise<T | null> {
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
  const closed = closedPhases[description.status.name];
  const asked = closed === undefined ? await query<JobProgress>(client, jobId, queryNames.progress) : null;
  const past = description.type === reframeWorkflowType ? reframeFromFacts : fromHistory;
  const progress = asked ?? (await past(client, jobId, closed ?? 'running'));
  if (closed !== undefined) return progress;
  const found = await failuresOf(client, description);
  const waiting = found.find(({ waits }) => waits);
  const warned: JobProgress = {
    ...progress,
    warnings: [...progress.warnings, ...warningsOf(found, description)],
    ...(waiting === undefined ? {} : { trouble: waiting.why }),
  };
  if (description.type === reframeWorkflowType) {
    const writing = await beatsOf(client, description, 'writeFrames');
    const [beat] = writing.beats;
    if (beat === undefined) return warned;
    return { ...withReframeHeartbeat(warned, beat, writing.lost), ...writing.at };
  }
  const { beats, lost, at } = await beatsOf(client, description, 'processSegment');
  const [beat] = beats;
  if (beat !== undefined) return { ...withHeartbeat(warned, beat, lost), ...at };
  const assemblies = await beatsOf(client, description, 'assembleThreads');
  if (assemblies.beats.length === 0) return warned;
  return { ...withAssemblies(warned, assemblies.beats, assemblies.lost), ...assemblies.at };
}

/** What the last attempt at an activity failed by. */
interface LastFailure {
  readonly code: string;
  readonly why: string;
  /** The next attempt has not begun. */
  readonly waits: boolean;
}

/** temporal.api.enums.v1.PendingActivityState: no attempt runs. */
const scheduledState = 1;

export async function failuresOf(
  client: Client,
  { raw }: WorkflowExecutionDescription,
): Promise<readonly LastFailure[]> {
  const found: LastFailure[] = [];
  for (const { lastFailure: kept, state } of raw.pendingActivities ?? []) {
    // the server keeps a large failure, one that tells of many parts, as the cause of one of its own
    const lastFailure = kept?.serverFailureInfo == null ? kept : (kept.cause ?? kept);
    const code = errorCodes.find((each) => each === lastFailure?.applicationFailureInfo?.type);
    if (code === undefined) continue;
    const converter = tolerant(client.options.loadedDataConverter);
    const error = await decodeOptionalFailureToOptionalError(converter, lastFailure);
    // by a worker whose key is not here: the text is not to be had
    const hidden = lastFailure?.encodedAttributes != null && error?.message === lastFailure.message;
    const why = hidden ? "the worker's log says why" : (error?.message ?? '');
    found.push({ code, why, waits: Number(state) === scheduledState });
  }
  return found;
}

/** What keeps a job that runs from getting further, in words: its progress would stand still without any. */
function warningsOf(
  failures: readonly LastFailure[],
  { raw }: WorkflowExecutionDescription,
): readonly string[] {
  const found = failures.map(
    ({ code, why }) => `The last attempt ended with ${code}, and is repeated: ${why}`,
  );
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt <= stuckAttempts) return found;
  return [
    ...found,
    `No worker can go on with the job (${attempt} attempts at its workflow task failed): the worker's log and the Web UI ` +
      'say why; it goes on by itself with a worker that can',
  ];
}

async function reframeFromFacts(
  client: Client,
  jobId: string,
  phase: JobProgress['state'],
): Promise<JobProgress> {
  const { state, input } = await reframeFacts(client, jobId);
  const paused = phase === 'running' && state?.paused === true;
  const archive = input?.archive ?? '';
  return reframeProgress({ jobId, phase: paused ? 'paused' : phase, archive, state, figures: null });
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
  const segments = await beatsOf(client, description, 'processSegment');
  const assemblies = await beatsOf(client, description, 'assembleThreads');
  const sampled = [...segments.beats, ...assemblies.beats].find(({ stats }) => stats !== null);
  return sampled?.stats ?? query<ResourceStats>(client, jobId, queryNames.stats);
}
