/** The calls of the guide, as a program makes them that has a Temporal connection and nothing else. */
import assert from 'node:assert/strict';
import { Client, Connection } from '@temporalio/client';
import { ThreadmillClient, defaultJobSettings } from '../../src/index.ts';
import { archiveOf, manyFrames, shortComments } from './archives.ts';
import { assertWhole, partIdentities } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs } from './stage.ts';
import { until } from './until.ts';

describe('the library over a real server', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let connection: Connection;
  let client: ThreadmillClient;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    connection = await Connection.connect({ address: stage.server.address });
    const settings = { ...defaultJobSettings(), preserveThreads: false, partBytes: 8 * 2 ** 20 };
    client = new ThreadmillClient({
      client: new Client({ connection }),
      taskQueue: stage.taskQueue,
      settings,
      out: stage.freshOut(),
    });
  });
  afterEach(() => {
    worker.thaw();
  });
  after(async () => {
    await connection.close();
    await stage.end();
  });

  it('processArchiveFile: getActiveJobs knows the job at once, its progress and statistics follow, its result counts all', async () => {
    const archive = await archiveOf(manyFrames);
    const { kept, lines } = archive.counters;
    const running = client.processArchiveFile(archive.path, {
      baseBatchSize: 400,
      adaptiveBatchSizing: false,
    });
    const [active] = client.getActiveJobs();
    assert.ok(active !== undefined);
    const { jobId } = active;
    assert.equal(active.archive, archive.path);
    await until('the job to be on the server', () =>
      client.describeJob(jobId).then(
        ({ status }) => status === 'running',
        () => false,
      ),
    );
    worker.slow();
    const progress = await until('some progress', async () => {
      const found = await client.getJobProgress(jobId);
      return found.completionPercentage > 0 && found.estimatedTimeRemaining !== null ? found : null;
    });
    assert.ok(progress.completionPercentage < 100);
    assert.ok(progress.estimatedTimeRemaining !== null && progress.estimatedTimeRemaining >= 0);
    assert.equal(progress.batchSize, 400);
    const stats = await until('statistics', async () => {
      const found = await client.getCurrentStats(jobId);
      return found.processingRate > 0 && found.memoryUsagePercentage > 0 ? found : null;
    });
    assert.equal(stats.batchSize, 400);
    assert.equal(stats.limitBytes, 512_000_000);
    assert.deepEqual(
      (await client.listJobs()).map((job) => [job.jobId, job.status]),
      [[jobId, 'running']],
    );
    worker.thaw();
    const { success, metrics, dataset } = await running;
    assert.deepEqual([success, metrics.totalProcessedLines, metrics.kept], [true, lines, kept]);
    assert.deepEqual(client.getActiveJobs(), []);
    await assertWhole(dataset, archive);
  });

  it('resumeJob goes on with a job that was cancelled, and joins one that runs', async () => {
    const archive = await archiveOf(manyFrames);
    const { jobId, dataset } = await client.startJob(archive.path, {}, { out: stage.freshOut() });
    await committed(dataset, 2);
    worker.slow();
    await client.cancelJob(jobId);
    await until(
      'the job to be cancelled',
      async () => (await client.describeJob(jobId)).status === 'cancelled',
    );
    const standing = partIdentities(dataset);
    worker.thaw();
    const [first, second] = await Promise.all([
      client.resumeJob(jobId),
      until('the resumed job', async () => (await client.describeJob(jobId)).status === 'running').then(() =>
        client.resumeJob(jobId),
      ),
    ]);
    assert.deepEqual(second, first);
    assert.deepEqual(await client.getResult(jobId), first);
    const now = partIdentities(dataset);
    assert.ok([...standing].every(([name, identity]) => now.get(name) === identity));
    await assertWhole(dataset, archive);
  });

  it('waitForJob ends with its signal, though nobody else holds that', async () => {
    const archive = await archiveOf(manyFrames);
    worker.freeze();
    const { jobId } = await client.startJob(archive.path, {}, { out: stage.freshOut() });
    try {
      // a poll of the server lasts 20 s: this ends in the midst of one
      await assert.rejects(client.waitForJob(jobId, { signal: AbortSignal.timeout(1_000) }), {
        name: 'TimeoutError',
      });
    } finally {
      worker.thaw();
    }
    await client.cancelJob(jobId);
  });

  it('rejects with typed errors', async () => {
    await assert.rejects(client.getJobProgress('nobody'), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(client.getCurrentStats('nobody'), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(client.resumeJob('nobody'), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(client.setBatchSize('nobody', 200), { code: 'JOB_NOT_FOUND' });
    await assert.rejects(client.processArchiveFile('/nope.zst'), { code: 'ARCHIVE_MISSING' });
    assert.deepEqual(client.getActiveJobs(), []);
    const { path } = await archiveOf(shortComments);
    const bad = client.processArchiveFile(path, { baseBatchSize: 0 });
    await assert.rejects(bad, { code: 'SETTINGS_INVALID', message: /baseBatchSize/ });
  });
});
