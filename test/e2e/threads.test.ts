/** Threads over a real server: whoever is killed, paused or cancelled, in whichever phase, the bytes are the same. */
import assert from 'node:assert/strict';
import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { ThreadsManifest } from '../../src/engine/dataset/manifest.ts';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { roleOf, type DatasetFileRole } from '../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { findTemporal } from '../../src/server/binary.ts';
import { archiveOf, type Archive, type ArchiveSpec } from './archives.ts';
import { essenceOf, type Essence } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, eventsOf, slowMs, type StagedJob } from './stage.ts';
import { until } from './until.ts';

/** 650 MB of text: 20 parts, and five buckets, which are two groups. */
const comments: ArchiveSpec = {
  kind: 'comments',
  era: '2023',
  bytes: 25_000_000,
  seed: 21,
  windowLog: 21,
  copies: 26,
};
const buckets = 5;
const settings = { preserveThreads: true, partMib: 32 };

function filesOf(folder: string, role: DatasetFileRole): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => roleOf(name) === role) : [];
}

/** Resolves when so many files of a role stand in the folder. */
async function standing(folder: string, role: DatasetFileRole, count: number): Promise<void> {
  await until(
    `${count} files of role ${role} in ${folder}`,
    () => filesOf(folder, role).length >= count,
    60_000,
  );
}

async function assertWholeThreads(folder: string, archive: Archive): Promise<ThreadsManifest> {
  const manifest = await readManifest(folder);
  assert.ok(manifest.threads !== null, 'flat parts');
  assert.deepEqual(manifest.counters, archive.counters);
  const { problems, rows } = await verifyDataset(folder);
  assert.deepEqual(problems, []);
  assert.equal(rows, manifest.threadCounts.rows);
  const known = new Set<DatasetFileRole>(['threads', 'thread-table', 'manifest', 'rejects']);
  const left = readdirSync(folder).filter((name) => !known.has(roleOf(name) ?? 'temporary'));
  assert.deepEqual(left, [], 'leftovers');
  return manifest;
}

