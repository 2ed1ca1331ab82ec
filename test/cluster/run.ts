/**
 * `npm run test:cluster`: what docker-compose.yml would run, without Docker: PostgreSQL, the real Temporal server with its own
 * schema tool, two workers, under the environment, the commands and the dynamic configuration of the compose file. Jobs are run
 * and killed on it. Takes some minutes, and the first time some more to build the server. Needs Go, and apt where there is
 * no PostgreSQL. Not part of `npm test`.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { roleOf } from '../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { resolveSettings } from '../../src/settings.ts';
import { archiveOf, oneFrame, type Archive } from '../e2e/archives.ts';
import { essenceOf, temporaryFiles, type Essence } from '../e2e/datasets.ts';
import { Program } from '../e2e/program.ts';
import { until } from '../e2e/until.ts';
import { connectionsTo } from '../listening.ts';
import { Cluster } from './cluster.ts';

const startedMs = performance.now();
function talk(text: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${text}`);
}

const settings = { preserveThreads: true, partBytes: 2 * 2 ** 20 };
const jobMs = 300_000;
const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-cluster-'));
// PostgreSQL runs as a user of its own below it
chmodSync(folder, 0o755);
let outs = 0;
const freshOut = (): string => path.join(folder, `out-${outs++}`);

/** Files that a job has committed before its publication. */
function workIn(dataset: string): number {
  if (!existsSync(dataset)) return 0;
  return readdirSync(dataset).filter((name) => ['spill', 'threads'].includes(roleOf(name) ?? '')).length;
}

/** Verified, and every line accounted for; rows are more than what is kept where there are tombstones. */
async function assertSound(dataset: string, archive: Archive): Promise<void> {
  assert.deepEqual((await verifyDataset(dataset)).problems, []);
  assert.deepEqual((await readManifest(dataset)).counters, archive.counters);
  assert.deepEqual(temporaryFiles(dataset), []);
}

/** A job that is struck when it has made some parts, and must end as if nothing had been. */
async function struck(
  threadmill: ConnectedThreadmill,
  workers: readonly Program[],
  strike: (busy: Program) => Promise<void>,
): Promise<string> {
  const archive = await archiveOf(oneFrame);
  for (const worker of workers) worker.stderr = '';
  const { jobId, dataset } = await threadmill.startJob(archive.path, settings, { out: freshOut() });
  const result = threadmill.waitForJob(jobId, { signal: AbortSignal.timeout(jobMs) });
  result.catch(() => undefined); // told below
  const busy = await until('a worker to begin', () =>
    workers.find((worker) => worker.isRunning && worker.stderr.includes('Segment begins')),
  );
  await until('parts', () => workIn(dataset) >= 4, 60_000);
  busy.slow();
  await strike(busy);
  busy.thaw();
  await result;
  await assertSound(dataset, archive);
  return dataset;
}

async function tortured(cluster: Cluster, threadmill: ConnectedThreadmill): Promise<number> {
  let jobs = 0;
  let workers: readonly Program[] = [await cluster.worker(), await cluster.worker()];
  talk('two workers');
  const archive = await archiveOf(oneFrame);
  // as the head of docker-compose.yml says
  const out = freshOut();
  const started = new Program(['start', archive.path, '--json', '--part-mib', '2', '--out', out], {
    folder,
    env: { TEMPORAL_ADDRESS: await cluster.address },
  });
  const { jobId, dataset } = JSON.parse(await started.firstLine()) as { jobId: string; dataset: string };
  await threadmill.waitForJob(jobId, { signal: AbortSignal.timeout(jobMs) });
  await assertSound(dataset, archive);
  const undisturbed: Essence = await essenceOf(dataset);
  jobs++;
  talk('a job by `threadmill start`: whole');
  const blows: Readonly<Record<string, (busy: Program) => Promise<void>>> = {
    'worker SIGKILL': async (busy) => {
      await busy.kill();
    },
    // by the dynamic configuration; with the server's own it takes 70 s
    'worker SIGSTOP, until the server hangs up': async (busy) => {
      busy.freeze();
      const port = Number((await cluster.address).split(':').at(-1));
      await until('the server to hang up', () => connectionsTo(busy.pid, port) === 0, 60_000);
    },
    'server SIGKILL': async () => {
      await cluster.killTemporal();
      await cluster.startTemporal();
    },
    'PostgreSQL SIGKILL': async () => {
      await cluster.killPostgres();
      await cluster.startPostgres();
    },
  };
  for (const [name, blow] of Object.entries(blows)) {
    const again = await struck(threadmill, workers, blow);
    assert.deepEqual(await essenceOf(again), undisturbed, name);
    jobs++;
    talk(`${name}: the same bytes`);
    workers = workers.filter((worker) => worker.isRunning);
    while (workers.length < 2) workers = [...workers, await cluster.worker()];
  }
  return jobs;
}

const cluster = await Cluster.prepare(folder, talk);
let failure: unknown = null;
let jobs = 0;
try {
  await cluster.up();
  talk('PostgreSQL, schema, server and namespace are up');
  await cluster.upAgain();
  talk('a second `up` finds all of it done');
  assert.match(await cluster.serverMetrics(), /service_requests/);
  const { values } = resolveSettings({ env: {}, cwd: folder, flags: { address: await cluster.address } });
  const threadmill = await connectThreadmill({ values });
  try {
    jobs = await tortured(cluster, threadmill);
  } finally {
    await threadmill.close();
  }
} catch (error) {
  failure = error;
} finally {
  await cluster.down();
  if (failure === null) rmSync(folder, { recursive: true, force: true });
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
if (failure !== null) {
  console.error(failure);
  console.log(`test:cluster failed after ${seconds} s; logs are in ${folder}`);
  process.exit(1);
}
console.log(`test:cluster passed: ${jobs} jobs, all bytes the same, in ${seconds} s`);
process.exit(0);
