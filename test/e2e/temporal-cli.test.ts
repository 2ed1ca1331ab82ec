/** threadmill from outside, by the official command line: plain JSON in, and nothing else of ours. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CleanUpResult, JobProgress, JobResult } from '../../src/contract/job.ts';
import { archiveOf, manyFrames, shortComments, type Archive } from './archives.ts';
import { assertUntouched, assertWhole, partIdentities } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, eventsOf, slowMs } from './stage.ts';
import { until } from './until.ts';

const cleanUpIntervalMs = 7_200_000;
/** temporal.api.enums.v1.PendingActivityState: paused, and no attempt runs any more. */
const pausedState = 4;

describe('the temporal command', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let short: Archive;
  let long: Archive;
  let jobs = 0;
  /** Where a worker puts the datasets of jobs that name no folder. */
  const out = (): string => path.join(stage.folder, 'out');
  const dataset = (): string => path.join(out(), long.name);
  before(async () => {
    stage = await Stage.open();
    const parts = ['--part-mib', '16', '--no-preserve-threads'];
    worker = await stage.worker([...parts, '--checkpoint-cleanup-interval', String(cleanUpIntervalMs)]);
    short = await archiveOf(shortComments);
    long = await archiveOf(manyFrames);
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  /** `temporal workflow start` of an archive job; gives its id. */
  async function start(input: string | null, type = 'archiveWorkflow'): Promise<string> {
    const id = `by-hand-${jobs++}`;
    const fixed = ['--type', type, '--task-queue', stage.taskQueue, '--workflow-id', id];
    await stage.temporal('workflow', 'start', ...fixed, ...(input === null ? [] : ['--input', input]));
    return id;
  }

  /** A job over the long archive with so many parts committed, of which twelve are a segment; its worker is slow. */
  async function slowJob(parts = 2): Promise<string> {
    rmSync(dataset(), { recursive: true, force: true });
    const id = await start(JSON.stringify({ archive: long.path, settings: { adaptiveBatchSizing: false } }));
    await committed(dataset(), parts);
    worker.slow();
    return id;
  }

  it('workflow start with only an archive makes its dataset, and query shows how far it is', async () => {
    const id = await start(JSON.stringify({ archive: short.path }));
    const result = await stage.threadmill.waitForJob(id);
    assert.equal(result.dataset, path.join(out(), short.name));
    await assertWhole(result.dataset, short);
    const asked = await stage.temporal('workflow', 'query', '-w', id, '--type', 'progress', '-o', 'json');
    const [progress] = (JSON.parse(asked) as { queryResult: JobProgress[] }).queryResult;
    assert.deepEqual(
      [progress?.state, progress?.completionPercentage, progress?.processedLines, progress?.dataset],
      ['done', 100, short.counters.lines, result.dataset],
    );
    for (const type of ['stats', 'config', 'rejects']) {
      assert.match(
        await stage.temporal('workflow', 'query', '-w', id, '--type', type),
        /Query result/i,
        type,
      );
    }
    const shown = await stage.temporal('workflow', 'result', '-w', id, '-o', 'json');
    assert.deepEqual((JSON.parse(shown) as { result: JobResult }).result.metrics, result.metrics);
  });

  it('workflow signal sets the batch size inside the running segment, and workflow update answers', async () => {
    const id = await slowJob();
    await stage.temporal('workflow', 'signal', '-w', id, '--name', 'setBatchSize', '--input', '200');
    const batchSize = async (): Promise<number> => (await stage.threadmill.getCurrentStats(id)).batchSize;
    await until('batches of 200 lines', async () => (await batchSize()) === 200, 5_000);
    const update = ['workflow', 'update', 'execute', '-w', id, '--name', 'setBatchSize'];
    const answer = await stage.temporal(...update, '--input', '300', '-o', 'json');
    assert.equal((JSON.parse(answer) as { result: number }).result, 300);
    await until('batches of 300 lines', async () => (await batchSize()) === 300, 5_000);
    assert.equal((await stage.handle(id).describe()).status.name, 'RUNNING');
    await assert.rejects(stage.temporal(...update, '--input', '"many"'), /PUSHSHIFT_BASE_BATCH_SIZE/);
    worker.thaw();
    await stage.threadmill.waitForJob(id);
    await assertWhole(dataset(), long);
  });

  for (const [what, parts] of [
    ['first', 2],
    ['second', 13],
  ] as const)
    it(`activity pause stops a running ${what} segment within seconds, unpause lets it go on, and the job completes`, async () => {
      const id = await slowJob(parts);
      const activity = ['-w', id, '--activity-type', 'processSegment'];
      const begun = (): number => worker.logged('Segment begins').filter(({ job }) => job === id).length;
      // the log is a moment behind what is done
      const ran = await until('the log of the segment', () => {
        return begun() === (what === 'first' ? 1 : 2) ? begun() : null;
      });
      await stage.temporal('activity', 'pause', ...activity);
      // A segment that hangs until its heartbeat time-out is what is not wanted; the history tells below.
      await until('the segment to be let go', async () => {
        const { raw } = await stage.handle(id).describe();
        const [pending] = raw.pendingActivities ?? [];
        return Number(pending?.state) === pausedState;
      });
      const standing = partIdentities(dataset());
      assert.equal(begun(), ran, 'a segment ran though it was paused');
      await stage.temporal('activity', 'unpause', ...activity);
      worker.thaw();
      const { metrics } = await stage.threadmill.waitForJob(id);
      await assertWhole(dataset(), long);
      assertUntouched(standing, dataset());
      assert.equal(metrics.retries, 1, 'the paused attempt, and no other, was lost');
      const failed = (await eventsOf(stage.handle(id))).filter(
        (event) => event.activityTaskTimedOutEventAttributes != null,
      );
      assert.deepEqual(failed, [], 'an activity timed out');
    });

  for (const [what, input, code, message] of [
    ['no input', null, 'USAGE', /"archive", the path of an archive/],
    ['{}', '{}', 'USAGE', /"archive", the path of an archive/],
    ['an archive that is a number', '{"archive":5}', 'USAGE', /"archive", the path of an archive/],
    ['a string', '"x"', 'USAGE', /"archive", the path of an archive/],
    ['null', 'null', 'USAGE', /"archive", the path of an archive/],
    ['a list', '["a.zst"]', 'USAGE', /"archive", the path of an archive/],
    ['a folder that is a number', '{"archive":"/nope","out":5}', 'USAGE', /"out" must be/],
    ['an archive that is not there', '{"archive":"/nope"}', 'ARCHIVE_MISSING', /"\/nope".*check the path/],
    [
      'settings that are a number',
      '{"archive":"/nope","settings":5}',
      'SETTINGS_INVALID',
      /"5" is not an object/,
    ],
    [
      'a setting that is none',
      '{"archive":"/nope","settings":{"formatt":"csv"}}',
      'SETTINGS_INVALID',
      /"formatt".*did you mean format/,
    ],
    [
      'a bad value',
      '{"archive":"/nope","settings":{"format":"xml","minBatchSize":0}}',
      'SETTINGS_INVALID',
      /"xml"[^]*minBatchSize/,
    ],
    ['a state that is none of ours', '{"archive":"/nope","state":5}', 'USAGE', /"state"/],
    ['a state of the wrong shape', '{"archive":"/nope","state":{"parts":1}}', 'USAGE', /"state"/],
  ] as const) {
    it(`workflow start with ${what} fails the workflow at once, with one message`, async () => {
      const id = await start(input);
      const failure = await until('the workflow to fail', async () => {
        const events = await eventsOf(stage.handle(id));
        assert.ok(
          !events.some((event) => event.workflowTaskFailedEventAttributes != null),
          'a workflow task failed, and is retried for ever',
        );
        return events.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
      });
      assert.equal(failure.applicationFailureInfo?.type, code);
      assert.match(failure.message ?? '', message);
    });
  }

  it('schedule describe shows the clean-up with the worker’s interval', async () => {
    const shown = await until('the schedule', () =>
      stage
        .temporal('schedule', 'describe', '--schedule-id', 'threadmill-clean-up', '-o', 'json')
        .catch(() => null),
    );
    const { schedule } = JSON.parse(shown) as {
      schedule: {
        spec: { interval: { interval: string }[] };
        action: { startWorkflow: { workflowType: { name: string }; taskQueue: { name: string } } };
      };
    };
    assert.deepEqual(
      schedule.spec.interval.map(({ interval }) => interval),
      [`${cleanUpIntervalMs / 1000}s`],
    );
    const { workflowType, taskQueue } = schedule.action.startWorkflow;
    assert.deepEqual([workflowType.name, taskQueue.name], ['cleanUpWorkflow', stage.taskQueue]);
  });

  it('workflow start of the clean-up removes an old temporary file and leaves a fresh one, and what is not ours', async () => {
    const folder = path.join(out(), 'left-behind_comments');
    mkdirSync(folder, { recursive: true });
    const [old, fresh, foreign] = [
      'part-00000.parquet.0123abcd.tmp',
      'part-00001.parquet.0123abcd.tmp',
      'a.tmp',
    ].map((name) => path.join(folder, name)) as [string, string, string];
    for (const file of [old, fresh, foreign]) writeFileSync(file, 'x');
    const hourAgoSeconds = Date.now() / 1000 - 3_600;
    for (const file of [old, foreign]) utimesSync(file, hourAgoSeconds, hourAgoSeconds);
    const id = await start(null, 'cleanUpWorkflow');
    const { removed, folders } = (await stage.handle(id).result()) as CleanUpResult;
    assert.equal(removed, 1);
    assert.ok(folders >= 1);
    assert.deepEqual([old, fresh, foreign].map(existsSync), [false, true, true]);
  });
});
