/** Temporal's failures as threadmill's errors. */
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ThreadmillError, errorCodes, type ErrorFacts } from '../core/errors.ts';

/** gRPC status numbers. */
const status = { deadlineExceeded: 4, unavailable: 14, cancelled: 1 } as const;

export function grpcCodeOf(error: unknown): number | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'number') return code;
  }
  return undefined;
}

/** True where the server may answer again in a moment. */
export function isTransient(error: unknown): boolean {
  const code = grpcCodeOf(error);
  return code === status.unavailable || code === status.deadlineExceeded || code === status.cancelled;
}

/** What to throw for an error of a job's run or of a call about it. */
export function jobError(jobId: string, error: unknown): unknown {
  if (error instanceof WorkflowNotFoundError) {
    return new ThreadmillError(
      'JOB_NOT_FOUND',
      `There is no job "${jobId}"; threadmill list shows those that there are`,
      {
        facts: { jobId },
        cause: error,
      },
    );
  }
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const facts = (cause.details?.[0] ?? {}) as ErrorFacts;
    // 'BUG', and whatever a version of the SDK or of another worker calls its failures
    const code = errorCodes.find((known) => known === cause.type) ?? 'JOB_FAILED';
    return new ThreadmillError(code, cause.message, { facts: { jobId, ...facts }, cause });
  }
  const how =
    cause instanceof CancelledFailure
      ? 'cancelled'
      : cause instanceof TerminatedFailure
        ? 'terminated'
        : 'ended';
  return new ThreadmillError(
    'JOB_FAILED',
    `Job "${jobId}" was ${how}; threadmill resume ${jobId} goes on from its last part`,
    { facts: { jobId, how }, cause: error },
  );
}

/** A call that needs a worker's answer got none. */
export function nobodyAnswered(jobId: string, cause: unknown): ThreadmillError {
  return new ThreadmillError(
    'SERVER_UNAVAILABLE',
    `No worker answered for job "${jobId}"; start one with threadmill worker, and try again`,
    { facts: { jobId }, cause },
  );
}

/** Asks something about a job; what goes wrong comes as `jobError`. */
export async function about<T>(jobId: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw jobError(jobId, error);
  }
}
