/** A split dataset's folder: published, verified, replaced and cleaned up. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cleanDataset } from '../../../src/engine/dataset/clean-up.ts';
import { finishedJob } from '../../../src/engine/dataset/finished-job.ts';
import { readManifest, type SplitManifest } from '../../../src/engine/dataset/manifest.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { inFolder, writeParts } from '../dataset/scene.ts';
import { hostileText } from './hostile.ts';
import { assembleSplit, bytesBelow, jobId, madeSplit, valuesOf, type Asked } from './scene.ts';

const asked: Asked = {
  settings: { splitBy: 'subreddit', format: 'jsonl', maxRejectRate: 1 },
  texts: { comments: hostileText({ seed: 3, lines: 150, values: 8 }) },
  buckets: 2,
};

async function inDataset(use: (folder: string, manifest: SplitManifest) => Promise<void>): Promise<void> {
  await inFolder(async (outer) => {
    const folder = path.join(outer, 'd');
    await use(folder, await madeSplit(folder, asked));
  });
}

async function problemsIn(folder: string): Promise<readonly string[]> {
  return (await verifyDataset(folder)).problems;
}

describe('a split dataset', () => {
  it('holds its values, their list, rejects and manifest, and nothing else', () =>
    inDataset(async (folder, manifest) => {
      assert.deepEqual(
        (await readdir(folder)).sort(),
        ['.threadmill-job.json', 'by-subreddit', 'manifest.json', 'rejects.jsonl.zst', 'thread-tables', 'values.jsonl'], // prettier-ignore
      );
      const values = valuesOf(folder, manifest);
      const names = values.map(({ file }) => path.basename(file)).sort();
      for (const sub of ['by-subreddit', 'thread-tables'])
        assert.deepEqual((await readdir(path.join(folder, sub))).sort(), names);
      assert.equal(manifest.split.values, values.length);
      const found = await verifyDataset(folder);
      assert.deepEqual([found.ok, found.values, found.rows], [true, values.length, manifest.split.rows]);
      const result = await finishedJob(folder, jobId);
      assert.deepEqual(
        [result?.metrics.values, result?.metrics.threads],
        [values.length, manifest.threadCounts],
      );
    }));

  it('is published to the end by a second call, wherever the first one stopped', () =>
    inFolder(async (outer) => {
      const folder = path.join(outer, 'd');
      const input = await assembleSplit(folder, asked);
      let stops = 0;
      for (let steps = 0; ; steps++) {
        const stop = new AbortController();
        let left = steps;
        const onProgress = (): void => {
          if (left-- === 0) stop.abort(new Error('stopped'));
        };
        try {
          await publishDataset(input, { signal: stop.signal, onProgress });
          if (left >= 0) break;
        } catch (error) {
          assert.match((error as Error).message, /^stopped$/);
          stops++;
        }
        // a killed attempt leaves its temporary files
        assert.ok(steps < 100);
      }
      assert.ok(stops > 3);
      assert.deepEqual(await problemsIn(folder), []);
      const before = await bytesBelow(folder);
      await publishDataset(input);
      assert.deepEqual(await bytesBelow(folder), before);
    }));

  it('is not published where a file of a value is gone, cut or was never there', async () => {
    for (const [spoil, said] of [
      [(file: string) => rm(file), /"by-subreddit\/.+\.jsonl" is gone/],
      [(file: string) => writeFile(file, 'x'), /has 1 bytes, but was written with/],
      [
        async (file: string) => {
          await rm(file);
          await symlink('/etc/hostname', file);
        },
        /is gone/,
      ],
    ] as const)
      // prettier-ignore
      await inFolder(async (outer) => {
        const folder = path.join(outer, 'd');
        const input = await assembleSplit(folder, asked);
        const [name = ''] = await readdir(path.join(folder, 'by-subreddit'));
        await spoil(path.join(folder, 'by-subreddit', name));
        await assert.rejects(publishDataset(input), said);
      });
  });

  it('is not published where the list of a bucket is gone or another', () =>
    inFolder(async (outer) => {
      const folder = path.join(outer, 'd');
      const input = await assembleSplit(folder, asked);
      const piece = path.join(folder, 'values-00000.jsonl');
      const text = await readFile(piece, 'utf8');
      await writeFile(piece, text.replace(/"rows":\d+/, '"rows":999'));
      await assert.rejects(publishDataset(input), /"values-00000.jsonl" has changed/);
      await writeFile(piece, text.replace('by-subreddit/', '../'));
      await assert.rejects(publishDataset(input), /no file of that value/);
      await rm(piece);
      await assert.rejects(publishDataset(input), /"values-00000.jsonl" is gone/);
      await writeFile(piece, text);
      await publishDataset(input);
      assert.deepEqual(await problemsIn(folder), []);
    }));

  it('is bad to verify() where a file is missing, changed or a stranger, or its list is another', async () => {
    const spoils: readonly (readonly [(folder: string, file: string) => Promise<unknown>, RegExp])[] = [
      [(_, file) => rm(file), /^"by-subreddit.+ is missing$/],
      [async (_, file) => writeFile(file, (await readFile(file, 'utf8')).replace('"depth":0', '"depth":1')), /has changed/],
      [(folder) => writeFile(path.join(folder, 'by-subreddit', 'somebody.jsonl'), ''), /^"by-subreddit\/somebody\.jsonl" stands in the folder/],
      [async (folder) => { await mkdir(path.join(folder, 'by-author')); await writeFile(path.join(folder, 'by-author', 'x.csv'), ''); }, /by-author\/x\.csv/],
      [(folder) => rm(path.join(folder, 'values.jsonl')), /"values\.jsonl" is missing/],
      [async (folder) => { const list = path.join(folder, 'values.jsonl'); await writeFile(list, (await readFile(list, 'utf8')).split('\n').slice(1).join('\n')); }, /"values\.jsonl" adds up to \d+ values, the dataset says/],
      [(folder) => writeFile(path.join(folder, 'values.jsonl'), '{"value":"a","file":"../../etc/passwd","rows":1,"bytes":1,"sha256":"' + 'a'.repeat(64) + '"}\n'), /no file of that value/],
    ]; // prettier-ignore
    for (const [spoil, said] of spoils)
      await inDataset(async (folder, manifest) => {
        const file = path.join(folder, valuesOf(folder, manifest)[0]?.file ?? '');
        await spoil(folder, file);
        const problems = await problemsIn(folder);
        assert.ok(
          problems.some((problem) => said.test(problem)),
          `${String(said)}: ${problems.join('; ')}`,
        );
      });
  });

  it('takes the place of another one, and gives it to one that is not split; files that are not ours stay', () =>
    inDataset(async (folder) => {
      const notes = path.join(folder, 'by-subreddit', 'My notes.txt');
      await writeFile(notes, 'mine');
      const by = { ...asked, settings: { ...asked.settings, splitBy: 'month', format: 'csv' } } as const;
      await madeSplit(folder, by);
      assert.deepEqual(await problemsIn(folder), []);
      assert.deepEqual(await readdir(path.join(folder, 'by-subreddit')), ['My notes.txt']);
      assert.ok(!(await readdir(folder)).includes('thread-tables'));
      await publishDataset({ ...(await writeParts(folder, [1, 0])), jobId });
      assert.deepEqual(await problemsIn(folder), []);
      assert.equal((await readManifest(folder)).split, undefined);
      assert.deepEqual(
        (await readdir(folder)).sort(),
        ['.threadmill-job.json', 'by-subreddit', 'manifest.json', 'part-00000.jsonl', 'part-00001.jsonl', 'rejects.jsonl.zst'], // prettier-ignore
      );
      assert.equal(await readFile(notes, 'utf8'), 'mine');
    }));

  it('is not written through a link that stands for its folder', () =>
    inFolder(async (outer) => {
      const [folder, elsewhere] = [path.join(outer, 'd'), path.join(outer, 'elsewhere')];
      await mkdir(elsewhere);
      await mkdir(folder);
      await symlink(elsewhere, path.join(folder, 'by-subreddit'));
      await assert.rejects(madeSplit(folder, asked), /it is a symbolic link/);
      assert.deepEqual(await readdir(elsewhere), []);
    }));

  it('leaves no folder of a killed attempt: clean-up takes old ones, publication all', () =>
    inDataset(async (folder) => {
      const [old, young] = ['split-00001.0123abcd.tmp', 'split-00000.0123abce.tmp'];
      for (const name of [old, young]) {
        await mkdir(path.join(folder, name, 'by-subreddit'), { recursive: true });
        await writeFile(path.join(folder, name, 'by-subreddit', 'x.jsonl'), 'text');
      }
      const longAgo = new Date(Date.now() - 3_600_000);
      for (const below of ['by-subreddit/x.jsonl', 'by-subreddit', '']) await utimes(path.join(folder, old, below), longAgo, longAgo);
      // the folder is old, but somebody writes to a file in it
      await utimes(path.join(folder, young), longAgo, longAgo);
      const options = { olderThanMs: 60_000, nowMs: Date.now(), spillsOlderThanMs: null };
      assert.deepEqual(await cleanDataset(folder, options), [{ file: old, bytes: 4 }]);
      assert.ok((await readdir(folder)).includes(young));
      await madeSplit(folder, asked);
      assert.ok(!(await readdir(folder)).some((name) => name.endsWith('.tmp')));
    })); // prettier-ignore
});
