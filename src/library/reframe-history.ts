/** A job that writes an archive anew, as its history tells: no worker has to run for it. */
import type { temporal } from '@temporalio/proto';
import { commandNames } from '../contract/job.ts';
import {
  absorbFrames,
  beginReframe,
  isReframeProgress,
  type ReframeInput,
  type ReframePlan,
  type ReframeState,
} from '../contract/reframe.ts';
import type { Decode } from './closed-job.ts';
import { readable } from './readable.ts';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface ReframeFacts {
  /** null: the run ended before its archive was inspected. */
  readonly state: ReframeState | null;
  readonly input: ReframeInput | null;
}

/** Folds the events of one run, in order, by the same steps as the workflow took. @throws {ThreadmillError} PAYLOAD_UNREADABLE */
export async function reframeFromHistory(events: readonly Event[], decode: Decode): Promise<ReframeFacts> {
  let input: ReframeInput | null = null;
  let state: ReframeState | null = null;
  const types = new Map<string, string>();
  const absorb = (value: unknown): void => {
    if (state !== null && isReframeProgress(value)) state = absorbFrames(state, value);
  };
  const pause = (name: string | null | undefined): void => {
    if (state === null || (name !== commandNames.pause && name !== commandNames.resume)) return;
    state = { ...state, paused: name === commandNames.pause };
  };
  for (const event of events) {
    const started = event.workflowExecutionStartedEventAttributes;
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const failed = event.activityTaskFailedEventAttributes?.failure;
    const timedOut = event.activityTaskTimedOutEventAttributes?.failure;
    pause(event.workflowExecutionSignaledEventAttributes?.signalName);
    pause(event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name);
    if (started != null) {
      [input = null] = (await decode(started.input?.payloads)).map(readable) as [ReframeInput?];
      state = input?.state ?? null;
    } else if (scheduled != null) {
      types.set(String(event.eventId), scheduled.activityType?.name ?? '');
    } else if (completed != null) {
      const [result] = (await decode(completed.result?.payloads)).map(readable);
      if (types.get(String(completed.scheduledEventId)) === 'openReframe') {
        state = beginReframe(result as ReframePlan, state);
      } else absorb(result);
    } else if (failed != null) {
      absorb((await decode(failed.applicationFailureInfo?.details?.payloads))[1]);
    } else if (timedOut != null) {
      absorb((await decode(timedOut.timeoutFailureInfo?.lastHeartbeatDetails?.payloads))[0]);
    }
  }
  return { state, input };
}
