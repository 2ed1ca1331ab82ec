import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanDataset, removeStrayPiece } from '../../../src/engine/dataset/clean-up.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { AtomicFile } from '../../../src/engine/output/atomic-file.ts';
import { inFolder, writeParts } from './scene.ts';

const nowMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

async function aged(path: string, ageMs: number): Promise<void> {
  const seconds = (nowMs - ageMs) / 1000;
  await utimes(path, seconds, seconds);
}

describe('cleanDataset()', () => {
  it('finds a folder that is gone, or is a file, clean', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      for (const name of ['x', 'file']) {
        assert.deepEqual(
          await cleanDataset(join(folder, name), { olderThanMs: 0, spillsOlderThanMs: 0, nowMs }),
          [],
        );
      }
    }));

  it("never touches what is not a temporary file of ours, or is a live attempt's", () =>
    inFolder(async (folder) => {
      const names = [
        'part-00000.parquet',
        'part-00000.rejects.jsonl.zst',
        'manifest.json',
        '.threadmill-job.json',
        'notes.tmp',
        'notes.0a1b2c3d.tmp',
        'part-00001.parquet.tmp',
        'part-00001.parquet.0A1B2C3D.tmp',
      ];
      for (const name of names) {
        await writeFile(join(folder, name), 'x');
        await aged(join(folder, name), 10 * hourMs);
      }
      await mkdir(join(folder, 'part-00000.csv.0a1b2c3d.tmp'));
      await writeFile(join(folder, 'part-00002.csv.0a1b2c3d.tmp'), 'x');
      await aged(join(folder, 'part-00002.csv.0a1b2c3d.tmp'), hourMs);
      assert.deepEqual(
        await cleanDataset(folder, { olderThanMs: hourMs, spillsOlderThanMs: hourMs, nowMs }),
        [],
      );
      assert.equal((await readdir(folder)).length, names.length + 2);
    }));

  it('removes what a killed AtomicFile left, and says what', () =>
    inFolder(async (folder) => {
      for (const name of [
        'part-00000.jsonl.zst',
        'part-00000.rejects.jsonl.zst',
        'rejects.jsonl.zst',
        'manifest.json',
      ]) {
        const file = await AtomicFile.create(join(folder, name));
        await file.write(Buffer.from('abc'));
      }
      const left = (await readdir(folder)).sort();
      for (const name of left) await aged(join(folder, name), hourMs + 1);
      const removed = await cleanDataset(folder, { olderThanMs: hourMs, spillsOlderThanMs: hourMs, nowMs });
      assert.deepEqual(
        removed,
        left.map((file) => ({ file, bytes: 3 })),
      );
      assert.deepEqual(await readdir(folder), []);
      assert.deepEqual(
        await cleanDataset(folder, { olderThanMs: hourMs, spillsOlderThanMs: hourMs, nowMs }),
        [],
      );
    }));

  it('removes spill files once nothing of ours was written for as long as a job is remembered', () =>
    inFolder(async (folder) => {
      const spills = ['part-00000.spill', 'part-00001.spill', 'submissions-00000.spill'];
      const others = ['threads-00000.parquet', 'part-00000.rejects.jsonl.zst', 'notes.spill'];
      for (const name of [...spills, ...others]) {
        await writeFile(join(folder, name), 'abc');
        await aged(join(folder, name), 3 * hourMs);
      }
      const clean = (spillsOlderThanMs: number | null) =>
        cleanDataset(folder, { olderThanMs: hourMs, spillsOlderThanMs, nowMs });
      assert.deepEqual(await clean(null), [], 'a job is at work');
      assert.deepEqual(await clean(4 * hourMs), []);
      await aged(join(folder, 'threads-00000.parquet'), hourMs);
      assert.deepEqual(await clean(2 * hourMs), [], 'an hour ago a job wrote here');
      await aged(join(folder, 'threads-00000.parquet'), 3 * hourMs);
      assert.deepEqual(
        (await clean(2 * hourMs)).map(({ file }) => file),
        spills,
      );
      assert.deepEqual((await readdir(folder)).sort(), [...others].sort());
    }));

  it('removes pieces of rejects where their dataset is finished, and nowhere else', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [1, 0]);
      const piece = 'part-00000.rejects.jsonl.zst';
      const late = await readFile(join(folder, piece));
      const clean = async (): Promise<readonly string[]> =>
        (await cleanDataset(folder, { olderThanMs: hourMs, nowMs, spillsOlderThanMs: null })).map(
          ({ file }) => file,
        );
      await aged(join(folder, piece), 2 * hourMs);
      assert.deepEqual(await clean(), [], 'its job is not done');
      await publishDataset(input);
      await writeFile(join(folder, piece), late);
      await aged(join(folder, piece), 2 * hourMs);
      await writeFile(join(folder, '.threadmill-job.json'), '{"jobId":"another"}');
      assert.deepEqual(await clean(), [], 'somebody writes the folder');
      await removeStrayPiece(folder, input.jobId, piece);
      await rm(join(folder, '.threadmill-job.json'));
      assert.deepEqual(await clean(), [piece]);
      assert.deepEqual((await verifyDataset(folder)).problems, []);
    }));
});

describe('removeStrayPiece()', () => {
  it('removes what an attempt made after its own job was done, and nothing of another', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [1, 0]);
      const piece = 'part-00000.rejects.jsonl.zst';
      await removeStrayPiece(folder, input.jobId, piece);
      await publishDataset(input);
      await writeFile(join(folder, piece), 'x');
      await removeStrayPiece(folder, 'another', piece);
      assert.ok((await readdir(folder)).includes(piece));
      await removeStrayPiece(folder, input.jobId, piece);
      assert.ok(!(await readdir(folder)).includes(piece));
      assert.deepEqual((await verifyDataset(folder)).problems, []);
    }));
});
