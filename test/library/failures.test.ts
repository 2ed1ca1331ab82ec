import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ThreadmillError } from '../../src/core/errors.ts';
import { grpcCodeOf, isTransient, jobError, nobodyAnswered } from '../../src/library/failures.ts';

function grpcError(code: number): Error {
  return new Error('Failed to …', { cause: Object.assign(new Error('14 UNAVAILABLE'), { code }) });
}

function failedRun(cause: Error | undefined): WorkflowFailedError {
  return new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE');
}

function told(error: unknown): ThreadmillError {
  const said = jobError('job-1', error);
  assert.ok(said instanceof ThreadmillError);
  return said;
}

describe('grpcCodeOf()', () => {
  it('finds the status in the chain of causes, and none where there is none', () => {
    assert.equal(grpcCodeOf(grpcError(14)), 14);
    assert.equal(grpcCodeOf(Object.assign(new Error('x'), { code: 5 })), 5);
    for (const other of [new Error('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), 'text', null])
      assert.equal(grpcCodeOf(other), undefined);
  });
});

describe('isTransient()', () => {
  it('is true of what passes with the outage, of nothing else', () => {
    const passing = [1, 4, 14];
    for (let code = 0; code <= 16; code++)
      assert.equal(isTransient(grpcError(code)), passing.includes(code), String(code));
    assert.equal(isTransient(new Error('x')), false);
  });
});

describe('jobError()', () => {
  it('names the job that there is not, and how to find those that there are', () => {
    const error = told(new WorkflowNotFoundError('x', 'job-1', undefined));
    assert.deepEqual([error.code, error.facts], ['JOB_NOT_FOUND', { jobId: 'job-1' }]);
    assert.match(error.message, /"job-1".*threadmill list/);
  });

  it("gives a job's failure its own code, message and facts", () => {
    const details = [{ compressed: 7 }, { parts: [] }];
    const cause = ApplicationFailure.create({ message: 'byte 7', type: 'ARCHIVE_CORRUPT', details });
    const error = told(failedRun(cause));
    assert.deepEqual([error.code, error.message], ['ARCHIVE_CORRUPT', 'byte 7']);
    assert.deepEqual(error.facts, { compressed: 7, jobId: 'job-1' });
  });

  it('calls a bug a failed job, for its code is nothing to decide by', () => {
    assert.equal(told(failedRun(ApplicationFailure.nonRetryable('x', 'BUG'))).code, 'JOB_FAILED');
    assert.equal(told(failedRun(ApplicationFailure.nonRetryable('x'))).code, 'JOB_FAILED');
  });

  const ends: readonly (readonly [string, Error | undefined])[] = [
    ['cancelled', new CancelledFailure('x')],
    ['terminated', new TerminatedFailure('x')],
    ['ended', new TimeoutFailure('x', undefined, 'START_TO_CLOSE')],
    ['ended', undefined],
  ];
  for (const [how, cause] of ends) {
    it(`says how a job was ${how} by ${cause?.name ?? 'nobody knows what'}, and how it goes on`, () => {
      const error = told(failedRun(cause));
      assert.deepEqual([error.code, error.facts], ['JOB_FAILED', { jobId: 'job-1', how }]);
      assert.match(error.message, new RegExp(`was ${how}; threadmill resume job-1 goes on`));
    });
  }

  it('leaves everything else as it is', () => {
    const error = grpcError(14);
    assert.equal(jobError('job-1', error), error);
  });
});

describe('nobodyAnswered()', () => {
  it('says that a worker is missing', () => {
    const cause = grpcError(4);
    const error = nobodyAnswered('job-1', cause);
    assert.deepEqual([error.code, error.cause], ['SERVER_UNAVAILABLE', cause]);
    assert.match(error.message, /No worker answered for job "job-1"; start one with threadmill worker/);
  });
});
