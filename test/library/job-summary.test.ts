import assert from 'node:assert/strict';
import { SearchAttributeType, TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { summaryOf } from '../../src/library/job-summary.ts';

const percent = defineSearchAttributeKey('ThreadmillPercent', SearchAttributeType.DOUBLE);
const state = defineSearchAttributeKey('ThreadmillState', SearchAttributeType.KEYWORD);

type Job = Parameters<typeof summaryOf>[0];

function job(name: Job['status']['name'], change: Partial<Job> = {}): Job {
  const described: Omit<Job, 'status' | 'searchAttributes'> & { readonly status: { readonly name: string } } =
    {
      type: 'archiveWorkflow',
      workflowId: 'RC_2005-12-0123abcd',
      runId: 'run',
      taskQueue: 'threadmill',
      status: { name },
      historyLength: 1,
      startTime: new Date(1000),
      memo: { archive: '/dumps/RC_2005-12.zst', dataset: '/out/RC_2005-12' },
      typedSearchAttributes: new TypedSearchAttributes([]),
      ...change,
    };
  return described as Job; // what it leaves out is deprecated, or a number for the name
}

describe('summaryOf()', () => {
  it('gives every status a word, as the command line shows it', () => {
    const words = {
      RUNNING: 'running',
      PAUSED: 'paused',
      COMPLETED: 'completed',
      FAILED: 'failed',
      CANCELLED: 'cancelled',
      TERMINATED: 'terminated',
      TIMED_OUT: 'timed-out',
      CONTINUED_AS_NEW: 'continued_as_new',
    } as const;
    for (const [name, word] of Object.entries(words))
      assert.equal(summaryOf(job(name as keyof typeof words)).status, word);
  });

  it('knows a pause and the percentage from the search attributes', () => {
    const typedSearchAttributes = new TypedSearchAttributes([
      { key: percent, value: 40 },
      { key: state, value: 'paused' },
    ]);
    const { status, percent: done } = summaryOf(job('RUNNING', { typedSearchAttributes }));
    assert.deepEqual([status, done], ['paused', 40]);
    assert.equal(summaryOf(job('FAILED', { typedSearchAttributes })).status, 'failed');
  });

  it('knows no percentage of a server without the attributes, but that done is 100', () => {
    assert.equal(summaryOf(job('RUNNING')).percent, null);
    assert.equal(summaryOf(job('COMPLETED')).percent, 100);
  });

  it('gives times in ms, and no archive where another client has started the job', () => {
    const closed = summaryOf(job('COMPLETED', { closeTime: new Date(5000) }));
    assert.deepEqual(
      [closed.startedMs, closed.closedMs, closed.archive],
      [1000, 5000, '/dumps/RC_2005-12.zst'],
    );
    const { memo: _memo, ...without } = job('RUNNING');
    const other = summaryOf(without);
    assert.deepEqual([other.closedMs, other.archive], [null, '']);
  });
});
