/** Two archives as one job: comments and their submissions, over a real server. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import path from 'node:path';
import type { ArchiveJobInput, CleanUpResult } from '../../src/contract/job.ts';
import { readManifest, type ThreadsManifest } from '../../src/engine/dataset/manifest.ts';
import { readRejects } from '../../src/engine/dataset/rejects.ts';
import { roleOf } from '../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { totalOf } from '../../src/core/fates.ts';
import { findTemporal } from '../../src/server/binary.ts';
import { archiveOf, type Archive, type ArchiveSpec } from './archives.ts';
import { essenceOf, type Essence } from './datasets.ts';
import type { Program } from './program.ts';
import { query } from './rows.ts';
import { Stage, slowMs, type StagedJob } from './stage.ts';
import { until } from './until.ts';

const common = {
  era: '2023',
  seed: 31,
  windowLog: 21,
  dirty: true,
  dirtyEvery: 300,
  subreddit: 'food',
} as const;
const commentsSpec: ArchiveSpec = { ...common, kind: 'comments', bytes: 30_000_000 };
const submissionsSpec: ArchiveSpec = { ...common, kind: 'submissions', bytes: 20_000_000 };

function spillsIn(folder: string, stem: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => roleOf(name) === 'spill' && name.startsWith(stem));
}

describe('comments and submissions joined', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let comments: Archive;
  let submissions: Archive;
  let undisturbed: Essence;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    comments = await archiveOf(commentsSpec);
    submissions = await archiveOf(submissionsSpec);
    const { jobId, dataset } = await joined();
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    assert.equal(metrics.totalProcessedLines, comments.counters.lines + submissions.counters.lines);
    assert.equal(metrics.kept, comments.counters.kept + submissions.counters.kept);
    await assertJoined(dataset);
    undisturbed = await essenceOf(dataset);
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  async function joined(out = stage.freshOut()): Promise<StagedJob> {
    const overrides = { partBytes: 2 ** 20 };
    const options = { out, submissions: submissions.path };
    const { jobId, dataset } = await stage.threadmill.startJob(comments.path, overrides, options);
    return { jobId, dataset, handle: stage.handle(jobId) };
  }

  async function assertJoined(dataset: string): Promise<ThreadsManifest> {
    const manifest = await readManifest(dataset);
    assert.ok(manifest.threads !== null && manifest.joined !== null);
    assert.equal(path.basename(dataset), comments.name);
    assert.deepEqual(manifest.counters, comments.counters);
    assert.deepEqual(manifest.joined.counters, submissions.counters);
    assert.deepEqual([manifest.archive.kind, manifest.joined.archive.kind], ['comments', 'submissions']);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    assert.deepEqual(readdirSync(dataset).map(roleOf).sort(), [
      'manifest',
      'rejects',
      'rejects',
      'thread-table',
      'threads',
    ]);
    return manifest;
  }

  it('put each submission at the head of its thread, and both archives are accounted for', async () => {
    const { jobId, dataset } = await joined();
    await stage.threadmill.waitForJob(jobId);
    const { threadCounts } = (await readManifest(dataset)) as ThreadsManifest;
    const [[heads, wrong, rows] = []] = await query(
      `select count(*) filter (depth = -1), count(*) filter (depth = -1 and (parent_id is not null or link_id[:3] <> 't3_')), count(*)
       from '${dataset}/threads-*.parquet'`,
    );
    assert.ok(Number(heads) > 100, String(heads));
    assert.deepEqual([Number(wrong), Number(rows)], [0, threadCounts.rows]);
    const [[kept] = []] = await query(
      `select count(*) from '${dataset}/thread-table-*.parquet' where submission = 'kept' and title is not null`,
    );
    assert.ok(Number(kept) > 100, String(kept));
    const rejected = { comments: 0, submissions: 0 };
    for await (const { archive } of readRejects(dataset)) if (archive !== undefined) rejected[archive]++;
    assert.deepEqual(rejected, {
      comments: totalOf(comments.counters.rejected),
      submissions: totalOf(submissions.counters.rejected),
    });
  });

  it('by `threadmill run --join` in either order are the same job', async () => {
    const out = stage.freshOut();
    const env = { TEMPORAL_CLI: await findTemporal() };
    const args = ['--join', '--json', '--out', out, '--part-mib', '1', '--address', stage.server.address];
    const first = stage.start(['run', submissions.path, comments.path, ...args], env);
    assert.equal(await first.ended, 0, first.stderr);
    const dataset = path.join(out, comments.name);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
    const second = stage.start(['run', comments.path, submissions.path, ...args], env);
    assert.equal(await second.ended, 0, second.stderr);
    const [one, two] = [first, second].map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);
    assert.deepEqual([two?.['alreadyDone'], two?.['jobId']], [true, one?.['jobId']]);
  });

  it('become conversations: a line for each thread, the submission its head', async () => {
    const { jobId, dataset } = await stage.threadmill.startJob(
      comments.path,
      { format: 'conversations' },
      { out: stage.freshOut(), submissions: submissions.path },
    );
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    const [[lines, titled] = []] = await query(
      `select count(*), count(title) from read_ndjson('${dataset}/conversations-*.jsonl.zst', maximum_object_size = 268435456)`,
    );
    assert.equal(Number(lines), metrics.threads?.threads);
    assert.ok(Number(titled) > 100, String(titled));
  });

  it('go on at the submissions where a worker was killed in them, to the same bytes', async () => {
    const job = await joined();
    await until('a spill of submissions', () => spillsIn(job.dataset, 'submissions').length >= 2, 60_000);
    worker.freeze();
    const parts = spillsIn(job.dataset, 'part').length;
    const before = spillsIn(job.dataset, 'submissions').length;
    await worker.kill();
    assert.ok(parts > 0 && before < 20, 'too late to mean anything');
    const { parts: known, state } = await stage.threadmill.getJobProgress(job.jobId);
    assert.ok(known <= parts + before && state === 'running');
    worker = await stage.worker();
    await stage.threadmill.waitForJob(job.jobId);
    await assertJoined(job.dataset);
    assert.deepEqual(await essenceOf(job.dataset), undisturbed);
  });

  it('are plain JSON for any client, and what is no pair is refused with one message', async () => {
    const cases: readonly (readonly [Partial<ArchiveJobInput>, string, RegExp])[] = [
      [
        { archive: submissions.path, submissions: comments.path },
        'USAGE',
        /holds submissions, and .* holds comments: give the comments as the archive/,
      ],
      [{ submissions: comments.path }, 'USAGE', /both .* hold comments/],
      [{ submissions: '/nope.zst' }, 'ARCHIVE_MISSING', /nope/],
      [{ settings: { preserveThreads: false } }, 'SETTINGS_INVALID', /--no-preserve-threads/],
      [{ submissions: 5 as never }, 'USAGE', /"submissions" must be the path/],
    ];
    for (const [at, [change, code, message]] of cases.entries()) {
      const base = { archive: comments.path, submissions: submissions.path, out: stage.freshOut() };
      const id = `pair-${at}`;
      await stage.temporal(
        'workflow',
        'start',
        '--type',
        'archiveWorkflow',
        '--task-queue',
        stage.taskQueue,
        '--workflow-id',
        id,
        '--input',
        JSON.stringify({ ...base, ...change }),
      );
      await assert.rejects(stage.threadmill.waitForJob(id), { code, message });
    }
    const out = stage.freshOut();
    const input = { archive: comments.path, submissions: submissions.path, out, settings: { partMib: 1 } };
    await stage.temporal(
      'workflow',
      'start',
      '--type',
      'archiveWorkflow',
      '--task-queue',
      stage.taskQueue,
      '--workflow-id',
      'pair',
      '--input',
      JSON.stringify(input),
    );
    await stage.threadmill.waitForJob('pair');
    assert.deepEqual(await essenceOf(path.join(out, comments.name)), undisturbed);
  });

  it('leave spill files where the job ends early: clean-up takes them once nobody can resume it', async () => {
    const out = path.join(stage.folder, 'out');
    const job = await joined(out);
    await until('a spill', () => spillsIn(job.dataset, 'part').length >= 2, 60_000);
    await stage.threadmill.pauseJob(job.jobId);
    await until(
      'the pause',
      async () => (await stage.threadmill.getJobProgress(job.jobId)).state === 'paused',
    );
    const age = (days: number): void => {
      const seconds = Date.now() / 1000 - days * 86_400;
      // what the worker is writing stays of now
      const old = readdirSync(job.dataset).filter((name) => roleOf(name) !== 'temporary');
      for (const name of old) utimesSync(path.join(job.dataset, name), seconds, seconds);
    };
    let runs = 0;
    const cleanUp = async (): Promise<number> => {
      const { client } = stage.threadmill;
      const handle = await client.workflow.start('cleanUpWorkflow', {
        workflowId: `clean-${runs++}`,
        taskQueue: stage.taskQueue,
        args: [],
      });
      return ((await handle.result()) as CleanUpResult).removed;
    };
    const spills = readdirSync(job.dataset).filter((name) => roleOf(name) === 'spill');
    age(8);
    assert.equal(await cleanUp(), 0, 'a job is at work');
    await stage.threadmill.cancelJob(job.jobId);
    await until(
      'the end',
      async () => (await stage.threadmill.describeJob(job.jobId)).status === 'cancelled',
    );
    age(6);
    assert.equal(await cleanUp(), 0, 'it can be resumed');
    age(8);
    assert.equal(await cleanUp(), spills.length);
    assert.deepEqual(
      readdirSync(job.dataset).filter((name) => roleOf(name) === 'spill'),
      [],
    );
  });
});
