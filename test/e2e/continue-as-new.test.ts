/** Histories stay short: six events a segment, and a new one after so many segments. */
import assert from 'node:assert/strict';
import { archiveOf, oneFrame, type Archive } from './archives.ts';
import { assertWhole, essenceOf } from './datasets.ts';
import { Stage, eventsOf, slowMs, type HistoryEvent, type StagedJob } from './stage.ts';

/** 39 parts, of which twelve are a segment. The server lets a second pass between two runs. */
const settings = { partMib: 2 };
const segmentsOfArchive = 4;

/** All runs of a job, first to last. */
async function runsOf(stage: Stage, job: StagedJob): Promise<readonly (readonly HistoryEvent[])[]> {
  const runs: (readonly HistoryEvent[])[] = [];
  let runId: string | undefined =
    (await job.handle.describe()).raw.workflowExecutionInfo?.firstRunId ?? undefined;
  while (runId !== undefined && runId !== '') {
    const events = await eventsOf(stage.handle(job.jobId, runId));
    runs.push(events);
    const last = events.at(-1);
    runId = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

function segmentsIn(events: readonly HistoryEvent[]): number {
  return events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'processSegment',
  ).length;
}

describe('continue-as-new', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let archive: Archive;
  before(async () => {
    stage = await Stage.open();
    await stage.worker();
    archive = await archiveOf(oneFrame);
  });
  after(() => stage.end());

  it('after one or two segments gives the bytes and the result of a job that never does', async () => {
    const whole = await stage.job(archive, settings);
    const expected = await stage.threadmill.waitForJob(whole.jobId);
    await assertWhole(whole.dataset, archive);
    const essence = await essenceOf(whole.dataset);
    const { seconds: _s, linesPerSecond: _l, peakMemoryMb: _p, ...figures } = expected.metrics;
    for (const maxCheckpointsPerJob of [1, 2]) {
      const job = await stage.job(archive, { ...settings, maxCheckpointsPerJob });
      const { metrics, jobId, dataset } = await stage.threadmill.waitForJob(job.jobId);
      const { seconds: _seconds, linesPerSecond: _lines, peakMemoryMb: _peak, ...found } = metrics;
      assert.deepEqual([jobId, dataset, found], [job.jobId, job.dataset, figures]);
      assert.deepEqual(await essenceOf(job.dataset), essence);
      const runs = await runsOf(stage, job);
      assert.ok(runs.length >= segmentsOfArchive / maxCheckpointsPerJob, `${runs.length} runs`);
      assert.ok(runs.every((events) => segmentsIn(events) <= maxCheckpointsPerJob));
      const progress = await stage.threadmill.getJobProgress(job.jobId);
      assert.deepEqual([progress.state, progress.completionPercentage], ['done', 100]);
      assert.ok(progress.segments >= segmentsOfArchive);
      assert.equal(progress.parts, essence.manifest.parts.length);
      const summary = await stage.threadmill.describeJob(job.jobId);
      assert.deepEqual([summary.status, summary.archive], ['completed', archive.path]);
    }
  });

  it('is seldom needed: six events a segment, one at each tenth of the way, and those of the beginning and the end', async () => {
    const job = await stage.job(archive, settings);
    await stage.threadmill.waitForJob(job.jobId);
    const events = await eventsOf(job.handle);
    const segments = segmentsIn(events);
    assert.ok(segments >= segmentsOfArchive, `${segments} segments`);
    // inspection and publication: six each; start, memo, marks of kind and state, end; a tenth each
    const constant = 12 + 12 + 10;
    assert.ok(events.length <= 6 * segments + constant, `${events.length} events for ${segments} segments`);
  });
});
