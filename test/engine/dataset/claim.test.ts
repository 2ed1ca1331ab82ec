import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimDataset, datasetFolder, holdsClaim, releaseClaim } from '../../../src/engine/dataset/claim.ts';
import { inFolder } from './scene.ts';

const running = { isRunning: () => Promise.resolve(true), replace: false };
const closed = { isRunning: () => Promise.resolve(false), replace: false };
const claimFile = '.threadmill-job.json';

async function holder(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, claimFile), 'utf8')) as unknown;
}

describe('claimDataset()', () => {
  it('refuses a folder that another running job holds, and names that job', () =>
    inFolder(async (folder) => {
      await claimDataset(folder, 'job-a', running);
      await assert.rejects(claimDataset(folder, 'job-b', running), {
        code: 'DATASET_IN_USE',
        message: /job "job-a" is writing it.*--out/,
        facts: { path: folder, jobId: 'job-a' },
      });
      assert.deepEqual(await holder(folder), { jobId: 'job-a' });
    }));

  it('leaves everything as it was where isRunning() throws', () =>
    inFolder(async (folder) => {
      await claimDataset(folder, 'job-a', running);
      const unknown = { isRunning: () => Promise.reject(new Error('no server')), replace: true };
      await assert.rejects(claimDataset(folder, 'job-b', unknown), /no server/);
      assert.deepEqual(await holder(folder), { jobId: 'job-a' });
    }));

  for (const [what, manifest, whose] of [
    ['a finished dataset of another job', '{"jobId":"job-a"}', /finished dataset of job "job-a"/],
    ['a manifest that is cut off', '{"jobId":', /dataset of an unknown job/],
  ] as const) {
    it(`refuses ${what} unless it may replace it`, () =>
      inFolder(async (folder) => {
        await writeFile(join(folder, 'manifest.json'), manifest);
        await assert.rejects(claimDataset(folder, 'job-b', closed), {
          code: 'DATASET_IN_USE',
          message: new RegExp(`${whose.source}.*--out.*--again`),
        });
        assert.deepEqual(await readdir(folder), ['manifest.json'], 'no claim is left behind');
        await claimDataset(folder, 'job-b', { ...closed, replace: true });
        assert.deepEqual(await readdir(folder), [claimFile]);
      }));
  }

  it('is refused where a file stands in the way', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(claimDataset(join(folder, 'file'), 'job-a', running), { code: 'OUTPUT_DENIED' });
      await assert.rejects(claimDataset(join(folder, 'file', 'x'), 'job-a', running), {
        code: 'OUTPUT_DENIED',
      });
    }));

  it('is refused where it may not write', async function () {
    if (process.getuid?.() === 0) this.skip(); // root may write everywhere
    await inFolder(async (folder) => {
      await chmod(folder, 0o500);
      await assert.rejects(claimDataset(folder, 'job-a', running), { code: 'OUTPUT_DENIED' });
      await chmod(folder, 0o700);
    });
  });

  it('makes the folder, and is idempotent for one job', () =>
    inFolder(async (folder) => {
      const dataset = join(folder, 'out', 'RC_2005-12');
      await claimDataset(dataset, 'job-a', running);
      await writeFile(join(dataset, 'manifest.json'), '{"jobId":"job-a"}');
      await claimDataset(dataset, 'job-a', running);
      assert.deepEqual((await readdir(dataset)).sort(), [claimFile, 'manifest.json']);
      await claimDataset(dataset, 'job-a', { ...running, replace: true });
      assert.deepEqual(await readdir(dataset), [claimFile], 'a job that is done again gives up what it made');
    }));

  for (const [what, content] of [
    ['of a job that is closed', '{"jobId":"job-a"}'],
    ['that is empty', ''],
    ['that names no job', '{"jobId":7}'],
    ['that is no object', 'null'],
  ] as const) {
    it(`takes over a claim ${what}`, () =>
      inFolder(async (folder) => {
        await writeFile(join(folder, claimFile), content);
        await claimDataset(folder, 'job-b', closed);
        assert.deepEqual(await holder(folder), { jobId: 'job-b' });
        assert.deepEqual(await readdir(folder), [claimFile]);
      }));
  }

  it('gives a stale folder to exactly one of many jobs that want it at once', async () => {
    for (let round = 0; round < 10; round++) {
      await inFolder(async (folder) => {
        await writeFile(join(folder, claimFile), '{"jobId":"gone"}');
        const isRunning = (jobId: string): Promise<boolean> => Promise.resolve(jobId !== 'gone');
        const jobs = Array.from({ length: 8 }, (_, at) => `job-${at}`);
        const results = await Promise.allSettled(
          jobs.map((jobId) => claimDataset(folder, jobId, { isRunning, replace: false })),
        );
        const winners = jobs.filter((_, at) => results[at]?.status === 'fulfilled');
        assert.equal(winners.length, 1, `round ${round}: ${winners.join(', ')}`);
        assert.deepEqual(await holder(folder), { jobId: winners[0] });
        assert.deepEqual(await readdir(folder), [claimFile]);
      });
    }
  });
});

