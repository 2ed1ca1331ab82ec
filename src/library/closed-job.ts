/** The state of a job, rebuilt from its history: no worker has to run for it, and none could answer for a closed job. */
import type { temporal } from '@temporalio/proto';
import { commandNames } from '../contract/job.ts';
import type {
  ArchiveJobInput,
  InspectionResult,
  JobState,
  SegmentProgress,
  SegmentResult,
} from '../contract/job.ts';
import {
  absorbParts,
  absorbSegment,
  applyChange,
  beginJob,
  resumeJob,
  type JobChange,
} from '../contract/job-state.ts';

type Event = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayload[] | null | undefined;
/** Decodes payloads to the values that they were made of. */
export type Decode = (payloads: Payloads) => Promise<readonly unknown[]>;

/** What a run's history tells. */
export interface HistoryFacts {
  /** null: the run ended before its archive was inspected. */
  readonly state: JobState | null;
  readonly input: ArchiveJobInput | null;
}

/** Folds the events of one run, in order, by the same steps as the workflow took. */
export async function stateFromHistory(events: readonly Event[], decode: Decode): Promise<HistoryFacts> {
  let input: ArchiveJobInput | null = null;
  let state: JobState | null = null;
  /** What was asked for before there was a state. */
  let early: JobChange = {};
  const types = new Map<string, string>();
  const done = (progress: unknown): void => {
    if (state !== null && isProgress(progress)) state = absorbParts(state, progress);
  };
  const change = (name: string | null | undefined, value: unknown): void => {
    const asked = changeOf(name, value);
    if (asked === null) return;
    if (state === null) early = { ...early, ...asked };
    else state = applyChange(state, asked);
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
      [input = null] = (await decode(started.input?.payloads)) as [ArchiveJobInput?];
      state = input?.state ?? null;
    } else if (scheduled != null) {
      types.set(String(event.eventId), scheduled.activityType?.name ?? '');
    } else if (completed != null) {
      const type = types.get(String(completed.scheduledEventId));
      const [result] = await decode(completed.result?.payloads);
      if (type === 'inspectArchive') {
        const found = result as InspectionResult;
        state = applyChange(state === null ? beginJob(found) : resumeJob(state, found), early);
      } else if (type === 'processSegment' && state !== null) {
        state = absorbSegment(state, state, result as SegmentResult);
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
  const number = Number(value);
  if (name === commandNames.pause || name === commandNames.resume)
    return { paused: name === commandNames.pause };
  if (!Number.isSafeInteger(number) || number <= 0) return null;
  if (name === commandNames.setBatchSize) return { batchSize: number };
  return name === commandNames.setMaxMemory ? { maxMemoryUsage: number } : null;
}

function isProgress(value: unknown): value is SegmentProgress {
  return typeof value === 'object' && value !== null && 'parts' in value && 'next' in value;
}
