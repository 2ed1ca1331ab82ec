/** What a segment that failed had done, and what to make of its failure. Pure. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { SegmentProgress } from '../contract/job.ts';
import { isProgress } from '../contract/job-state.ts';

function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error;
}

/** What the attempt had committed: from the details of its failure, or from its last heartbeat. */
export function committedBy(error: unknown): SegmentProgress | null {
  const cause = causeOf(error);
  const done: unknown =
    cause instanceof ApplicationFailure
      ? cause.details?.[1]
      : cause instanceof TimeoutFailure
        ? cause.lastHeartbeatDetails
        : null;
  return isProgress(done) ? done : null;
}

/** True where another attempt would find the same. */
export function isFinal(error: unknown): boolean {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure && cause.nonRetryable === true;
}

/** True where no worker took the task: nothing was lost, because nothing had begun. */
export function neverStarted(error: unknown): boolean {
  const cause = causeOf(error);
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

/** The failure of the job: the activity's own code, message and facts, without the layers around it. */
export function failureIn(error: unknown): ApplicationFailure {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) {
    return ApplicationFailure.create({
      message: cause.message,
      type: cause.type ?? 'BUG',
      nonRetryable: true,
      details: [cause.details?.[0] ?? {}],
    });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return ApplicationFailure.nonRetryable(message, 'BUG');
}
