import assert from 'node:assert/strict';
import { joinWithoutThreads, pairOf, pairProblem } from '../../src/contract/join.ts';

type Inspected = Parameters<typeof pairProblem>[0][0];

const rc: Inspected = { path: '/RC.zst', kind: 'comments' };
const rs: Inspected = { path: '/RS.zst', kind: 'submissions' };

describe('pairOf()', () => {
  it('puts the comments first, and takes two of a kind for no pair', () => {
    assert.deepEqual(pairOf([rc, rs]), [rc, rs]);
    assert.deepEqual(pairOf([rs, rc]), [rc, rs]);
    assert.deepEqual([pairOf([rc, rc]), pairOf([rs, rs])], [null, null]);
  });
});

describe('pairProblem()', () => {
  it('names both files, and what they hold', () => {
    assert.match(
      pairProblem([rs, { ...rs, path: '/b.zst' }]),
      /both "\/RS.zst" and "\/b.zst" hold submissions/,
    );
    assert.match(pairProblem([rs, rc]), /"\/RS.zst" holds submissions, and "\/RC.zst" holds comments: give/);
  });
});

describe('joinWithoutThreads()', () => {
  it('is an error of the settings that names the setting and the way out', () => {
    const { code, message } = joinWithoutThreads();
    assert.equal(code, 'SETTINGS_INVALID');
    assert.match(message, /PUSHSHIFT_PRESERVE_THREADS.*--no-preserve-threads.*--join/);
  });
});
