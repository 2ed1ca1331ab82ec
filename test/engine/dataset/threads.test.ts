/** Datasets of threads: publication, manifest, verification, and what else is said of them. */
import assert from 'node:assert/strict';
import { appendFile, cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishInput } from '../../../src/contract/job.ts';
import type { PackedThreads } from '../../../src/contract/threads.ts';
import { finishedJob } from '../../../src/engine/dataset/finished-job.ts';
import { readManifest, type ThreadsManifest } from '../../../src/engine/dataset/manifest.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { readRejects } from '../../../src/engine/dataset/rejects.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { inFolder, snapshot } from './scene.ts';
import { buckets, jobId, writeThreads } from './thread-scene.ts';

/** Twelve threads; of each a head, four kept comments and a tombstone. */
const counts = { threads: 12, rows: 72, tombstones: 12, orphans: 0, duplicates: 0, cycles: 0, maxDepth: 4 };

/** A dataset in a folder of its own, before its publication; made once and copied, since assembling takes a second. */
async function threadsIn(use: (folder: string, input: PublishInput) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const dataset = join(folder, 'dataset');
    await use(dataset, await writeThreads(dataset));
  });
}

async function published(use: (folder: string, manifest: ThreadsManifest) => Promise<void>): Promise<void> {
  await threadsIn(async (folder, input) => {
    const manifest = await publishDataset(input);
    assert.ok(manifest.threads !== null);
    await use(folder, manifest);
  });
}

function changed(input: PublishInput, at: number, change: (entry: unknown[]) => void): PublishInput {
  const threads = structuredClone(input.threads) as unknown as unknown[][];
  change(threads[at] as unknown[]);
  return { ...input, threads: threads as unknown as PackedThreads[] };
}

