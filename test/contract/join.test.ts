import assert from 'node:assert/strict';
import { joinProblem, pairOf, pairProblem } from '../../src/contract/join.ts';

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

describe('joinProblem()', () => {
  it('without threads, it names the setting and the way out', () => {
    const { code, message } = joinProblem({ preserveThreads: false }) ?? { code: '', message: '' };
    assert.equal(code, 'SETTINGS_INVALID');
    assert.match(message, /PUSHSHIFT_PRESERVE_THREADS.*--no-preserve-threads.*--join/);
  });

  it('where a split cuts threads, it does too; a split by subreddit does not', () => {
    for (const splitBy of ['author', 'month'] as const)
      assert.match(
        joinProblem({ preserveThreads: true, splitBy })?.message ?? '',
        /THREADMILL_SPLIT_BY.*split by subreddit.*--join/,
      );
    assert.equal(joinProblem({ preserveThreads: true, splitBy: 'subreddit' }), null);
    assert.equal(joinProblem({ preserveThreads: true, splitBy: null }), null);
  });
});
