/**
 * Records histories of jobs for test/workflows/replay.test.ts: `npx node tools/record-histories.ts [name…]`. To be run, and
 * its files committed, with every release that changes what workflows do; those of earlier releases stay as they are.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { roleOf, type DatasetFileRole } from '../src/engine/dataset/names.ts';
import { archiveOf, manyFrames, oneFrame, shortComments } from '../test/e2e/archives.ts';
import { corpusScene } from '../test/e2e/corpus-scene.ts';
import type { Program } from '../test/e2e/program.ts';
import { Stage, committed, type StagedJob } from '../test/e2e/stage.ts';
import { until } from '../test/e2e/until.ts';

const folder = path.join(import.meta.dirname, '../test/histories');
/** Twelve of 20 parts are a segment. */
const settings = { partMib: 4 };

interface Recording {
  readonly stage: Stage;
  readonly worker: Program;
  readonly save: (name: string, workflowId: string, runId?: string) => Promise<void>;
}

/** Without what only this machine has: its name, its folders, the numbers of its processes. */
function anonymous(text: string, stageFolder: string): string {
  return text
    .replaceAll(stageFolder, '/tmp/threadmill')
    .replaceAll(/\/[\w./-]*\/threadmill-archives-\w+/g, '/tmp/threadmill/archives')
    .replaceAll(hostname(), 'worker')
    .replaceAll(/\d+@worker/g, '1@worker')
    .replaceAll(/@worker-\d+-/g, '@worker-1-');
}

/** Applies `change` to all strings, and to what payloads hold in base64. */
function rewritten(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => rewritten(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const isPayload = 'metadata' in value && 'data' in value && typeof value.data === 'string';
  return Object.fromEntries(
    Object.entries(value)
      // lines of code of a machine and of a day; no replay looks at them
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, item]) => [
        key,
        isPayload && key === 'data'
          ? Buffer.from(change(Buffer.from(String(item), 'base64').toString())).toString('base64')
          : rewritten(item, change),
      ]),
  );
}

async function slowJob({ stage, worker }: Recording): Promise<StagedJob> {
  worker.slow();
  const job = await stage.job(await archiveOf(manyFrames), { partMib: 16 });
  await committed(job.dataset, 2);
  return job;
}

function hasFile(folder: string, role: DatasetFileRole): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => roleOf(name) === role);
}

async function closed({ handle }: StagedJob): Promise<void> {
  await until('the end of a job', async () => (await handle.describe()).status.name !== 'RUNNING', 60_000);
}

