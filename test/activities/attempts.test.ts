import assert from 'node:assert/strict';
import { Attempts } from '../../src/activities/attempts.ts';
import { ThreadmillError } from '../../src/core/errors.ts';

type Memory = Attempts['memory'];
type End = 'silence' | 'error' | 'disk full' | 'asked' | 'part, then silence';

/** Plays attempts one after another, each knowing the last heartbeat only; gives the first that is refused. */
function refusedAt(ends: readonly End[]): number | null {
  let beaten: Partial<Memory> = {};
  for (const [at, end] of ends.entries()) {
    const attempts = new Attempts(at + 1, beaten);
    try {
      attempts.check('part 3');
    } catch (error) {
      assert.ok(error instanceof ThreadmillError && error.code === 'WORKER_LOST');
      assert.match(error.message, /^Stopped at part 3: 10 attempts in a row.*threadmill resume/);
      return at + 1;
    }
    if (end === 'part, then silence') attempts.committed();
    if (end === 'error') attempts.ended(new Error('x'));
    if (end === 'disk full') attempts.ended(new ThreadmillError('DISK_FULL', 'x'));
    if (end === 'asked') attempts.ended(null);
    beaten = attempts.memory;
  }
  return null;
}

const times = (count: number, end: End): readonly End[] => Array.from({ length: count }, () => end);

describe('Attempts', () => {
  it('give up after ten in a row that fell silent without a part', () => {
    assert.equal(refusedAt(times(10, 'silence')), null);
    assert.equal(refusedAt(times(12, 'silence')), 11);
  });

  it('begin to count anew with every part that is committed', () => {
    assert.equal(refusedAt(times(500, 'part, then silence')), null);
    const nine = [...times(9, 'silence'), 'part, then silence'] as const;
    assert.equal(refusedAt([...nine, ...nine, ...nine]), null);
    assert.equal(refusedAt([...nine, ...times(12, 'silence')]), 21);
  });

  it('do not count those that ended by their own word', () => {
    assert.equal(refusedAt(times(1000, 'disk full')), null);
    assert.equal(refusedAt(times(1000, 'asked')), null);
    assert.equal(refusedAt([...times(9, 'silence'), ...times(50, 'disk full'), ...times(3, 'silence')]), 61);
  });

  it('remember errors that are retried only so often, and only those', () => {
    let beaten: Partial<Memory> = {};
    for (const [at, error] of [
      new Error('x'),
      new ThreadmillError('DISK_FULL', 'x'),
      null,
      new Error('y'),
    ].entries()) {
      const attempts = new Attempts(at + 1, beaten);
      attempts.ended(error);
      beaten = attempts.memory;
    }
    assert.equal(beaten.failures, 2);
  });
});
