/** SIGKILL of whoever works: nothing is lost, nothing is written twice, and the output is the same to the byte. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { findTemporal } from '../../src/server/binary.ts';
import { archiveOf, oneFrame, type Archive } from './archives.ts';
import { assertUntouched, assertWhole, essenceOf, partIdentities, type Essence } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs } from './stage.ts';

/** From the restart to the first new part: the heartbeat time-out is 5 s, and the worker starts in 2 to 3 s. */
const resumedMs = 15_000;
const kills = 3;

/** A generator of numbers in [0, 1): the same seed, the same moments. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Kills a program as soon as the dataset has so many parts; gives the parts that stood there then. */
async function killAt(
  program: Program,
  dataset: string,
  parts: number,
): Promise<ReadonlyMap<string, string>> {
  await committed(dataset, parts);
  // frozen first, so that what is looked at is what there was
  program.freeze();
  const identities = partIdentities(dataset);
  await program.kill();
  return identities;
}

describe('SIGKILL of a worker', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let archive: Archive;
  let undisturbed: Essence;
  const partsOfArchive = 39;
  before(async () => {
    stage = await Stage.open();
    archive = await archiveOf(oneFrame);
    const worker = await stage.worker();
    const { jobId, dataset } = await stage.job(archive);
    await stage.threadmill.waitForJob(jobId);
    await assertWhole(dataset, archive);
    undisturbed = await essenceOf(dataset);
    assert.equal(undisturbed.manifest.parts.length, partsOfArchive);
    await worker.stop();
  });
  after(() => stage.end());

  it(`at ${kills} random moments leaves the same bytes; no part is written again, and work goes on within ${resumedMs / 1000} s`, async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.log(`      moments of seed ${seed}`);
    const random = randomOf(seed);
    const survivors: ReadonlyMap<string, string>[] = [];
    const { jobId, dataset } = await stage.job(archive);
    let worker = await stage.worker();
    for (let kill = 0, parts = 0; kill < kills; kill++) {
      // somewhere in the next third of what is left, so that something is left for the last kill too
      parts += 1 + Math.floor((random() * (partsOfArchive - parts)) / 3);
      const before = await killAt(worker, dataset, parts);
      assert.ok(before.size < partsOfArchive, 'killed too late to mean anything');
      const restartedMs = performance.now();
      worker = await stage.worker();
      await committed(dataset, before.size + 1, resumedMs);
      const tookMs = Math.round(performance.now() - restartedMs);
      console.log(
        `      killed at ${before.size} of ${partsOfArchive} parts, went on ${tookMs} ms after the restart`,
      );
      survivors.push(before);
      parts = before.size;
    }
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    for (const before of survivors) assertUntouched(before, dataset);
    await assertWhole(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
    assert.ok(metrics.retries >= 1, `${metrics.retries} retries`);
  });

  it('that is `threadmill run`, its server with it: the same command goes on, and writes no part again', async () => {
    const out = stage.freshOut();
    const dataset = path.join(out, archive.name);
    const args = ['run', archive.path, '--json', '--out', out, '--part-mib', '2', '--threads', '1'];
    const env = { TEMPORAL_CLI: await findTemporal() };
    const first = stage.start([...args, '--no-preserve-threads'], env);
    const before = await killAt(first, dataset, 5);
    assert.ok(before.size < partsOfArchive, 'killed too late to mean anything');
    const again = stage.start([...args, '--no-preserve-threads'], env);
    await committed(dataset, before.size + 1, resumedMs);
    assert.equal(await again.ended, 0, again.stderr);
    assertUntouched(before, dataset);
    await assertWhole(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), undisturbed);
    const said = JSON.parse(again.stdout) as { success: boolean; dataset: string };
    assert.deepEqual([said.success, said.dataset], [true, dataset]);
    const done = stage.start([...args, '--no-preserve-threads'], env);
    assert.equal(await done.ended, 0, done.stderr);
    assert.equal((JSON.parse(done.stdout) as { alreadyDone?: boolean }).alreadyDone, true);
  });
});