const recordings: Readonly<Record<string, (recording: Recording) => Promise<void>>> = {
  async plain({ stage, save }) {
    const { jobId } = await stage.job(await archiveOf(oneFrame), settings);
    await stage.threadmill.waitForJob(jobId);
    await save('plain', jobId);
  },
  async commands(recording) {
    const { stage, worker, save } = recording;
    const job = await slowJob(recording);
    const { jobId, handle } = job;
    await handle.signal('setBatchSize', 200);
    await until('200', async () => (await stage.threadmill.getCurrentStats(jobId)).batchSize === 200);
    await handle.signal('setBatchSize', 'nonsense');
    await stage.threadmill.setMaxMemory(jobId, 1024);
    await stage.threadmill.setBatchSize(jobId, 50);
    await stage.threadmill.setBatchSize(jobId, 0).catch(() => undefined);
    await stage.threadmill.pauseJob(jobId);
    await until('pause', async () => (await stage.threadmill.getJobProgress(jobId)).state === 'paused');
    await stage.threadmill.unpauseJob(jobId);
    worker.thaw();
    await closed(job);
    await save('commands', jobId);
  },
  async continued({ stage, save }) {
    const { jobId, handle } = await stage.job(await archiveOf(oneFrame), {
      ...settings,
      maxCheckpointsPerJob: 1,
    });
    const { runId } = await handle.describe();
    await stage.threadmill.waitForJob(jobId);
    await save('continued-first', jobId, runId);
    await save('continued-last', jobId);
  },
  async failed({ stage, save }) {
    const dirty = await archiveOf({ ...shortComments, seed: 11, dirty: true, dirtyEvery: 25 });
    const job = await stage.job(dirty, { partMib: 1 });
    await closed(job);
    await save('failed', job.jobId);
  },
  async cancelled(recording) {
    const { stage, worker, save } = recording;
    const job = await slowJob(recording);
    await stage.threadmill.cancelJob(job.jobId);
    await closed(job);
    await save('cancelled', job.jobId);
    worker.thaw();
    await stage.threadmill.resumeJob(job.jobId);
    await save('resumed', job.jobId);
  },
  async 'threads-paused'({ stage, worker, save }) {
    // five buckets: two groups
    const archive = await archiveOf({ ...manyFrames, seed: 21, bytes: 25_000_000, copies: 26 });
    const job = await stage.job(archive, { partMib: 32, preserveThreads: true });
    await until('the first threads', () => hasFile(job.dataset, 'threads'), 60_000);
    worker.freeze();
    await stage.threadmill.pauseJob(job.jobId);
    worker.thaw();
    await until('pause', async () => (await stage.threadmill.getJobProgress(job.jobId)).state === 'paused');
    await stage.threadmill.setMaxMemory(job.jobId, 256);
    await stage.threadmill.unpauseJob(job.jobId);
    worker.thaw();
    await closed(job);
    await save('threads-paused', job.jobId);
  },
  async joined({ stage, save }) {
    const comments = await archiveOf(shortComments);
    const submissions = await archiveOf({ ...shortComments, kind: 'submissions' });
    const options = { out: stage.freshOut(), submissions: submissions.path };
    const overrides = { maxCheckpointsPerJob: 2 };
    const { jobId, runId } = await stage.threadmill.startJob(comments.path, overrides, options);
    await stage.threadmill.waitForJob(jobId);
    await save('joined-first', jobId, runId);
    await save('joined-last', jobId);
  },
  async refused({ stage, save }) {
    const { client } = stage.threadmill;
    const { workflowId, ...handle } = await client.workflow.start('archiveWorkflow', {
      workflowId: 'refused',
      taskQueue: stage.taskQueue,
      args: [{ archive: 5 }],
    });
    await handle.result().catch(() => undefined);
    await save('refused', workflowId);
  },
  async 'clean-up'({ stage, save }) {
    const { workflowId, ...handle } = await stage.threadmill.client.workflow.start('cleanUpWorkflow', {
      workflowId: 'clean-up',
      taskQueue: stage.taskQueue,
      args: [],
    });
    await handle.result();
    await save('clean-up', workflowId);
  },
  async reframed({ stage, worker, save }) {
    const out = path.join(stage.freshFolder('frames'), 'RC_2023-01.zst');
    const { threadmill } = stage;
    const { path: archive } = await archiveOf(oneFrame);
    const { jobId } = await threadmill.startReframe(archive, { out, level: 5, frameMib: 1 });
    const now = (): ReturnType<typeof threadmill.getJobProgress> => threadmill.getJobProgress(jobId);
    await until('the look at the archive', async () => (await now()).state === 'running');
    worker.slow();
    await until('two frames', async () => ((await now()).frames ?? 0) >= 2);
    await threadmill.pauseJob(jobId);
    await until('pause', async () => (await now()).state === 'paused');
    await threadmill.unpauseJob(jobId);
    worker.thaw();
    await threadmill.waitForReframe(jobId);
    await save('reframed', jobId);
  },
  async corpus({ stage, worker, save }) {
    const { folder } = await corpusScene(stage.freshFolder('corpus'));
    const { corpora } = stage.threadmill;
    const out = stage.freshOut();
    worker.slow();
    const settings = { preserveThreads: false, maxCheckpointsPerJob: 2 };
    const { jobId, runId } = await corpora.start([folder], settings, { out, concurrency: 1 });
    await until(
      'a dataset',
      () => existsSync(out) && readdirSync(out).some((name) => name.startsWith('sub')),
      60_000,
    );
    await stage.threadmill.pauseJob(jobId);
    worker.thaw();
    await until('pause', async () => {
      const { state, batches } = await corpora.getProgress(jobId);
      return state === 'paused' && batches.length === 0;
    });
    await corpora.setConcurrency(jobId, 3);
    await stage.handle(jobId).signal('setBatchSize', 500);
    await stage.threadmill.unpauseJob(jobId);
    await corpora.waitFor(jobId);
    await save('corpus-first', jobId, runId);
    await save('corpus-last', jobId);
  },
  // last: it ends the worker
  async 'worker-lost'(recording) {
    const { stage, worker, save } = recording;
    const job = await slowJob(recording);
    await committed(job.dataset, 14);
    await worker.kill();
    await stage.worker();
    await closed(job);
    await save('worker-lost', job.jobId);
  },
};

const stage = await Stage.open();
try {
  const worker = await stage.worker();
  const save: Recording['save'] = async (name, workflowId, runId) => {
    const history = await stage.handle(workflowId, runId).fetchHistory();
    const json = rewritten(JSON.parse(historyToJSON(history)), (text) => anonymous(text, stage.folder)) as {
      readonly events: readonly unknown[];
    };
    const events = json.events.map((event) => JSON.stringify(event)).join(',\n');
    writeFileSync(path.join(folder, `${name}.json`), `{"events":[\n${events}\n]}\n`);
    console.log(`${name}: ${json.events.length} events`);
  };
  const wanted = process.argv.slice(2);
  for (const [name, record] of Object.entries(recordings)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await record({ stage, worker, save });
    worker.thaw();
  }
} finally {
  await stage.end();
}
process.exit();
