/** What a real worker serves over HTTP and writes into its log, while jobs run and while they are killed. */
import assert from 'node:assert/strict';
import { metricRows } from '../../src/activities/job-metrics.ts';
import { totalOf } from '../../src/core/fates.ts';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { freePort } from '../../src/server/host.ts';
import { archiveOf, manyFrames, shortComments } from '../e2e/archives.ts';
import type { Program } from '../e2e/program.ts';
import { Stage, slowMs } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { listeningAddresses } from '../listening.ts';
import { expressions } from '../deploy/monitoring.ts';
import { metricsIn, scrape, type Scrape } from '../prometheus.ts';

/** The families that a name in an expression may stand for. */
function familyOf(name: string, { families }: Scrape): string | null {
  if (families.has(name)) return name;
  const histogram = name.replace(/_(bucket|sum|count)$/, '');
  return families.get(histogram)?.type === 'HISTOGRAM' ? histogram : null;
}

describe('a worker that is watched', function () {
  this.timeout(slowMs);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  const workers: Program[] = [];
  // one that a failed test leaves behind would take the next one's job
  afterEach(async () => {
    for (const worker of workers.splice(0)) if (worker.isRunning) await worker.stop();
  });
  after(() => stage.end());

  async function watched(...args: readonly string[]): Promise<Program> {
    const worker = await stage.worker(args);
    workers.push(worker);
    return worker;
  }

  it('serves at THREADMILL_METRICS_ADDRESS what it did to the line, and all that dashboard and alerts ask for', async () => {
    const port = await freePort(0);
    await watched('--metrics-address', String(port));
    const archive = await archiveOf({ ...shortComments, dirty: true, dirtyEvery: 2_000 });
    const { jobId } = await stage.job(archive, { partMib: 4 });
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    const page = await scrape(port);
    const job = { job_id: jobId, archive: archive.name };
    for (const [name, { kind, labels, help }] of Object.entries(metricRows)) {
      const family = page.families.get(name);
      assert.equal(family?.type, kind.toUpperCase(), name);
      assert.equal(family.help, help);
      // of histograms the parser keeps no labels
      if (kind === 'histogram') continue;
      for (const { labels: found } of family.metrics)
        assert.deepEqual(Object.keys(found ?? {}).sort(), [...labels].sort(), name);
    }
    const lines = (fate: string, reason = ''): number | null =>
      page.sum('threadmill_lines_total', { ...job, fate, reason });
    const { excluded, rejected, kept, blank } = archive.counters;
    assert.ok(totalOf(rejected) > 0);
    assert.deepEqual([lines('kept'), lines('blank')], [kept, blank]);
    for (const [rule, count] of Object.entries(excluded)) assert.equal(lines('excluded', rule), count);
    for (const [reason, count] of Object.entries(rejected)) assert.equal(lines('rejected', reason), count);
    assert.equal(page.sum('threadmill_read_bytes_total', job), archive.bytes);
    assert.equal(page.sum('threadmill_lines_total', job), metrics.totalProcessedLines);
    const observed = `threadmill_batch_seconds_count{archive="${archive.name}",job_id="${jobId}"}`;
    assert.match(page.text, new RegExp(`^${observed} [1-9]`, 'm'));
    assert.equal(page.sum('threadmill_progress_ratio', job), 1);
    assert.deepEqual(
      ['retries', 'resumptions'].map((what) => page.sum(`threadmill_${what}_total`, job)),
      [0, 0],
    );
    assert.deepEqual(
      [page.sum('threadmill_running_segments'), page.sum('threadmill_memory_bytes', job)],
      [0, 0],
      'nothing runs any more',
    );
    const asked = [...new Set(expressions().flatMap(metricsIn))];
    assert.ok(asked.length > 10);
    // `up` is Prometheus's own
    assert.deepEqual(
      asked.filter((name) => name !== 'up' && familyOf(name, page) === null),
      [],
    );
    const listener = stage.start(['worker', '--address', stage.server.address, '--json'], {
      THREADMILL_METRICS_ADDRESS: String(port),
    });
    assert.equal(await listener.ended, 2, 'another worker at the same address');
    assert.match(listener.stderr, /Cannot serve metrics at "\d+": .*in use.*THREADMILL_METRICS_ADDRESS/);
  });

  it('counts what was lost and taken up again; every line of its log names the worker, and the segment and attempt of the job', async () => {
    const job = await stage.job(await archiveOf(manyFrames), { partMib: 16 });
    const killed = await watched();
    // what is to be taken up again must have been told in a heartbeat
    await until('two parts', async () => (await stage.threadmill.getJobProgress(job.jobId)).parts >= 2);
    await killed.kill();
    const port = await freePort(0);
    const worker = await watched('--metrics-address', `localhost:${port}`);
    await until(
      'the running segment',
      async () => {
        const page = await scrape(port);
        return (
          page.sum('threadmill_running_segments') === 1 && (page.sum('threadmill_memory_bytes') ?? 0) > 0
        );
      },
      slowMs / 2,
    );
    const { metrics } = await stage.threadmill.waitForJob(job.jobId);
    const page = await scrape(port);
    const of = (what: string): number | null => page.sum(`threadmill_${what}_total`, { job_id: job.jobId });
    assert.equal(of('resumptions'), 1);
    // only where the segment was lost on the shared queue
    assert.ok([0, 1].includes(of('retries') ?? -1));
    const { run } = await readManifest(job.dataset);
    const [resumption, ...more] = run?.resumptions ?? [];
    assert.deepEqual(more, []);
    const seconds = run?.samples.map(([at]) => at) ?? [];
    assert.deepEqual(
      seconds,
      [...seconds].sort((a, b) => a - b),
    );
    assert.ok(
      seconds.some((at) => resumption !== undefined && at >= resumption),
      JSON.stringify(run),
    );
    assert.equal(run?.samples.at(-1)?.[1], metrics.totalProcessedLines);
    await worker.stop();

    const lines = worker.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.ok(lines.length > 20);
    for (const line of lines) assert.match(String(line['worker']), /^\d+@./);
    const ours = lines.filter((line) => line['job'] === job.jobId);
    for (const { run, correlationId } of ours) {
      assert.ok(String(correlationId).startsWith(`${job.jobId}/${String(run).slice(0, 8)}`));
    }
    for (const what of ['Segment begins', 'Part committed', 'Progress']) {
      const [first] = ours.filter(({ msg }) => msg === what);
      const { segment, attempt, correlationId } = first ?? {};
      assert.ok(typeof segment === 'number' && typeof attempt === 'number', what);
      assert.ok(String(correlationId).endsWith(`/${segment}/${attempt}`));
    }
  });

  it('listens nowhere unless it is asked to, and then on 127.0.0.1', async function () {
    if (process.platform !== 'linux') this.skip();
    const silent = await watched();
    assert.deepEqual(listeningAddresses(silent.pid), []);
    await silent.stop();
    const port = await freePort(0);
    const worker = await watched('--metrics-address', String(port));
    assert.deepEqual(listeningAddresses(worker.pid), [`127.0.0.1:${port}`]);
    await worker.stop();
  });
});
