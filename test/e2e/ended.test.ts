/** Jobs that end early: what is committed stays, nothing else does, and resumeJob goes on from there to the same bytes. */
import assert from 'node:assert/strict';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { archiveOf, manyFrames, ownArchive, shortComments, type Archive } from './archives.ts';
import {
  assertUntouched,
  assertWhole,
  essenceOf,
  partIdentities,
  partsIn,
  temporaryFiles,
  type Essence,
} from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs, type StagedJob } from './stage.ts';
import { until } from './until.ts';

/** Twelve of 36 parts are a segment: long enough to be ended in its middle. */
const settings = { partMib: 8 };

describe('a job that ends early', function () {
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

  /** A job in its second segment, whose worker is slow. */
  async function slowJob(of: Archive): Promise<StagedJob> {
    const job = await stage.job(of, settings);
    await committed(job.dataset, 14);
    worker.slow();
    return job;
  }

  async function closedAs(name: string, { handle }: StagedJob): Promise<void> {
    await until(`the workflow to be ${name}`, async () => {
      const { status } = await handle.describe();
      return status.name === name;
    });
  }

  /** Resumes a job; no part that stood there is written again. */
  async function resumesFrom(standing: ReadonlyMap<string, string>, job: StagedJob): Promise<void> {
    assert.ok(standing.size < undisturbed.manifest.parts.length, 'it ended too late to mean anything');
    worker.thaw();
    const { success, dataset } = await stage.threadmill.resumeJob(job.jobId);
    assert.deepEqual([success, dataset], [true, job.dataset]);
    assertUntouched(standing, dataset);
    await assertWhole(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
  }

  it('by cancel closes as cancelled, leaves no temporary file and no claim, and resumes', async () => {
    const job = await slowJob(archive);
    const waiting = stage.threadmill.waitForJob(job.jobId);
    await stage.threadmill.cancelJob(job.jobId);
    await assert.rejects(waiting, { code: 'JOB_FAILED', message: /was cancelled; threadmill resume/ });
    await closedAs('CANCELLED', job);
    const standing = partIdentities(job.dataset);
    assert.deepEqual(
      readdirSync(job.dataset).sort(),
      [...standing.keys()].sort(),
      'something but parts was left behind',
    );
    const { state, parts } = await stage.threadmill.getJobProgress(job.jobId);
    assert.deepEqual([state, parts], ['cancelled', standing.size]);
    await resumesFrom(standing, job);
  });

  it('by cancel while it is paused closes as cancelled, and resumes', async () => {
    const job = await slowJob(archive);
    await stage.threadmill.pauseJob(job.jobId);
    await until(
      'the job to be paused',
      async () => (await stage.threadmill.getJobProgress(job.jobId)).state === 'paused',
    );
    await stage.threadmill.cancelJob(job.jobId);
    await closedAs('CANCELLED', job);
    assert.deepEqual(temporaryFiles(job.dataset), []);
    await resumesFrom(partIdentities(job.dataset), job);
  });

  it('by terminate resumes at once, over what the worker has not yet let go of', async () => {
    const job = await slowJob(archive);
    await job.handle.terminate('a test');
    await closedAs('TERMINATED', job);
    await resumesFrom(partIdentities(job.dataset), job);
  });

  it('by terminate leaves no temporary file once its worker hears of it', async () => {
    const job = await slowJob(archive);
    await job.handle.terminate('a test');
    worker.thaw();
    await until('the worker to clear up', () => temporaryFiles(job.dataset).length === 0, 10_000);
    await resumesFrom(partIdentities(job.dataset), job);
  });

  it('by terminate without a worker resumes from what its history tells', async () => {
    const job = await slowJob(archive);
    await worker.kill();
    await job.handle.terminate('a test');
    const standing = partIdentities(job.dataset);
    worker = await stage.worker();
    await resumesFrom(standing, job);
  });

  it('because its archive is gone, then because another stands there, says so, and resumes once it is back', async () => {
    const own = await ownArchive(manyFrames, stage.freshFolder('own'));
    const job = await slowJob(own);
    const away = `${own.path}.away`;
    renameSync(own.path, away);
    worker.thaw();
    await assert.rejects(stage.threadmill.waitForJob(job.jobId), (error: Error & Record<string, unknown>) => {
      assert.equal(error['code'], 'ARCHIVE_MISSING');
      assert.equal((error['facts'] as { path: string }).path, own.path);
      return true;
    });
    const standing = partIdentities(job.dataset);
    assert.deepEqual(temporaryFiles(job.dataset), []);
    writeFileSync(
      own.path,
      '{"id":"a","link_id":"t3_a","body":"another archive","created_utc":1400000000}\n',
    );
    await assert.rejects(stage.threadmill.resumeJob(job.jobId), {
      code: 'ARCHIVE_CHANGED',
      message: /it is not the file that the job began with/,
    });
    assert.deepEqual(partIdentities(job.dataset), standing);
    renameSync(away, own.path);
    await resumesFrom(standing, job);
  });

  it('because its archive was replaced under it is refused at the next segment', async () => {
    const own = await ownArchive(manyFrames, stage.freshFolder('own'));
    const other = await archiveOf(shortComments);
    const job = await slowJob(own);
    const away = `${own.path}.away`;
    renameSync(own.path, away);
    await ownArchive(shortComments, stage.freshFolder('other')).then(({ path }) => {
      renameSync(path, own.path);
    });
    assert.notEqual(other.bytes, own.bytes);
    worker.thaw();
    await assert.rejects(stage.threadmill.waitForJob(job.jobId), { code: 'ARCHIVE_CHANGED' });
    renameSync(away, own.path);
    await resumesFrom(partIdentities(job.dataset), job);
  });

  it('because too many lines are rejected shows the first, and goes on from there under a larger rate', async () => {
    const dirty = await archiveOf({ ...shortComments, seed: 11, dirty: true, dirtyEvery: 25 });
    const out = stage.freshOut();
    const first = await stage.job(dirty, { partMib: 1 }, out);
    await assert.rejects(
      stage.threadmill.waitForJob(first.jobId),
      (error: Error & Record<string, unknown>) => {
        assert.equal(error['code'], 'TOO_MANY_REJECTS');
        assert.match(error.message, /Stopped at \d+ rejected of \d+ lines \([\d.]+ %, at most 1 % allowed\)/);
        assert.match(error.message, /raise --max-reject-rate and run again/);
        assert.equal(error.message.match(/^ {2}line \d+, byte \d+, [\w-]+: "/gm)?.length, 5, error.message);
        return true;
      },
    );
    const standing = partIdentities(first.dataset);
    assert.ok(standing.size > 0 && standing.size < 12);
    const second = await stage.job(dirty, { partMib: 1, maxRejectRate: 0.2 }, out);
    assert.equal(second.jobId, first.jobId);
    await stage.threadmill.waitForJob(second.jobId);
    assertUntouched(standing, second.dataset);
    await assertWhole(second.dataset, dirty);
    assert.equal(partsIn(second.dataset).length, 12);
  });
});
