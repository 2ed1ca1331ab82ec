/** Signals and updates to a running job: they take effect inside the running segment, and change no byte. */
import assert from 'node:assert/strict';
import type { ResourceStats } from '../../src/contract/job.ts';
import { archiveOf, manyFrames, type Archive } from './archives.ts';
import { assertUntouched, assertWhole, essenceOf, partIdentities, type Essence } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, eventsOf, slowMs, type StagedJob } from './stage.ts';
import { TerminalProgram } from './terminal.ts';
import { until } from './until.ts';

/** What is promised for a change in the middle of a segment. */
const effectMs = 5_000;
/** Twelve of these are a segment: it lasts for seconds. */
const settings = { partMib: 16, adaptiveBatchSizing: false, baseBatchSize: 1000 };

describe('commands to a running job', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let archive: Archive;
  let undisturbed: Essence;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    archive = await archiveOf(manyFrames);
    const { jobId, dataset } = await stage.job(archive, settings);
    await stage.threadmill.waitForJob(jobId);
    undisturbed = await essenceOf(dataset);
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  /** A job in its first segment, with one part committed; the worker stands still, so that it stays like this. */
  async function frozenJob(): Promise<StagedJob> {
    const job = await stage.job(archive, settings);
    await committed(job.dataset, 1);
    worker.freeze();
    return job;
  }

  /** A job in its first segment whose worker is slow, so that it lasts. */
  async function slowJob(): Promise<StagedJob> {
    const job = await frozenJob();
    worker.slow();
    return job;
  }

  /** Waits for the statistics of the running segment to be as they should be. */
  async function untilStats(
    { jobId, handle }: StagedJob,
    what: string,
    good: (stats: ResourceStats) => boolean,
  ): Promise<void> {
    // there are none until the worker's first heartbeat
    const look = (): Promise<boolean> => stage.threadmill.getCurrentStats(jobId).then(good, () => false);
    await until(what, look, effectMs);
    const { status } = await handle.describe();
    assert.equal(status.name, 'RUNNING', `${what}, but only at the job's end`);
  }

  async function endsUnchanged({ jobId, dataset, handle }: StagedJob): Promise<void> {
    worker.thaw();
    await stage.threadmill.waitForJob(jobId);
    await assertWhole(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
    const failed = (await eventsOf(handle)).filter(
      (event) => event.workflowTaskFailedEventAttributes != null,
    );
    assert.deepEqual(failed, [], 'a workflow task failed');
  }

  it('setBatchSize by signal and by update works within 5 s: the segment is split, the decoder kept, no byte changed', async () => {
    const job = await slowJob();
    const { jobId, handle, dataset } = job;
    const standing = partIdentities(dataset);
    const begun = worker.logged('Segment begins').length;
    await handle.signal('setBatchSize', 200);
    await untilStats(job, 'batches of 200 lines', ({ batchSize }) => batchSize === 200);
    assert.equal(await stage.threadmill.setBatchSize(jobId, 300), 300);
    await untilStats(job, 'batches of 300 lines', ({ batchSize }) => batchSize === 300);
    assert.equal((await stage.threadmill.getJobProgress(jobId)).batchSize, 300);
    const split = worker.logged('Segment begins').slice(begun);
    assert.deepEqual(
      split.map(({ decoder, batchSize }) => [decoder, batchSize]),
      [
        ['kept', 200],
        ['kept', 300],
      ],
    );
    await endsUnchanged(job);
    assertUntouched(standing, dataset);
  });

  it('setBatchSize answers with what took effect: the nearest inside the bounds', async () => {
    const job = await slowJob();
    assert.equal(await stage.threadmill.setBatchSize(job.jobId, 7), 100);
    assert.equal(await stage.threadmill.setBatchSize(job.jobId, 99_999), 5000);
    await endsUnchanged(job);
  });

  it('an invalid update is refused with its reason, an invalid signal changes nothing and fails no workflow task', async () => {
    const job = await frozenJob();
    const { jobId, handle } = job;
    for (const bad of ['many', 0, -5, 2.5, null, [], {}, 10 ** 9]) await handle.signal('setBatchSize', bad);
    await handle.signal('setBatchSize');
    await handle.signal('setMaxMemory', 1);
    await handle.signal('noSuchSignal', 1);
    worker.thaw();
    const refused = (name: string, ...args: readonly unknown[]): Promise<void> =>
      assert.rejects(handle.executeUpdate(name, { args: args as [unknown] }), (error: Error) => {
        const { message } = error.cause as Error;
        assert.match(
          message,
          /setBatchSize|baseBatchSize|PUSHSHIFT_BASE_BATCH_SIZE|PUSHSHIFT_MAX_MEMORY_MB/,
          name,
        );
        return true;
      });
    for (const bad of ['many', 0, -5, 2.5, null, []]) await refused('setBatchSize', bad);
    await refused('setBatchSize');
    await refused('setMaxMemory', 63);
    await assert.rejects(stage.threadmill.setBatchSize(jobId, 0), {
      code: 'USAGE',
      message: /is "0": must be a whole number of lines from 1 to/,
    });
    assert.equal(worker.logged('Segment begins').at(-1)?.['batchSize'], 1000);
    const config = await handle.query<{ baseBatchSize: number; maxMemoryUsage: number }>('config');
    assert.deepEqual([config.baseBatchSize, config.maxMemoryUsage], [1000, 512]);
    await endsUnchanged(job);
  });

  it('setMaxMemory works within 5 s', async () => {
    const job = await slowJob();
    assert.equal(await stage.threadmill.setMaxMemory(job.jobId, 2048), 2048);
    await untilStats(job, 'a limit of 2048 MB', ({ limitBytes }) => limitBytes === 2_048_000_000);
    assert.equal((await stage.threadmill.getJobProgress(job.jobId)).memoryLimitBytes, 2_048_000_000);
    await endsUnchanged(job);
  });

  it('pause lets nobody work on the job until resume, and no byte is changed by it', async () => {
    const job = await frozenJob();
    const { jobId, handle, dataset } = job;
    await stage.threadmill.pauseJob(jobId);
    worker.thaw();
    await until(
      'the job to be paused',
      async () => (await stage.threadmill.getJobProgress(jobId)).state === 'paused',
      effectMs,
    );
    const standing = partIdentities(dataset);
    assert.ok(standing.size < undisturbed.manifest.parts.length, 'paused too late to mean anything');
    // no part can appear: there is no activity that could commit one
    const { raw } = await handle.describe();
    assert.deepEqual(raw.pendingActivities ?? [], []);
    await until(
      'a list that says so',
      async () => (await stage.threadmill.describeJob(jobId)).status === 'paused',
    );
    assert.deepEqual(partIdentities(dataset), standing);
    await stage.threadmill.unpauseJob(jobId);
    await endsUnchanged(job);
    assertUntouched(standing, dataset);
  });

  it('resumeJob lets a paused job go on, and gives its result', async () => {
    const job = await frozenJob();
    await stage.threadmill.pauseJob(job.jobId);
    worker.thaw();
    await until(
      'the job to be paused',
      async () => (await stage.threadmill.getJobProgress(job.jobId)).state === 'paused',
    );
    const { success } = await stage.threadmill.resumeJob(job.jobId);
    assert.equal(success, true);
    await endsUnchanged(job);
  });

  it('watch on a terminal draws the job, survives every new size, and its keys steer it', async () => {
    const job = await slowJob();
    const watch = (): TerminalProgram =>
      new TerminalProgram(['watch', job.jobId, '--address', stage.server.address], {
        folder: stage.folder,
        columns: 80,
      });
    const first = watch();
    try {
      await first.shows('a running job', (lines) => lines.some((line) => line.includes(' lines/s')));
      first.press('p');
      await first.shows('a paused job', (lines) => lines.some((line) => line.endsWith('.zst  paused')));
      worker.thaw();
      for (const columns of [40, 200, 80]) {
        first.resize(columns, 40);
        const lines = await first.shows(`a bar of ${String(columns)} columns`, (all) => {
          const [, bar = '', percent = ''] =
            /^([━╸─]+) {2}(\S+ %)$/.exec(all.find((line) => line.includes('━')) ?? '') ?? [];
          return bar.length === Math.min(60, columns - 1 - 2 - percent.length);
        });
        const drawn = lines.slice(lines.findLastIndex((line) => line.endsWith('  paused')));
        assert.ok(
          drawn.every((line) => line.length < columns),
          drawn.join('\n'),
        );
        for (const label of ['read', 'written', 'worker', 'p pause'])
          assert.equal(lines.filter((line) => line.startsWith(label)).length, 1, lines.join('\n'));
      }
      first.press('+');
      await first.shows('the new batch size', (lines) => lines.includes('Batch size 1,500 from here'));
      first.press('q');
      assert.equal(await first.ended, 130);
      assert.deepEqual((await first.screen.lines()).slice(-1), ['No longer watching; the job goes on']);
      assert.equal((await stage.threadmill.getJobProgress(job.jobId)).batchSize, 1500);
    } finally {
      first.kill();
    }
    const second = watch();
    try {
      await second.shows('a paused job', (lines) => lines.some((line) => line.endsWith('.zst  paused')));
      second.press('p');
      assert.equal(await second.ended, 0);
      const lines = await second.screen.lines();
      assert.ok(
        lines.some((line) => line.startsWith('Done ')),
        lines.join('\n'),
      );
      assert.ok(!lines.some((line) => line.startsWith('p pause')), 'the view is gone at the end');
    } finally {
      second.kill();
    }
    await endsUnchanged(job);
  });
});
