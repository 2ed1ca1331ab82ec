/** Whatever the settings and the archive: one thread makes what the ordinary job makes, to the byte. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateArchive, type ArchiveOptions } from '../../../samples/generator/archive.ts';
import type { JobSettings } from '../../../src/contract/job.ts';
import type { SmallArchivePool } from '../../../src/engine/small/small-archive-pool.ts';
import { inFolder } from '../dataset/scene.ts';
import { asked, leftIn, never, ordinary, pool, timeless, type Given } from './scene.ts';

const MiB = 2 ** 20;

const content: ArchiveOptions = {
  kind: 'comments',
  era: '2015',
  bytes: 1_100_000,
  seed: 7,
  dirty: true,
  dirtyEvery: 300,
};

/** By archive and settings. */
const matrix: Readonly<
  Record<string, { archive?: Partial<ArchiveOptions>; settings: Partial<JobSettings> | 'names' }>
> = {
  'threads, parquet': { settings: {} },
  'threads, csv, several parts': { settings: { format: 'csv', partBytes: MiB, keepRaw: true } },
  'threads, jsonl.zst': { settings: { format: 'jsonl.zst' } },
  'threads, jsonl, of selected rows': {
    settings: { format: 'jsonl', keyword: ['the'], minScore: 2 },
  },
  conversations: { settings: { format: 'conversations' } },
  'conversations, paths, many frames': {
    archive: { frames: 20, checksum: true },
    settings: { format: 'conversations', paths: true },
  },
  'flat parquet of several parts, with raw lines': {
    archive: { windowLog: 27 },
    settings: { preserveThreads: false, partBytes: MiB, keepRaw: true },
  },
  'flat csv of some columns and the rest': {
    settings: { preserveThreads: false, format: 'csv', columns: ['id', 'author', 'score'], extra: true },
  },
  'flat jsonl.zst of gzip': {
    archive: { packing: 'gzip' },
    settings: { preserveThreads: false, format: 'jsonl.zst', partBytes: MiB },
  },
  'flat jsonl of plain text, columns chosen': {
    archive: { packing: 'plain' },
    settings: { preserveThreads: false, format: 'jsonl', columns: ['id', 'body'], partBytes: MiB },
  },
  'flat parquet, everything kept, names of a file': { settings: 'names' },
  submissions: { archive: { kind: 'submissions' }, settings: { qualityMinScore: 3 } },
  'submissions, jsonl.zst': {
    archive: { kind: 'submissions', era: '2023' },
    settings: { format: 'jsonl.zst' },
  },
};

describe('SmallArchivePool', () => {
  let small: SmallArchivePool;
  before(() => {
    small = pool();
  });
  after(() => small.close());

  async function assertSame(folder: string, given: Given): Promise<void> {
    const [theirs, ours] = [path.join(folder, 'ordinary'), path.join(folder, 'small')];
    const expected = await ordinary(given, theirs);
    // twice: what a thread keeps of the first archive must not show in the second
    for (const [at, out] of [ours, `${ours}-again`].entries()) {
      const { result, stood } = await small.mill(asked(given, out), never);
      assert.deepEqual(timeless(result), timeless(expected), `result, time ${at}`);
      assert.deepEqual(await leftIn(out), await leftIn(theirs), `files, time ${at}`);
      assert.equal(stood, false);
    }
  }

  for (const [name, { archive = {}, settings }] of Object.entries(matrix)) {
    it(`makes the ordinary job's dataset to the byte: ${name}`, () =>
      inFolder(async (folder) => {
        const options = { ...content, ...archive };
        const file = path.join(folder, `some_${options.kind}.zst`);
        await generateArchive(options, file);
        const names = path.join(folder, 'names.txt');
        await writeFile(names, 'AskReddit\npics\n');
        const given =
          settings === 'names'
            ? { preserveThreads: false, excludeDeleted: false, excludeRemoved: false, subredditsFile: names }
            : settings;
        await assertSame(folder, { archive: file, settings: given });
      }));
  }

  it('makes the same of comments with their submissions', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'pair_comments.zst');
      const submissions = path.join(folder, 'pair_submissions.zst');
      await generateArchive(content, archive);
      await generateArchive({ ...content, kind: 'submissions' }, submissions);
      await assertSame(folder, { archive, submissions, settings: { partBytes: MiB } });
    }));
});
