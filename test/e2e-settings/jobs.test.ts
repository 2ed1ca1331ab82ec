/** Settings of jobs and workers that only a running job shows: a server, a worker in this process, real archives. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { workflowTypes, type JobResult, type SegmentHeartbeat } from '../../src/contract/job.ts';
import { connectThreadmill, ThreadmillClient, type ConnectedThreadmill } from '../../src/index.ts';
import { startWorker, type WorkerHandle } from '../../src/worker.ts';
import { archiveOf } from '../e2e/archives.ts';
import { until } from '../e2e/until.ts';
import { comment } from '../engine/pipeline/scene.ts';
import { jobSettings, valuesOf, type Env } from '../settings/scene.ts';

/** A job of seconds on two busy cores. */
const slowMs = 60_000;
const taskQueue = 'another-queue';

describe('a job under the settings', function () {
  this.timeout(slowMs);
  let folder = '';
  let threadmill: ConnectedThreadmill;
  let worker: WorkerHandle;
  let outs = 0;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-settings-'));
    const values = valuesOf({
      PUSHSHIFT_CHECKPOINT_STORAGE: path.join(folder, 'server'),
      PUSHSHIFT_CHECKPOINT_PERSISTENCE: 'false',
      TEMPORAL_TASK_QUEUE: taskQueue,
      THREADMILL_OUT: path.join(folder, 'out'),
      THREADMILL_THREADS: '2',
      THREADMILL_LOG_LEVEL: 'error',
    });
    threadmill = await connectThreadmill({ values });
    worker = await startWorker({ values, server: threadmill.server, failuresAreTold: true });
  });
  after(async () => {
    await worker.shutdown();
    await threadmill.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The library under an environment, with a folder for datasets of its own. */
  function under(env: Env): ThreadmillClient {
    const { client } = threadmill;
    return new ThreadmillClient({
      client,
      taskQueue,
      settings: jobSettings(env),
      out: path.join(folder, `out-${outs++}`),
    });
  }

  function run(env: Env, archive: string): Promise<JobResult> {
    return under(env).processArchiveFile(archive);
  }

  /** An archive of so many good lines, and as many that are none after them. */
  async function small(name: string, good: number, bad = 0): Promise<string> {
    const file = path.join(folder, `${name}_comments.jsonl`);
    const lines = Array.from({ length: good }, (_, id) => `${comment(id)}\n`);
    await writeFile(file, lines.join('') + 'no JSON\n'.repeat(bad));
    return file;
  }

  /** Thirty parts of 1 MiB: three segments at least. */
  const thirtyMib = async (): Promise<string> =>
    (
      await archiveOf({
        kind: 'comments',
        era: '2023',
        bytes: 3 * 2 ** 20,
        seed: 8,
        windowLog: 21,
        copies: 10,
      })
    ).path;

  /** The runs of a job, from the first one on. */
  async function runsOf(jobId: string, firstRunId: string): Promise<number> {
    const runs = [firstRunId];
    for (const runId of runs) {
      const { events } = await threadmill.client.workflow.getHandle(jobId, runId).fetchHistory();
      const continued = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (continued != null && continued !== '') runs.push(continued);
    }
    return runs.length;
  }

  it('PUSHSHIFT_MAX_CHECKPOINTS_PER_JOB segments are a run, then the job continues as new', async () => {
    const archive = await thirtyMib();
    const counts: Record<string, readonly [segments: number, runs: number]> = {};
    for (const segments of ['1', '50']) {
      const library = under({ PUSHSHIFT_MAX_CHECKPOINTS_PER_JOB: segments, THREADMILL_PART_MIB: '1' });
      const { jobId, runId } = await library.startJob(archive);
      const { metrics } = await library.waitForJob(jobId);
      assert.ok(metrics.kept > 0);
      counts[segments] = [(await library.getJobProgress(jobId)).segments, await runsOf(jobId, runId)];
    }
    for (const [count = 0] of Object.values(counts)) assert.ok(count >= 3, JSON.stringify(counts));
    assert.deepEqual([counts['1']?.[1], counts['50']?.[1]], [counts['1']?.[0], 1]);
  });

  /** The different heartbeats that the server has of a job's first segment, until the job ends. */
  async function heartbeatsUnder(env: Env): Promise<readonly SegmentHeartbeat[]> {
    const spec = { kind: 'comments', era: '2023', bytes: 20_000_000, seed: 3, windowLog: 21 } as const;
    const { path: archive } = await archiveOf({ ...spec, copies: 20 });
    const library = under({ THREADMILL_PART_MIB: '48', ...env });
    const { jobId } = await library.startJob(archive);
    const handle = threadmill.client.workflow.getHandle(jobId);
    const seen = new Map<string, SegmentHeartbeat>();
    let first: string | null | undefined;
    await until(
      'the end of the job',
      async () => {
        const { raw, status } = await handle.describe();
        for (const { activityId, activityType, heartbeatDetails } of raw.pendingActivities ?? []) {
          const payload = heartbeatDetails?.payloads?.[0];
          if (activityType?.name !== 'processSegment' || payload === undefined) continue;
          first ??= activityId;
          const beat = defaultPayloadConverter.fromPayload<SegmentHeartbeat>(payload);
          if (first === activityId) seen.set(JSON.stringify(beat), beat);
        }
        return status.name !== 'RUNNING';
      },
      slowMs,
    );
    await library.waitForJob(jobId);
    assert.ok(seen.size >= 2, 'it beats, whatever it says');
    return [...seen.values()];
  }

  it('PUSHSHIFT_PROGRESS_REPORTING_INTERVAL and PUSHSHIFT_ENABLE_CHECKPOINTS decide what a heartbeat carries', async () => {
    const full = await heartbeatsUnder({
      PUSHSHIFT_PROGRESS_REPORTING_INTERVAL: '1',
      PUSHSHIFT_ENABLE_CHECKPOINTS: 'true',
    });
    const bare = await heartbeatsUnder({
      PUSHSHIFT_PROGRESS_REPORTING_INTERVAL: '1000000000',
      PUSHSHIFT_ENABLE_CHECKPOINTS: 'false',
    });
    const reports = [full, bare].map((beats) => new Set(beats.map(({ live }) => live.processedLines)).size);
    assert.ok((reports[0] ?? 0) >= 2, String(reports));
    assert.equal(reports[1], 1, 'so many lines have not passed');
    assert.ok(full.some(({ parts, next }) => parts.length > 0 && next.part === parts.length));
    assert.ok(bare.every(({ parts, next }) => parts.length === 0 && next.part === 0));
  });

  it('THREADMILL_MAX_REJECT_RATE is the share of rejects at which a job stops', async () => {
    const archive = await small('dirty', 70, 30);
    await assert.rejects(run({}, archive), { code: 'TOO_MANY_REJECTS', message: /30 rejected of 100 lines/ });
    await assert.rejects(run({ THREADMILL_MAX_REJECT_RATE: '29%' }, archive), { code: 'TOO_MANY_REJECTS' });
    const { metrics } = await run({ THREADMILL_MAX_REJECT_RATE: '0.3' }, archive);
    assert.deepEqual([metrics.kept, metrics.rejected['malformed-json']], [70, 30]);
  });

  it('THREADMILL_THREADS mill threads work on a job', async () => {
    const archive = await small('threads', 10);
    let started = 0;
    const count = (): void => {
      started++;
    };
    process.on('worker', count);
    await run({ PUSHSHIFT_PRESERVE_THREADS: 'false' }, archive);
    process.off('worker', count);
    assert.equal(started, 3, 'two, and the decoder');
  });

  it('THREADMILL_OUT of the worker is where a job that names no folder puts its dataset', async () => {
    const archive = await small('plain', 10);
    const args = [{ archive }];
    const result = (await threadmill.client.workflow.execute(workflowTypes.archive, {
      workflowId: 'by-hand',
      taskQueue,
      args,
    })) as JobResult;
    assert.equal(result.dataset, path.join(folder, 'out', 'plain_comments'));
    assert.ok(existsSync(path.join(result.dataset, 'manifest.json')));
  });

  it('THREADMILL_CONFINE_OUT lets the worker write below its own folder only', async () => {
    const archive = await small('confined', 10);
    const out = path.join(folder, 'confined');
    const values = valuesOf({
      TEMPORAL_TASK_QUEUE: 'confined',
      THREADMILL_OUT: out,
      THREADMILL_CONFINE_OUT: 'true',
      THREADMILL_LOG_LEVEL: 'error',
    });
    const confined = await startWorker({ values, server: threadmill.server });
    try {
      const library = new ThreadmillClient({
        client: threadmill.client,
        taskQueue: 'confined',
        settings: jobSettings({}),
      });
      const below = await library.processArchiveFile(archive, {}, { out: path.join(out, 'below') });
      assert.equal(below.dataset, path.join(out, 'below', 'confined_comments'));
      const outside = path.join(folder, 'confined-not');
      await assert.rejects(library.processArchiveFile(archive, {}, { out: outside }), {
        code: 'OUTPUT_DENIED',
        message: /writes only below ".*confined" \(THREADMILL_CONFINE_OUT\)/,
      });
      assert.equal(existsSync(outside), false);
    } finally {
      await confined.shutdown();
    }
  });

  it('TEMPORAL_TASK_QUEUE is where jobs wait and the worker looks for them', async () => {
    const { jobId } = await threadmill.startJob(await small('queue', 10));
    await threadmill.waitForJob(jobId);
    const { taskQueue: used } = await threadmill.client.workflow.getHandle(jobId).describe();
    assert.equal(used, taskQueue);
    // nobody looks at the default one
    const elsewhere = new ThreadmillClient({
      client: threadmill.client,
      taskQueue: valuesOf({}).taskQueue,
      settings: jobSettings({}),
      out: path.join(folder, 'nobody'),
    });
    const waiting = await elsewhere.startJob(await small('waiting', 10));
    const { pendingWorkflowTask } = (await threadmill.client.workflow.getHandle(waiting.jobId).describe())
      .raw;
    assert.notEqual(pendingWorkflowTask, null);
    await threadmill.client.workflow.getHandle(waiting.jobId).terminate();
  });
});
