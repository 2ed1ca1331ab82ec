import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failureOf } from '../../src/activities/failures.ts';
import { ThreadmillError, type ErrorCode } from '../../src/core/errors.ts';

/** Seconds until the next attempt and the attempt that is the last one; null: never, for ever. */
type Retry = readonly [afterSeconds: number, lastAttempt: number] | null;

/** What is retried, written a second time: a change of the table must be meant. */
const expected: Readonly<Record<ErrorCode, Retry>> = {
  SETTINGS_INVALID: null,
  SELECTION_CHANGED: null,
  USAGE: null,
  ARCHIVE_MISSING: null,
  ARCHIVE_UNREADABLE: [2, 5],
  ARCHIVE_EMPTY: null,
  ARCHIVE_NOT_RECOGNISED: null,
  ARCHIVE_TRUNCATED: null,
  ARCHIVE_CORRUPT: null,
  ARCHIVE_CHANGED: null,
  ARCHIVE_NOT_SMALL: null,
  WINDOW_TOO_LARGE: null,
  TOO_MANY_REJECTS: null,
  TOO_MANY_PARTS: null,
  STORAGE_UNAVAILABLE: [10, Infinity],
  STORAGE_DENIED: null,
  STORAGE_REFUSED: null,
  OUTPUT_DENIED: null,
  OUTPUT_FAILED: [2, 5],
  DISK_FULL: [5, Infinity],
  DATASET_IN_USE: null,
  DATASET_INVALID: null,
  PAYLOAD_UNREADABLE: [10, Infinity],
  WORKER_LOST: null,
  JOB_NOT_FOUND: null,
  JOB_FAILED: null,
  SERVER_UNREACHABLE: [2, 5],
  SERVER_UNAVAILABLE: [2, 5],
};

function failed(error: unknown, attempt: number, done?: unknown): ApplicationFailure {
  const failure = failureOf(error, attempt, done);
  assert.ok(failure instanceof ApplicationFailure);
  return failure;
}

describe('failureOf()', () => {
  for (const [code, retry] of Object.entries(expected) as [ErrorCode, Retry][]) {
    it(`${code} is ${retry === null ? 'final' : `tried again after ${retry[0]} s, ${retry[1]} times`}`, () => {
      const error = new ThreadmillError(code, 'what and the way out', { facts: { path: '/a' } });
      const first = failed(error, 1, { parts: [], next: null });
      assert.deepEqual([first.type, first.message, first.cause], [code, 'what and the way out', error]);
      assert.deepEqual(first.details, [{ path: '/a' }, { parts: [], next: null }]);
      assert.equal(first.nonRetryable, retry === null);
      assert.equal(first.nextRetryDelay, retry === null ? undefined : `${retry[0]}s`);
      if (retry === null) return;
      const last = Math.min(retry[1], 1_000_000);
      assert.equal(failed(error, last - 1).nonRetryable, false);
      assert.equal(failed(error, last).nonRetryable, retry[1] !== Infinity);
    });
  }

  it('takes anything else for our own bug: it may pass, a few times', () => {
    const error = new TypeError('Cannot end a part');
    const first = failed(error, 1);
    assert.deepEqual([first.type, first.nonRetryable, first.nextRetryDelay], ['BUG', false, '1s']);
    assert.deepEqual(first.details, [{}, null]);
    assert.deepEqual([failed(error, 4).nonRetryable, failed(error, 5).nonRetryable], [false, true]);
    assert.equal(failed('a string', 1).message, 'a string');
  });

  it('lets cancellation and what is a failure already pass as they are', () => {
    const cancelled = new CancelledFailure('CANCELLED');
    const failure = ApplicationFailure.nonRetryable('x');
    assert.equal(failureOf(cancelled, 9), cancelled);
    assert.equal(failureOf(failure, 9), failure);
  });
});
