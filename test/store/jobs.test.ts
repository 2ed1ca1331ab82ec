/** Jobs from a store and into it: the same bytes as on a disk, killed or not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobSettings } from '../../src/contract/job.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { archiveOf, oneFrame, type Archive } from '../e2e/archives.ts';
import { assertUntouched, assertWhole, essenceOf, partIdentities, type Essence } from '../e2e/datasets.ts';
import type { Program } from '../e2e/program.ts';
import { Stage, committed } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { flakyWay, type FlakyWay } from './flaky.ts';
import { openStore, openUploads, putObject, type Store } from './store.ts';

describe('a job over a store', function () {
  this.timeout(300_000); // where its server has to be built
  let store: Store;
  let stage: Stage;
  let archive: Archive;
  let bucket: string;
  let place: string;
  let worker: Program;
  let way: FlakyWay;
  before(async () => {
    [store, stage, archive] = await Promise.all([openStore(), Stage.open(), archiveOf(oneFrame)]);
    bucket = await store.bucket();
    place = `${bucket}/dumps/${path.basename(archive.path)}`;
    await putObject(place, await readFile(archive.path));
    way = await flakyWay(Number(new URL(store.endpoint).port));
    // answers of a few MiB come over it, the larger ones break
    way.breakAfter(700_000, 8);
    worker = await stage.worker([], { ...store.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${way.port}` });
  });
  after(async () => {
    await stage.end();
    await way.close();
  });

  type Settings = Partial<JobSettings> & { readonly partMib?: number };

  async function local(settings: Settings): Promise<Essence> {
    const { jobId, dataset } = await stage.job(archive, settings);
    await stage.threadmill.waitForJob(jobId);
    return essenceOf(dataset);
  }

  it('arranges threads as one on a disk does, though connections break, and leaves nothing but the dataset', async () => {
    const settings = { preserveThreads: true, partMib: 8 };
    const expected = await local(settings);
    const { jobId, dataset } = await stage.job(place, settings, `${bucket}/threads`);
    assert.equal(dataset, `${bucket}/threads/${archive.name}`);
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    assert.equal(metrics.retries, 0);
    assert.ok(way.broken > 0);
    assert.deepEqual(await essenceOf(store.fileOf(dataset)), expected);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    assert.deepEqual(await openUploads(bucket), []);
  });

  it('killed in the midst of an upload has the same bytes, writes no part again, and leaves no upload', async () => {
    const settings = { format: 'jsonl', partMib: 16 } as const;
    const expected = await local(settings);
    const { jobId, dataset } = await stage.job(place, settings, `${bucket}/killed`);
    const files = store.fileOf(dataset);
    await committed(files, 1);
    await until('an upload', async () => {
      worker.freeze();
      if ((await openUploads(bucket)).length > 0) return true;
      worker.thaw();
      return false;
    });
    const before = partIdentities(files);
    const uploads = await openUploads(bucket);
    assert.ok(before.size < Object.keys(expected.files).length, 'killed too late to mean anything');
    await worker.kill();
    assert.deepEqual(await openUploads(bucket), uploads, 'a killed process ends nothing');
    worker = await stage.worker([], store.env);
    await stage.threadmill.waitForJob(jobId);
    assertUntouched(before, files);
    assert.deepEqual(await essenceOf(files), expected);
    await assertWhole(files, archive);
    assert.deepEqual(await openUploads(bucket), []);
  });
});
