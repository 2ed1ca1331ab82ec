/** One folder, one job: who may write where, and what is done again. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { archiveOf, manyFrames, shortComments, type Archive } from './archives.ts';
import { assertWhole, essenceOf, partIdentities, partsIn } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs } from './stage.ts';

const settings = { preserveThreads: false, partBytes: 2 * 2 ** 20 };

describe('the folder of a dataset', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let archive: Archive;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    archive = await archiveOf(shortComments);
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  it('that a running job writes is refused to a second one, by the first one’s id', async () => {
    const long = await archiveOf(manyFrames);
    const out = stage.freshOut();
    const first = await stage.job(long, {}, out);
    await committed(first.dataset, 1);
    worker.slow();
    const second = await stage.job(long, { keepRaw: true }, out);
    assert.notEqual(second.jobId, first.jobId);
    await assert.rejects(
      stage.threadmill.waitForJob(second.jobId),
      (error: Error & Record<string, unknown>) => {
        assert.equal(error['code'], 'DATASET_IN_USE');
        assert.ok(error.message.includes(`job "${first.jobId}" is writing it`), error.message);
        return true;
      },
    );
    worker.thaw();
    await stage.threadmill.waitForJob(first.jobId);
    await assertWhole(first.dataset, long);
  });

  it('where a finished dataset of other settings stands is refused, and replaced with again', async () => {
    const out = stage.freshOut();
    const first = await stage.job(archive, {}, out);
    await stage.threadmill.waitForJob(first.jobId);
    const before = await essenceOf(first.dataset);
    const other = { ...settings, format: 'csv' as const };
    await assert.rejects(stage.threadmill.processArchiveFile(archive.path, other, { out }), {
      code: 'DATASET_IN_USE',
      message: new RegExp(`finished dataset of job "${first.jobId}" stands there.*--again`),
    });
    assert.deepEqual(await essenceOf(first.dataset), before);
    await stage.threadmill.processArchiveFile(archive.path, other, { out, again: true });
    const { settings: now } = await assertWhole(first.dataset, archive);
    assert.equal(now.format, 'csv');
  });

  it('of a job that is done is not touched by the same request, done anew with again, and when it is gone or damaged', async () => {
    const out = stage.freshOut();
    const { jobId, dataset } = await stage.job(archive, {}, out);
    const result = await stage.threadmill.waitForJob(jobId);
    const essence = await essenceOf(dataset);
    const standing = partIdentities(dataset);
    const { createdAt } = await readManifest(dataset);

    const same = await stage.threadmill.startJob(archive.path, settings, { out });
    assert.deepEqual([same.jobId, same.alreadyDone, same.alreadyRunning], [jobId, true, false]);
    assert.deepEqual(await stage.threadmill.processArchiveFile(archive.path, settings, { out }), result);
    assert.deepEqual(await stage.threadmill.resumeJob(jobId), result);
    assert.deepEqual(partIdentities(dataset), standing);
    assert.equal((await readManifest(dataset)).createdAt, createdAt);

    const again = await stage.threadmill.startJob(archive.path, settings, { out, again: true });
    assert.deepEqual([again.jobId, again.alreadyDone, again.alreadyRunning], [jobId, false, false]);
    await stage.threadmill.waitForJob(jobId);
    assert.notEqual((await readManifest(dataset)).createdAt, createdAt);
    assert.deepEqual(await essenceOf(dataset), essence);

    rmSync(dataset, { recursive: true });
    const gone = await stage.threadmill.startJob(archive.path, settings, { out });
    assert.deepEqual([gone.jobId, gone.alreadyDone], [jobId, false]);
    await stage.threadmill.waitForJob(jobId);
    assert.deepEqual(await essenceOf(dataset), essence);

    rmSync(path.join(dataset, partsIn(dataset)[1] ?? ''));
    const damaged = await stage.threadmill.startJob(archive.path, settings, { out });
    assert.equal(damaged.alreadyDone, false);
    await stage.threadmill.waitForJob(jobId);
    assert.deepEqual(await essenceOf(dataset), essence);
  });

  it('is joined, not written twice, by the same request while its job runs', async () => {
    const long = await archiveOf(manyFrames);
    const out = stage.freshOut();
    const first = await stage.job(long, {}, out);
    await committed(first.dataset, 1);
    worker.slow();
    const second = await stage.threadmill.startJob(long.path, settings, { out });
    assert.deepEqual([second.jobId, second.alreadyRunning], [first.jobId, true]);
    worker.thaw();
    const { success } = await stage.threadmill.waitForJob(first.jobId);
    assert.equal(success, true);
  });
});
