/** A split over a real server: whoever is killed, and when, the files of all values are the same. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { archiveOf, type Archive, type ArchiveSpec } from './archives.ts';
import { essenceOf, type Essence } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, slowMs } from './stage.ts';
import { until } from './until.ts';

/** 280 MB of text: three buckets, and over a thousand values. */
const comments: ArchiveSpec = {
  kind: 'comments',
  era: '2023',
  bytes: 40_000_000,
  seed: 22,
  windowLog: 21,
  copies: 7,
};

function temporaries(folder: string): number {
  return existsSync(folder)
    ? readdirSync(folder).filter((name) => name.startsWith('split-') && name.endsWith('.tmp')).length
    : 0;
}

describe('a dataset split by subreddit', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let archive: Archive;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    archive = await archiveOf(comments);
  });
  after(() => stage.end());

  const settings = { splitBy: 'subreddit', preserveThreads: true, format: 'parquet', partMib: 64 } as const;

  it('workers killed as they write the values of a bucket, and as these appear, leave the same bytes', async () => {
      const whole = async (dataset: string): Promise<Essence> => {
        const { problems, values = 0 } = await verifyDataset(dataset);
        assert.deepEqual(problems, []);
        const manifest = await readManifest(dataset);
        assert.ok(manifest.split !== undefined && values > 1000);
        assert.equal(manifest.counters.lines, archive.counters.lines);
        assert.equal(manifest.split.rows, manifest.threadCounts?.rows);
        assert.deepEqual(readdirSync(dataset).filter((name) => /\.tmp$|\.spill$|^values-/.test(name)), []);
        return essenceOf(dataset);
      };
      const first = await stage.job(archive, settings);
      const { metrics } = await stage.threadmill.waitForJob(first.jobId);
      const undisturbed = await whole(first.dataset);
      assert.ok((metrics.values ?? 0) > 1000);
      const { jobId, dataset } = await stage.job(archive, settings);
      const moments: readonly (readonly [string, () => boolean])[] = [
        ['values being written', () => temporaries(dataset) > 0],
        ['values that stand there', () => existsSync(path.join(dataset, 'by-subreddit'))],
      ];
      for (const [what, isThere] of moments) {
        await until(what, () => isThere() || existsSync(path.join(dataset, 'manifest.json')), slowMs);
        await worker.kill();
        assert.ok(!existsSync(path.join(dataset, 'manifest.json')), `${what}: killed too late to mean anything`);
        worker = await stage.worker();
      }
      await stage.threadmill.waitForJob(jobId);
      assert.deepEqual(await whole(dataset), undisturbed);
    }); // prettier-ignore
});
