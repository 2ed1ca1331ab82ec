/** The state of a job, rebuilt from its history: no worker has to run for it, and none could answer for a closed job. */
import type { temporal } from '@temporalio/proto';
import { commandNames } from '../contract/job.ts';
import { isAssemblyProgress, type AssemblyResult } from '../contract/assembly.ts';
import { readable } from './readable.ts';
import type { ArchiveJobInput, InspectionResult, JobState, SegmentResult } from '../contract/job.ts';
import {
  absorbAssembly,
  absorbBuckets,
  absorbParts,
  absorbSegment,
  applyChange,
  beginJob,
  carriedState,
  isProgress,
  resumeJob,
  type JobChange,
} from '../contract/job-state.ts';
import { commandProblem } from '../settings/job-settings.ts';

type Event = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayload[] | null | undefined;
/** Decodes payloads to the values that they were made of, `Unreadable` where they are under another key. */
export type Decode = (payloads: Payloads) => Promise<readonly unknown[]>;

/** What a run's history tells. */
export interface HistoryFacts {
  /** null: the run ended before its archive was inspected. */
  readonly state: JobState | null;
  readonly input: ArchiveJobInput | null;
}

/**
 * Folds the events of one run, in order, by the same steps as the workflow took; what it passed over because a stranger's
 * key was on it is passed over here as well.
 *
 * @throws {ThreadmillError} PAYLOAD_UNREADABLE where the input or a result is under a key that is not here
 */
export async function stateFromHistory(events: readonly Event[], decode: Decode): Promise<HistoryFacts> {
  let input: ArchiveJobInput | null = null;
  let state: JobState | null = null;
  /** What was asked for so far: an inspection that ends takes it over. */
  let early: JobChange = {};
  /** Activities by the id of their event, with the state that they were given. */
  const scheduledById = new Map<string, { readonly type: string; readonly begun: JobState | null }>();
  const done = (progress: unknown): void => {
    if (state === null) return;
    if (isProgress(progress)) state = absorbParts(state, progress);
    else if (isAssemblyProgress(progress)) state = absorbBuckets(state, progress);
  };
  const change = (name: string | null | undefined, value: unknown): void => {
    const asked = changeOf(name, value);
    if (asked === null) return;
    early = { ...early, ...asked };
    if (state !== null) state = applyChange(state, asked);
  };
  for (const event of events) {
    const started = event.workflowExecutionStartedEventAttributes;
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const failed = event.activityTaskFailedEventAttributes?.failure;
    const signalled = event.workflowExecutionSignaledEventAttributes;
    const updated = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    const timedOut = event.activityTaskTimedOutEventAttributes?.failure;
    if (started != null) {
      [input = null] = (await decode(started.input?.payloads)).map(readable) as [ArchiveJobInput?];
      state = input?.state === undefined ? null : carriedState(input.state);
    } else if (scheduled != null) {
      const type = scheduled.activityType?.name ?? '';
      scheduledById.set(String(event.eventId), { type, begun: state });
    } else if (completed != null) {
      const { type, begun = null } = scheduledById.get(String(completed.scheduledEventId)) ?? {};
      const [result] = (await decode(completed.result?.payloads)).map(readable);
      if (type === 'inspectArchive') {
        const found = result as InspectionResult;
        state = applyChange(state === null ? beginJob(found) : resumeJob(state, found), early);
      } else if (type === 'processSegment' && state !== null) {
        state = absorbSegment(state, begun ?? state, result as SegmentResult);
      } else if (type === 'assembleThreads' && state !== null) {
        state = absorbAssembly(state, result as AssemblyResult);
      }
    } else if (signalled != null) {
      const [value] = await decode(signalled.input?.payloads);
      change(signalled.signalName, value);
    } else if (updated != null) {
      const [value] = await decode(updated.input?.args?.payloads);
      change(updated.input?.name, value);
    } else if (failed != null) {
      done((await decode(failed.applicationFailureInfo?.details?.payloads))[1]);
    } else if (timedOut != null) {
      done((await decode(timedOut.timeoutFailureInfo?.lastHeartbeatDetails?.payloads))[0]);
    }
  }
  return { state, input };
}

/** The change that a signal or update asked for; null for what the workflow passes over too. */
function changeOf(name: string | null | undefined, value: unknown): JobChange | null {
  if (name === commandNames.pause || name === commandNames.resume)
    return { paused: name === commandNames.pause };
  if (name === commandNames.setBatchSize)
    return commandProblem('baseBatchSize', value) === null ? { batchSize: Number(value) } : null;
  if (name === commandNames.setMaxMemory)
    return commandProblem('maxMemoryUsage', value) === null ? { maxMemoryUsage: Number(value) } : null;
  return null;
}

/**
 * The input of a run that goes on with a closed one. Its settings are those that the job was inspected with, and as they
 * were set while it ran: a worker of today may have other defaults, and one dataset must not be made under two.
 */
export function inputToGoOn(input: ArchiveJobInput, state: JobState | null): ArchiveJobInput {
  return state === null ? input : { ...input, settings: state.settings, state };
}
