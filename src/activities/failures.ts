/** The one table of what is retried: every error of an activity becomes a failure of Temporal's here. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ThreadmillError, type ErrorCode } from '../core/errors.ts';

/** Seconds until the next attempt; null: another attempt would find the same. */
const retryAfterSeconds: Readonly<Record<ErrorCode, number | null>> = {
  SETTINGS_INVALID: null,
  // the names that the job began with may be put back; another attempt would find the same
  SELECTION_CHANGED: null,
  USAGE: null,
  ARCHIVE_MISSING: null,
  // a network file system that is away for a moment says EIO or ESTALE; a few attempts decide
  ARCHIVE_UNREADABLE: 2,
  ARCHIVE_EMPTY: null,
  ARCHIVE_NOT_RECOGNISED: null,
  ARCHIVE_TRUNCATED: null,
  ARCHIVE_CORRUPT: null,
  ARCHIVE_CHANGED: null,
  // it gets a job of its own
  ARCHIVE_NOT_SMALL: null,
  WINDOW_TOO_LARGE: null,
  TOO_MANY_REJECTS: null,
  TOO_MANY_PARTS: null,
  // a store that is away comes back, and the job then goes on by itself
  STORAGE_UNAVAILABLE: 10,
  STORAGE_DENIED: null,
  STORAGE_REFUSED: null,
  OUTPUT_DENIED: null,
  // as ARCHIVE_UNREADABLE
  OUTPUT_FAILED: 2,
  // space can be made, and the job then goes on by itself; it looks for room before it opens anything
  DISK_FULL: 5,
  DATASET_IN_USE: null,
  DATASET_INVALID: null,
  // said by a worker that is set up wrongly: the job waits for one that has the key, and is told to its watchers
  PAYLOAD_UNREADABLE: 10,
  // the attempts before it were the retries
  WORKER_LOST: null,
  JOB_NOT_FOUND: null,
  JOB_FAILED: null,
  SERVER_UNREACHABLE: 2,
  SERVER_UNAVAILABLE: 2,
};

/** Retried for as long as it takes; everything else that is retried gets `attemptsMax`. */
const retriedForEver: ReadonlySet<ErrorCode> = new Set([
  'DISK_FULL',
  'STORAGE_UNAVAILABLE',
  'PAYLOAD_UNREADABLE',
]);
/** For errors that may pass, our own bugs among them (a killed mill thread looks like one); lost attempts do not count. */
const attemptsMax = 5;

/** Whether an attempt that failed so is one of the `attemptsMax`. */
export function countsAsAttempt(error: unknown): boolean {
  return !(error instanceof ThreadmillError && retriedForEver.has(error.code));
}

/** Whether another attempt after this error may do: never, a few times, or for as long as it takes. */
export function retriedHow(error: unknown): 'never' | 'some' | 'forever' {
  if (!(error instanceof ThreadmillError)) return 'some';
  if (retriedForEver.has(error.code)) return 'forever';
  return retryAfterSeconds[error.code] === null ? 'never' : 'some';
}

/**
 * The failure to throw for an error, with its code as type, its facts, and what the activity had done as details.
 * Cancellation passes as it is.
 *
 * @param attempt from 1: the attempts that failed by an error with this one, without those that were lost
 */
export function failureOf(error: unknown, attempt: number, done?: unknown): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const known = error instanceof ThreadmillError ? error : null;
  const after = known === null ? 1 : retryAfterSeconds[known.code];
  const forEver = known !== null && retriedForEver.has(known.code);
  const nonRetryable = after === null || (!forEver && attempt >= attemptsMax);
  return ApplicationFailure.create({
    message: error instanceof Error ? error.message : String(error),
    type: known?.code ?? 'BUG',
    nonRetryable,
    details: [known?.facts ?? {}, done ?? null],
    ...(after === null ? {} : { nextRetryDelay: `${after}s` }),
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