describe('publishDataset() of threads', () => {
  it('takes the files of threads, both archives and their rejects, and leaves no spill', () =>
    threadsIn(async (folder, input) => {
      const before = await readdir(folder);
      assert.ok(before.includes('part-00000.spill') && before.includes('submissions-00000.spill'));
      await writeFile(join(folder, 'part-00000.parquet'), 'of flat output that stood here');
      await writeFile(join(folder, 'part-00099.spill'), 'of another attempt');
      const manifest = await publishDataset(input);
      assert.ok(manifest.threads !== null && manifest.joined !== null);
      assert.deepEqual(
        (await readdir(folder)).sort(),
        [
          '.threadmill-job.json',
          'manifest.json',
          'rejects.jsonl.zst',
          'submissions-rejects.jsonl.zst',
          ...[0, 1, 2].flatMap((index) => [
            `thread-table-0000${index}.parquet`,
            `threads-0000${index}.parquet`,
          ]),
        ].sort(),
      );
      assert.deepEqual(manifest.threadCounts, counts);
      assert.deepEqual(
        manifest.threads.map(({ index }) => index),
        [0, 1, 2],
      );
      assert.deepEqual([manifest.counters.kept, manifest.joined.counters.kept], [48, 12]);
      assert.deepEqual([manifest.rejects?.lines, manifest.joined.rejects?.lines], [2, 2]);
      assert.deepEqual(Object.keys(manifest.parts[0] ?? {}), [
        'index',
        'start',
        'end',
        'firstLine',
        'counters',
      ]);
      assert.ok(manifest.columns.some(({ name }) => name === 'tombstone'));
      assert.ok(manifest.columns.some(({ name }) => name === 'title'));
      assert.deepEqual(await readManifest(folder), JSON.parse(JSON.stringify(manifest)));
      const text = await readFile(join(folder, 'manifest.json'), 'utf8');
      assert.equal(text.split('\n').filter((line) => line.includes('"table":{')).length, buckets);
    }));

  it('refuses buckets that are missing, files that are gone, and rows that do not add up', () =>
    threadsIn(async (folder, input) => {
      const faults: readonly (readonly [PublishInput, RegExp])[] = [
        [
          { ...input, threads: input.threads.filter(([index]) => index !== 1) },
          /file 1 of threads is missing/,
        ],
        [{ ...input, threads: input.threads.filter(([index]) => index !== 2) }, /2 files .* must be 3/],
        [
          changed(input, 0, (entry) => ((entry[1] as number[])[1] = 71)),
          /60 kept lines - 0 duplicates \+ 12 tombstones are not \d+ rows/,
        ],
        [changed(input, 1, (entry) => (entry[2] = 5)), /"threads-0000\d.parquet" has \d+ bytes, but was/],
      ];
      const before = await snapshot(folder);
      for (const [bad, message] of faults)
        await assert.rejects(publishDataset(bad), { code: 'DATASET_INVALID', message });
      assert.deepEqual(await snapshot(folder), before, 'something was changed');
      await rm(join(folder, 'thread-table-00002.parquet'));
      await assert.rejects(publishDataset(input), { message: /"thread-table-00002.parquet" is gone/ });
    }));

  it('completes what an attempt left that was aborted at any step, also where the spills are gone', () =>
    threadsIn(async (folder, input) => {
      const withoutTime = async (of: string): Promise<object> => {
        const files = await snapshot(of);
        const manifest = Buffer.from(files['manifest.json'] ?? '', 'hex').toString();
        return { ...files, 'manifest.json': manifest.replace(/"createdAt": "[^"]*"/, '') };
      };
      await cp(folder, `${folder}-whole`, { recursive: true });
      let steps = 0;
      await publishDataset({ ...input, dataset: `${folder}-whole` }, { onProgress: () => steps++ });
      const expected = await withoutTime(`${folder}-whole`);
      assert.ok(steps > 10);
      for (let at = 1; at <= steps; at++) {
        const again = { ...input, dataset: `${folder}-${at}` };
        await cp(folder, again.dataset, { recursive: true });
        const stop = new AbortController();
        let seen = 0;
        const onProgress = (): void => {
          if (++seen === at) stop.abort(new Error('killed'));
        };
        await assert.rejects(publishDataset(again, { onProgress, signal: stop.signal }), /killed/);
        await publishDataset(again);
        assert.deepEqual(await withoutTime(again.dataset), expected, `aborted at step ${at}`);
      }
    }));

  it('names conversations after what they are, without a table', () =>
    inFolder(async (folder) => {
      const dataset = join(folder, 'dataset');
      const manifest = await publishDataset(await writeThreads(dataset, { format: 'conversations' }));
      assert.ok(manifest.threads !== null);
      assert.deepEqual(
        manifest.threads.map(({ file, table }) => [file, table]),
        [0, 1, 2].map((index) => [`conversations-0000${index}.jsonl.zst`, null]),
      );
      assert.deepEqual([manifest.columns, manifest.threadTableColumns], [[], []]);
      assert.deepEqual((await verifyDataset(dataset)).problems, []);
    }));
});

describe('verifyDataset() of threads', () => {
  it('finds nothing wrong with what was published, in every format', () =>
    inFolder(async (folder) => {
      for (const format of ['parquet', 'csv', 'jsonl', 'jsonl.zst'] as const) {
        const dataset = join(folder, format);
        await publishDataset(await writeThreads(dataset, { format }));
        const { problems, threads, rows, lines } = await verifyDataset(dataset);
        assert.deepEqual([problems, threads, rows, lines], [[], counts, 72, 76], format);
      }
    }));

  const faults: readonly (readonly [
    what: string,
    spoil: (folder: string, manifest: ThreadsManifest) => Promise<unknown>,
    says: RegExp,
  ])[] = [
    [
      'a file of threads that has grown',
      (folder) => appendFile(join(folder, 'threads-00001.parquet'), 'x'),
      /"threads-00001.parquet" has \d+ bytes/,
    ],
    [
      'a table that is gone',
      (folder) => rm(join(folder, 'thread-table-00000.parquet')),
      /"thread-table-00000.parquet" is missing/,
    ],
    [
      'rejects of the submissions that are gone',
      (folder) => rm(join(folder, 'submissions-rejects.jsonl.zst')),
      /"submissions-rejects.jsonl.zst" is missing/,
    ],
    [
      'strangers: a flat part, another bucket, a spill',
      (folder) =>
        Promise.all(
          ['part-00000.parquet', 'threads-00003.parquet', 'part-00000.spill'].map((name) =>
            writeFile(join(folder, name), ''),
          ),
        ),
      /"part-00000.parquet" stands in the folder.*"part-00000.spill" stands.*"threads-00003.parquet" stands/s,
    ],
    [
      'counts that do not add up to the total',
      (folder, manifest) =>
        rewrite(folder, { ...manifest, threadCounts: { ...manifest.threadCounts, orphans: 5 } }),
      /files of threads add up to 0 orphans, the dataset says 5/,
    ],
    [
      'rows that are not the kept lines',
      (folder, manifest) =>
        rewrite(folder, { ...manifest, threadCounts: { ...manifest.threadCounts, duplicates: 5 } }),
      /60 kept lines - 5 duplicates \+ 12 tombstones are not 72 rows/,
    ],
    [
      'a file that says something else of itself',
      (folder, manifest) => {
        const threads = manifest.threads.map((entry, at) => (at === 0 ? { ...entry, maxDepth: 3 } : entry));
        return rewrite(folder, { ...manifest, threads });
      },
      /"threads-00000.parquet" says of itself \{"index":0,.*unlike the manifest/,
    ],
    [
      'parts of the submissions that leave a gap',
      (folder, manifest) => {
        assert.ok(manifest.joined !== null);
        return rewrite(folder, { ...manifest, joined: { ...manifest.joined, parts: [] } });
      },
      /the parts end at byte 0, but the archive had \d+ decompressed bytes/,
    ],
  ];
  for (const [what, spoil, says] of faults) {
    it(`finds ${what}`, () =>
      published(async (folder, manifest) => {
        await spoil(folder, manifest);
        const { ok, problems } = await verifyDataset(folder);
        assert.equal(ok, false);
        assert.match([...problems].sort().join('\n'), says);
      }));
  }

  async function rewrite(folder: string, manifest: ThreadsManifest): Promise<void> {
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  }
});

describe('readManifest() of threads', () => {
  const faults: readonly (readonly [path: readonly (string | number)[], value: unknown, says: string])[] = [
    [['threads'], undefined, 'threads is missing, but must be an array, or null for flat parts'],
    [['threads', 0, 'file'], '../x', 'threads[0].file is "../x", but must be "threads-00000.parquet"'],
    [['threads', 1, 'table', 'file'], 'x', 'must be "thread-table-00001.parquet"'],
    [['threads', 1, 'rows'], -1, 'threads[1].rows is -1'],
    [['threadCounts'], null, 'threadCounts is null, but must be an object'],
    [['joined'], 5, 'joined is 5, but must be an object'],
    [['joined', 'rejects', 'file'], 'rejects.jsonl.zst', 'must be submissions-rejects.jsonl.zst'],
    [['parts', 0, 'counters'], null, 'parts[0].counters is null'],
  ];
  it('names the first thing that is wrong, with its place', () =>
    published(async (folder, manifest) => {
      for (const [at, value, says] of faults) {
        const copy = structuredClone(manifest) as unknown as Record<string, unknown>;
        const keys = [...at];
        const last = keys.pop() as string;
        const parent = keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], copy);
        (parent as Record<string, unknown>)[last] = value;
        await writeFile(join(folder, 'manifest.json'), JSON.stringify(copy));
        await assert.rejects(readManifest(folder), (error: Error) => {
          assert.ok(error.message.includes(says), error.message);
          return true;
        });
      }
    }));
});

describe('what a dataset of threads says', () => {
  it('finishedJob() has the counts of both archives and of the threads, while every file stands', () =>
    published(async (folder) => {
      const found = await finishedJob(folder, jobId);
      assert.deepEqual(found?.metrics.threads, counts);
      assert.deepEqual([found.metrics.kept, found.metrics.totalProcessedLines], [60, 76]);
      await rm(join(folder, 'thread-table-00001.parquet'));
      assert.equal(await finishedJob(folder, jobId), null);
    }));

  it('readRejects() gives those of both archives, each with its own, finished or not', () =>
    threadsIn(async (folder, input) => {
      const seen = async (): Promise<readonly string[]> => {
        const found: string[] = [];
        for await (const { archive = 'none', line, reason } of readRejects(folder))
          found.push(`${archive} ${line} ${reason}`);
        return found;
      };
      const expected = [
        'comments 1 malformed-json',
        'comments 62 not-an-object',
        'submissions 1 malformed-json',
        'submissions 14 not-an-object',
      ];
      assert.deepEqual(await seen(), expected);
      await publishDataset(input);
      assert.deepEqual(await seen(), expected);
    }));
});