describe('threads', function () {
  this.timeout(slowMs * 2);
  let stage: Stage;
  let worker: Program;
  let archive: Archive;
  let undisturbed: Essence;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    archive = await archiveOf(comments);
    const { jobId, dataset } = await stage.job(archive, settings);
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    const manifest = await assertWholeThreads(dataset, archive);
    assert.equal(manifest.threads.length, buckets);
    assert.deepEqual(metrics.threads, manifest.threadCounts);
    assert.equal(metrics.kept, archive.counters.kept);
    undisturbed = await essenceOf(dataset);
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  async function endsUnchanged({ jobId, dataset, handle }: StagedJob): Promise<void> {
    worker.thaw();
    await stage.threadmill.waitForJob(jobId);
    await assertWholeThreads(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
    const failed = (await eventsOf(handle)).filter(
      (event) => event.workflowTaskFailedEventAttributes != null,
    );
    assert.deepEqual(failed, [], 'a workflow task failed');
  }

  /** A job with a file of threads finished and others still to be built; its worker is slow. */
  async function assembling(): Promise<StagedJob> {
    const job = await stage.job(archive, settings);
    await standing(job.dataset, 'threads', 1);
    worker.slow();
    assert.ok(filesOf(job.dataset, 'threads').length < buckets, 'too late to mean anything');
    return job;
  }

  it('a worker killed while it reads leaves the same bytes', async () => {
    const job = await stage.job(archive, settings);
    await standing(job.dataset, 'spill', 3);
    await worker.kill();
    assert.deepEqual(filesOf(job.dataset, 'threads'), []);
    worker = await stage.worker();
    await endsUnchanged(job);
  });

  it('a worker killed while it assembles leaves the same bytes', async () => {
    const job = await assembling();
    await worker.kill();
    worker = await stage.worker();
    await endsUnchanged(job);
    const { retries } = (await stage.threadmill.getResult(job.jobId)).metrics;
    assert.ok(retries >= 1, `${retries} retries`);
  });

  it('a pause in assembly lets nobody work on the job until resume, and setMaxMemory takes effect', async () => {
    const job = await assembling();
    const { jobId, dataset, handle } = job;
    assert.equal((await stage.threadmill.getJobProgress(jobId)).state, 'assembling');
    await stage.threadmill.pauseJob(jobId);
    const paused = await until('the pause', async () => {
      const found = await stage.threadmill.getJobProgress(jobId);
      return found.state === 'paused' ? found : null;
    });
    const { raw } = await handle.describe();
    assert.deepEqual(raw.pendingActivities ?? [], []);
    const done = filesOf(dataset, 'threads').length;
    assert.ok(done < buckets, 'paused too late to mean anything');
    assert.deepEqual([paused.bucketsDone, paused.buckets], [done, buckets]);
    assert.ok(paused.completionPercentage > 66 && paused.completionPercentage < 100);
    assert.equal(await stage.threadmill.setMaxMemory(jobId, 128), 128);
    await stage.threadmill.unpauseJob(jobId);
    await endsUnchanged(job);
    const inputs = (await eventsOf(handle)).flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled?.activityType?.name !== 'assembleThreads') return [];
      const [payload] = scheduled.input?.payloads ?? [];
      return [
        JSON.parse(Buffer.from(payload?.data ?? []).toString()) as { settings: { maxMemoryUsage: number } },
      ];
    });
    assert.deepEqual(
      [inputs.at(0)?.settings.maxMemoryUsage, inputs.at(-1)?.settings.maxMemoryUsage],
      [512, 128],
    );
  });

  it('a job cancelled in assembly keeps what is done, and resume goes on from there', async () => {
    const job = await assembling();
    await stage.threadmill.cancelJob(job.jobId);
    await until(
      'the end',
      async () => (await stage.threadmill.describeJob(job.jobId)).status === 'cancelled',
    );
    const done = filesOf(job.dataset, 'threads');
    const { bucketsDone, state } = await stage.threadmill.getJobProgress(job.jobId);
    assert.deepEqual([bucketsDone, state], [done.length, 'cancelled']);
    assert.ok(done.length >= 1 && done.length < buckets, `${done.length} files`);
    assert.deepEqual(filesOf(job.dataset, 'temporary'), []);
    worker.thaw();
    await stage.threadmill.resumeJob(job.jobId);
    await endsUnchanged(job);
    const built = (): readonly unknown[] =>
      worker
        .logged('Threads committed')
        .filter((line) => line['job'] === job.jobId)
        .map((line) => line['bucket']);
    // the log is a moment behind what is done
    await until('the log of all buckets', () => new Set(built()).size === buckets);
    assert.equal(built().length, buckets, 'what was done was built again');
  });

  it('a worker that is told to stop in assembly hands over, and another goes on', async () => {
    const job = await assembling();
    worker.thaw();
    await worker.stop();
    worker = await stage.worker();
    await endsUnchanged(job);
  });

  it('runs of one activity each, two workers, and no checkpoints leave the same bytes', async () => {
    const second = await stage.worker();
    const job = await stage.job(archive, { ...settings, maxCheckpointsPerJob: 1, enableCheckpoints: false });
    await stage.threadmill.waitForJob(job.jobId);
    await assertWholeThreads(job.dataset, archive);
    assert.deepEqual(await essenceOf(job.dataset), undisturbed);
    await second.stop();
  });

  it('`threadmill run` killed in assembly goes on with the same command', async () => {
    const out = stage.freshOut();
    const dataset = path.join(out, archive.name);
    const args = ['run', archive.path, '--json', '--out', out, '--part-mib', '32', '--threads', '1'];
    const env = { TEMPORAL_CLI: await findTemporal() };
    const first = stage.start(args, env);
    await standing(dataset, 'threads', 1);
    await first.kill();
    assert.ok(filesOf(dataset, 'threads').length < buckets, 'killed too late to mean anything');
    const again = stage.start(args, env);
    assert.equal(await again.ended, 0, again.stderr);
    await assertWholeThreads(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
  });
});
