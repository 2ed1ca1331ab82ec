/** What a segment or an assembly that failed had done, and what to make of its failure. Pure. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { isAssemblyProgress, type AssemblyProgress } from '../contract/assembly.ts';
import type { SegmentProgress } from '../contract/job.ts';
import { isProgress } from '../contract/job-state.ts';

function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error;
}

/** What the attempt said that it had done: in the details of its failure, or in its last heartbeat. */
export function saidBy(error: unknown): unknown {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) return cause.details?.[1];
  return cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : null;
}

/** The parts that a segment's last attempt had committed. */
export function committedBy(error: unknown): SegmentProgress | null {
  const done = saidBy(error);
  return isProgress(done) ? done : null;
}

/** The buckets that an assembly's last attempt had committed. */
export function builtBy(error: unknown): AssemblyProgress | null {
  const done = saidBy(error);
  return isAssemblyProgress(done) ? done : null;
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