describe('claimDataset() on a file system without hard links', () => {
  const real = fs.promises.link;
  before(() => {
    fs.promises.link = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));
    syncBuiltinESMExports();
  });
  after(() => {
    fs.promises.link = real;
    syncBuiltinESMExports();
  });

  it('puts a claim back that another job made while a stale one was being taken away', () =>
    inFolder(async (folder) => {
      const path = join(folder, claimFile);
      await writeFile(path, '{"jobId":"gone"}');
      const { rename } = fs.promises;
      let first = true;
      fs.promises.rename = async (from, to) => {
        // the other job is faster, by a moment
        if (first) await writeFile(path, '{"jobId":"faster"}');
        first = false;
        await rename(from, to);
      };
      syncBuiltinESMExports();
      try {
        const isRunning = (jobId: string): Promise<boolean> => Promise.resolve(jobId !== 'gone');
        await assert.rejects(claimDataset(folder, 'slower', { isRunning, replace: false }), {
          code: 'DATASET_IN_USE',
        });
        assert.deepEqual(await holder(folder), { jobId: 'faster' });
        assert.deepEqual(await readdir(folder), [claimFile]);
      } finally {
        fs.promises.rename = rename;
        syncBuiltinESMExports();
      }
    }));

  it('gives a stale folder to one of many jobs that want it at once', async () => {
    for (let round = 0; round < 20; round++) {
      await inFolder(async (folder) => {
        await writeFile(join(folder, claimFile), '{"jobId":"gone"}');
        const isRunning = (jobId: string): Promise<boolean> => Promise.resolve(jobId !== 'gone');
        const jobs = Array.from({ length: 8 }, (_, at) => `job-${at}`);
        const results = await Promise.allSettled(
          jobs.map((jobId) => claimDataset(folder, jobId, { isRunning, replace: false })),
        );
        const reasons = results.flatMap((result) =>
          result.status === 'rejected' ? [result.reason as Error] : [],
        );
        for (const reason of reasons)
          assert.equal((reason as Error & { code?: string }).code, 'DATASET_IN_USE', reason.message);
        const { jobId } = (await holder(folder)) as { readonly jobId: string };
        const winner = results[jobs.indexOf(jobId)];
        assert.equal(winner?.status, 'fulfilled', `round ${round}: ${jobId} holds it and was refused`);
        assert.deepEqual(await readdir(folder), [claimFile]);
      });
    }
  });
});

describe('holdsClaim()', () => {
  it('is true for the job that has the folder now, and for no other, nor where it is gone', () =>
    inFolder(async (folder) => {
      assert.equal(await holdsClaim(folder, 'job-a'), false);
      await claimDataset(folder, 'job-a', running);
      assert.deepEqual([await holdsClaim(folder, 'job-a'), await holdsClaim(folder, 'job-b')], [true, false]);
      await claimDataset(folder, 'job-b', closed);
      assert.deepEqual([await holdsClaim(folder, 'job-a'), await holdsClaim(folder, 'job-b')], [false, true]);
      assert.equal(await holdsClaim(join(folder, 'gone'), 'job-a'), false);
    }));
});

describe('releaseClaim()', () => {
  it("removes the job's own claim, no other, and bears a folder that is gone", () =>
    inFolder(async (folder) => {
      const dataset = join(folder, 'x');
      await mkdir(dataset);
      await claimDataset(dataset, 'job-a', running);
      await releaseClaim(dataset, 'job-b');
      assert.deepEqual(await holder(dataset), { jobId: 'job-a' });
      await releaseClaim(dataset, 'job-a');
      await releaseClaim(dataset, 'job-a');
      assert.deepEqual(await readdir(dataset), []);
      await rm(dataset, { recursive: true });
      await releaseClaim(dataset, 'job-a');
    }));
});

describe('datasetFolder()', () => {
  it('is absolute', () => {
    assert.equal(datasetFolder('/data/out', 'RC_2005-12'), '/data/out/RC_2005-12');
    assert.equal(datasetFolder('out', 'x'), join(process.cwd(), 'out', 'x'));
  });
});
