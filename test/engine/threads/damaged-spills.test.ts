import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, cp, mkdir, readdir, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { threadsFile, threadTableFile } from '../../../src/contract/threads.ts';
import type { SpillFile } from '../../../src/engine/threads/assembly.ts';
import { hostilePair } from './hostile-archive.ts';
import { manyComments } from './many-comments.ts';
import { assemble, assembleHere, claim, claimedFolder, jobId, spillHere, temporaries } from './scene.ts';

const buckets = 4;

describe('assembleBuckets()', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let spills: readonly SpillFile[];

  beforeEach(async () => {
    ({ folder, remove } = await claimedFolder());
    spills = await spillHere(folder, hostilePair(7).comments, { buckets, partLines: 30 });
    assert.ok(spills.length >= 3);
  });

  afterEach(() => remove());

  const victim = (): SpillFile => spills[1] as SpillFile;

  it('fails with DATASET_INVALID over its threads where a spill is missing, and writes nothing', async () => {
    await rm(victim().path);
    await assert.rejects(assemble(folder, spills, { buckets, threads: 2 }), {
      name: 'ThreadmillError',
      code: 'DATASET_INVALID',
      message: /it is gone; make the dataset anew with --again$/,
      facts: { path: victim().path },
    });
    assert.deepEqual(await written(), []);
  });

  it('fails with DATASET_INVALID where a spill is cut off or another file stands in its place', async () => {
    await truncate(victim().path, victim().bytes - 1);
    await assert.rejects(assemble(folder, spills, { buckets }), { code: 'DATASET_INVALID' });
    await copyFile((spills[0] as SpillFile).path, victim().path);
    await assert.rejects(assemble(folder, spills, { buckets }), { code: 'DATASET_INVALID' });
    assert.deepEqual(await written(), []);
  });

  it('fails with DATASET_INVALID where spills have other buckets, or a bucket is not theirs', async () => {
    await assert.rejects(assemble(folder, spills, { buckets: buckets + 1 }), { code: 'DATASET_INVALID' });
    await assert.rejects(assemble(folder, spills, { buckets, todo: [buckets] }), /No bucket 4 of 4/);
  });

  it('fails with DATASET_IN_USE where the claim is lost, and leaves what was committed before', async () => {
    const claimed = await assemble(folder, spills, { buckets, todo: [0] });
    await claim(folder, 'another');
    await assert.rejects(assemble(folder, spills, { buckets, threads: 2 }), { code: 'DATASET_IN_USE' });
    assert.equal(claimed.length, 1);
    assert.deepEqual(await written(), [threadTableFile(0, 'parquet'), threadsFile(0, 'parquet')]);
    await rm(path.join(folder, '.threadmill-job.json'));
    await assert.rejects(assemble(folder, spills, { buckets }), { code: 'DATASET_IN_USE' });
    assert.deepEqual(await temporaries(folder), []);
  });

  it('goes on after a failure as if there had been none', async () => {
    const undisturbed = await assembleHere(folder, spills, { buckets });
    const other = path.join(folder, 'other');
    await mkdir(other);
    await claim(other, jobId);
    await cp(path.dirname(victim().path), path.join(other, 'comments'), { recursive: true });
    const moved = spills.map((spill) => ({ ...spill, path: spill.path.replace(folder, other) }));
    await truncate((moved[2] as SpillFile).path, 5);
    await assert.rejects(assemble(other, moved, { buckets }));
    await copyFile((spills[2] as SpillFile).path, (moved[2] as SpillFile).path);
    assert.deepEqual(await assemble(other, moved, { buckets }), undisturbed);
  });

  it('fails with OUTPUT_DENIED where the folder is gone', async () => {
    await assert.rejects(assemble(path.join(folder, 'no', 'where'), spills, { buckets }), {
      code: 'OUTPUT_DENIED',
    });
  });

  async function written(): Promise<readonly string[]> {
    return (await readdir(folder)).filter((name) => name.startsWith('thread')).sort();
  }
});

describe('assembleBuckets() in the middle of its work', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let spills: readonly SpillFile[];

  before(async () => {
    ({ folder, remove } = await claimedFolder());
    spills = await spillHere(folder, manyComments({ comments: 60_000, threads: 50 }), {
      buckets,
      partLines: 20_000,
    });
  });

  after(() => remove());

  it('stops when its signal is aborted: throws the reason, leaves no temporary file, and only whole buckets', async () => {
    const undisturbed = await assemble(folder, spills, { buckets });
    await removeOutput();
    const reason = new Error('the worker shuts down');
    for (let round = 0; round < 4; round++) {
      const controller = new AbortController();
      const done: number[] = [];
      const work = assemble(folder, spills, {
        buckets,
        threads: 2,
        signal: controller.signal,
        onBucket: ({ index }) => {
          done.push(index);
        },
      });
      // as soon as files are being written: in the middle by observation, not by time
      while ((await temporaries(folder)).length <= round && done.length === 0) await setImmediate();
      controller.abort(reason);
      await assert.rejects(work, (error) => error === reason);
      assert.ok(done.length < buckets);
      assert.deepEqual(await temporaries(folder), []);
      const files = (await readdir(folder)).filter((name) => name.startsWith('threads-'));
      assert.deepEqual(files.sort(), done.map((index) => threadsFile(index, 'parquet')).sort());
      await removeOutput();
    }
    assert.deepEqual(await assemble(folder, spills, { buckets, threads: 2 }), undisturbed);
  });

  it('does nothing where the signal is aborted already', async () => {
    await removeOutput();
    const reason = new Error('too late');
    await assert.rejects(assemble(folder, spills, { buckets, signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('thread')),
      [],
    );
  });

  it('fails with DISK_FULL where the disk is full, and leaves no temporary file', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip(); // mounting a small disk takes root
    const disk = path.join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk]);
    try {
      await claim(disk, jobId);
      for (const threads of [1, 3]) {
        await assert.rejects(assemble(disk, spills, { buckets, threads }), {
          name: 'ThreadmillError',
          code: 'DISK_FULL',
        });
        assert.deepEqual(await temporaries(disk), []);
      }
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  async function removeOutput(): Promise<void> {
    for (const name of await readdir(folder))
      if (name.startsWith('thread')) await rm(path.join(folder, name));
  }
});
