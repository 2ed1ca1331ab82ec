import assert from 'node:assert/strict';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  type TimeoutType,
} from '@temporalio/common';
import { failureOf } from '../../src/activities/failures.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { builtBy, committedBy, failureIn, isFinal, neverStarted } from '../../src/workflows/lost-segment.ts';
import { assemblyBeat, behind, bucket, heartbeat, packed } from '../contract/scene.ts';

const done = { parts: packed(0), next: behind(0) };

/** As the workflow gets it. */
function lost(cause: Error): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    'processSegment',
    '1',
    RetryState.MAXIMUM_ATTEMPTS_REACHED,
    'worker',
    cause,
  );
}

function timeout(type: TimeoutType, lastHeartbeat: unknown): ActivityFailure {
  return lost(new TimeoutFailure('activity timed out', lastHeartbeat, type));
}

describe('committedBy()', () => {
  it('takes what was done from the details of a failure', () => {
    assert.deepEqual(committedBy(lost(failureOf(new Error('x'), 1, done))), done);
  });

  it('takes it from the last heartbeat of an attempt that fell silent', () => {
    const beat = heartbeat();
    assert.equal(committedBy(timeout('HEARTBEAT', beat)), beat);
  });

  it('finds nothing where nothing was told', () => {
    const inspectionFailed = failureOf(new Error('x'), 1);
    for (const error of [
      timeout('HEARTBEAT', undefined),
      timeout('SCHEDULE_TO_START', null),
      lost(inspectionFailed),
      lost(ApplicationFailure.create({ details: [{}, 'done'] })),
      lost(new CancelledFailure('CANCELLED')),
      new Error('not an activity'),
      null,
    ]) {
      assert.equal(committedBy(error), null);
    }
  });
});

describe('builtBy()', () => {
  it('takes the buckets from the details of a failure or the last heartbeat, and never parts', () => {
    const built = { built: [bucket(1)] };
    assert.deepEqual(builtBy(lost(failureOf(new Error('x'), 1, built))), built);
    const beat = assemblyBeat();
    assert.equal(builtBy(timeout('START_TO_CLOSE', beat)), beat);
    for (const error of [lost(failureOf(new Error('x'), 1, done)), timeout('HEARTBEAT', heartbeat()), null])
      assert.equal(builtBy(error), null);
    assert.equal(committedBy(timeout('START_TO_CLOSE', beat)), null);
  });
});

describe('isFinal()', () => {
  it('is what the failure says, and never a time-out', () => {
    const final = failureOf(new ThreadmillError('ARCHIVE_CHANGED', 'x'), 1);
    assert.equal(isFinal(lost(final)), true);
    assert.equal(isFinal(lost(failureOf(new Error('x'), 1))), false);
    assert.equal(isFinal(timeout('HEARTBEAT', null)), false);
  });
});

describe('neverStarted()', () => {
  it('is true of a task that no worker took, whatever else is lost', () => {
    assert.equal(neverStarted(timeout('SCHEDULE_TO_START', null)), true);
    assert.equal(neverStarted(timeout('HEARTBEAT', null)), false);
    assert.equal(neverStarted(lost(failureOf(new Error('x'), 1))), false);
  });
});

describe('failureIn()', () => {
  it("is the activity's own code, message and facts, final, without the layers and the parts", () => {
    const error = new ThreadmillError('ARCHIVE_CORRUPT', 'byte 7', { facts: { compressed: 7 } });
    const failure = failureIn(lost(failureOf(error, 1, done)));
    assert.deepEqual(
      [failure.type, failure.message, failure.nonRetryable, failure.details, failure.cause],
      ['ARCHIVE_CORRUPT', 'byte 7', true, [{ compressed: 7 }], undefined],
    );
  });

  it('takes what is no failure of ours for a bug, and a failure without details for one without facts', () => {
    assert.deepEqual(failureIn(lost(ApplicationFailure.create({ message: 'm' }))).details, [{}]);
    const silent = failureIn(timeout('HEARTBEAT', null));
    assert.deepEqual([silent.type, silent.message, silent.nonRetryable], ['BUG', 'activity timed out', true]);
    assert.equal(failureIn('text').message, 'text');
  });
});
