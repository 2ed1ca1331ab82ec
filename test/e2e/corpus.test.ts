/** Many archives as one job, over a real server and two workers of which one is killed. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readLedger } from '../../src/engine/corpus/corpus-manifest.ts';
import { verifyCorpus } from '../../src/engine/corpus/verify-corpus.ts';
import { corpusScene, type CorpusScene } from './corpus-scene.ts';
import { essenceOf, type Essence } from './datasets.ts';
import { Stage, eventsOf, slowMs } from './stage.ts';
import { until } from './until.ts';

function finished(out: string): readonly string[] {
  if (!existsSync(out)) return [];
  return readdirSync(out).filter((name) => existsSync(path.join(out, name, 'manifest.json')));
}

async function essences(out: string): Promise<ReadonlyMap<string, Essence>> {
  const found = new Map<string, Essence>();
  for (const name of finished(out)) found.set(name, await essenceOf(path.join(out, name)));
  return found;
}

describe('a corpus', function () {
  this.timeout(2 * slowMs); // 29 archives by a worker that is slowed down
  let stage: Stage;
  let scene: CorpusScene;
  const overrides = { preserveThreads: false };
  before(async () => {
    stage = await Stage.open();
    scene = await corpusScene(stage.freshFolder('corpus'));
  });
  after(() => stage.end());

  it('goes on where one of two workers is killed: the same bytes; the same command does what failed, and only that', async () => {
    const out = stage.freshOut();
    const { corpora } = stage.threadmill;
    const [first, second] = await Promise.all([stage.worker(), stage.worker()]);
    for (const worker of [first, second]) worker.slow();
    const { jobId } = await corpora.start([scene.folder], overrides, { out });
    await until('some datasets', () => finished(out).length >= 3, slowMs);
    assert.ok(finished(out).length < scene.good.length, 'killed too late to mean anything');
    await first.kill();
    second.thaw();
    const result = await corpora.waitFor(jobId);
    assert.deepEqual([result.success, result.done, result.failed], [false, scene.good.length, 1]);
    assert.deepEqual(
      result.failures.map(({ archive, code }) => [archive, code]),
      [[scene.broken, 'ARCHIVE_TRUNCATED']],
    );
    assert.deepEqual([...finished(out)].sort(), [...scene.good].sort());
    const progress = await corpora.getProgress(jobId);
    assert.deepEqual([progress.state, progress.completionPercentage], ['done', 100]);
    assert.ok((await eventsOf(stage.handle(jobId))).length < 300);
    // the large one, and the one that grew, are jobs of their own
    const jobs = (await stage.threadmill.listJobs()).filter(({ kind }) => kind === 'job');
    assert.deepEqual(jobs.map(({ archive }) => path.basename(archive)).sort(), [
      'RC_2023-01.ndjson',
      'grown_comments.zst',
    ]);

    const { problems } = await verifyCorpus(out);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^broken_comments: it failed: ARCHIVE_TRUNCATED/);
    const before = await essences(out);
    await scene.mend();
    const again = await corpora.process([scene.folder], overrides, { out });
    assert.deepEqual([again.jobId, again.success, again.done, again.standing], [jobId, true, 29, 28]);
    assert.deepEqual(await verifyCorpus(out), {
      ...(await verifyCorpus(out)),
      ok: true,
      problems: [],
      archives: 29,
    });
    const ledger = await readLedger(out);
    assert.deepEqual(
      ledger.map(({ name }) => name),
      [...scene.good, 'broken_comments'].sort(),
    );
    assert.equal(
      ledger.reduce((sum, { counters }) => sum + counters.lines, 0),
      again.metrics.totalProcessedLines,
    );
    const after = await essences(out);
    for (const [name, essence] of before) assert.deepEqual(after.get(name), essence, name);

    // alone, each is the same job with the same bytes
    const alone = stage.freshOut();
    for (const name of ['sub01_comments', 'RC_2023-01']) {
      const { archive } = ledger.find((entry) => entry.name === name) ?? {};
      await stage.threadmill.processArchiveFile(archive ?? '', overrides, { out: alone });
      const { manifest, ...bytes } = await essenceOf(path.join(alone, name));
      const { manifest: theirs, ...expected } = after.get(name) ?? assert.fail(name);
      assert.deepEqual(bytes, expected, name);
      assert.deepEqual(manifest.counters, theirs.counters);
    }
    await second.stop();
  });

  it('is paused, changed, let go on, and carried over runs; a worker that stops hands over', async () => {
    const out = stage.freshOut();
    const { corpora, client } = stage.threadmill;
    const worker = await stage.worker();
    worker.slow();
    const settings = { ...overrides, maxCheckpointsPerJob: 1 };
    const { jobId, runId } = await corpora.start([scene.folder], settings, { out, concurrency: 1 });
    await until('some datasets', () => finished(out).length >= 2, slowMs);
    await stage.threadmill.pauseJob(jobId);
    worker.thaw();
    const paused = await until('pause', async () => {
      const progress = await corpora.getProgress(jobId);
      return progress.state === 'paused' && progress.batches.length === 0 && progress;
    });
    assert.ok(paused.done < 29, 'paused too late to mean anything');
    assert.equal(await corpora.setConcurrency(jobId, 2), 2);
    await assert.rejects(corpora.setConcurrency(jobId, 0), /from 1 to 500/);
    assert.equal((await corpora.getProgress(jobId)).concurrency, 2);
    const other = corpora.process([scene.folder], { ...settings, format: 'csv' }, { out });
    await assert.rejects(other, (error: Error & { code?: string }) => {
      assert.match(error.message, new RegExp(jobId));
      return error.code === 'DATASET_IN_USE';
    });
    worker.slow();
    await stage.threadmill.unpauseJob(jobId);
    await until('more datasets', () => finished(out).length > paused.done + 1, slowMs);
    const stopped = worker.stop();
    await stage.worker();
    await stopped;
    const result = await corpora.waitFor(jobId);
    assert.deepEqual([result.success, result.done, result.metrics.retries], [true, 29, 0]);
    assert.notEqual((await client.workflow.getHandle(jobId).describe()).runId, runId);
    assert.equal((await verifyCorpus(out)).ok, true);
  });
});
