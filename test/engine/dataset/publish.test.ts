import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackedPart, PublishInput } from '../../../src/contract/job.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { readManifest } from '../../../src/engine/dataset/manifest.ts';
import { inFolder, snapshot, writeParts } from './scene.ts';

/** The input with part `at` changed by position (see PackedPart). */
function withPart(input: PublishInput, at: number, change: (part: unknown[]) => void): PublishInput {
  const parts = structuredClone(input.parts) as unknown as unknown[][];
  change(parts[at] as unknown[]);
  return { ...input, parts: parts as unknown as PackedPart[] };
}

describe('publishDataset()', () => {
  const contradictions: readonly [
    what: string,
    change: (input: PublishInput) => PublishInput,
    says: RegExp,
  ][] = [
    [
      'a gap',
      (input) => withPart(input, 1, (part) => (part[1] = 120)),
      /part 1 leaves a gap: bytes 100 to 120/,
    ],
    [
      'an overlap',
      (input) => withPart(input, 1, (part) => (part[1] = 80)),
      /part 1 overlaps .* bytes 80 to 100/,
    ],
    [
      'a first part that starts late',
      (input) => withPart(input, 0, (part) => (part[1] = 3)),
      /part 0 leaves a gap/,
    ],
    [
      'a range that ends before it starts',
      (input) => withPart(input, 2, (part) => (part[2] = 150)),
      /before it starts/,
    ],
    ['a missing part', (input) => ({ ...input, parts: input.parts.toSpliced(1, 1) }), /part 1 is missing/],
    [
      'lines that do not go on',
      (input) => withPart(input, 2, (part) => (part[3] = 21)),
      /part 2 has 21 lines before/,
    ],
    [
      'counters that do not add up',
      (input) => withPart(input, 0, (part) => ((part[6] as number[])[1] = 100)),
      /part 0: 100 kept \+ .* are not 10 lines/,
    ],
    [
      'a total that is not that of the parts',
      (input) => ({ ...input, counters: { ...input.counters, lines: 31, blank: input.counters.blank + 1 } }),
      /the parts add up to 30 lines, the dataset says 31/,
    ],
  ];
  for (const [what, change, says] of contradictions) {
    it(`refuses ${what}, and changes nothing`, () =>
      inFolder(async (folder) => {
        const input = change(await writeParts(folder, [2, 0, 1]));
        const before = await snapshot(folder);
        await assert.rejects(publishDataset(input), { code: 'DATASET_INVALID', message: says });
        assert.deepEqual(await snapshot(folder), before);
      }));
  }

  it('refuses a part that is gone or cut off, and a piece of rejects that is gone or changed', () =>
    inFolder(async (folder) => {
      const damages: readonly [file: string, damage: (path: string) => Promise<void>, says: RegExp][] = [
        ['part-00001.jsonl', rm, /"part-00001.jsonl" is gone.*--again/],
        [
          'part-00001.jsonl',
          (path) => truncate(path, 5),
          /"part-00001.jsonl" has 5 bytes, but was written with/,
        ],
        ['part-00002.rejects.jsonl.zst', rm, /"part-00002.rejects.jsonl.zst" is gone/],
        ['part-00002.rejects.jsonl.zst', (path) => truncate(path, 5), /has changed since it was written/],
      ];
      for (const [file, damage, message] of damages) {
        const input = await writeParts(folder, [2, 0, 1]);
        await damage(join(folder, file));
        await assert.rejects(publishDataset(input), { code: 'DATASET_INVALID', message });
        const left = await readdir(folder);
        assert.equal(left.includes('manifest.json'), false);
        assert.deepEqual(
          left.filter((name) => name.endsWith('.tmp')),
          [],
        );
      }
    }));

  it('joins the rejects, drops strangers with our names and nothing else, and writes the manifest', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [2, 0, 1]);
      const pieces = await Promise.all(
        [0, 2].map((at) => readFile(join(folder, `part-0000${at}.rejects.jsonl.zst`))),
      );
      const strangers = [
        'part-00003.jsonl',
        'part-00000.parquet',
        'threads-00000.parquet',
        'part-00001.rejects.jsonl.zst',
      ];
      const ofOthers = [
        'notes.txt',
        'part-1.jsonl',
        'my.tmp',
        'part-00000.jsonl.bak',
        '.threadmill-job.json',
      ];
      for (const name of [...strangers, ...ofOthers, 'part-00007.csv.0a1b2c3d.tmp'])
        await writeFile(join(folder, name), '');
      const manifest = await publishDataset(input);
      assert.ok(manifest.threads === null && manifest.split === undefined);
      assert.deepEqual(
        (await readdir(folder)).sort(),
        [
          ...ofOthers,
          'manifest.json',
          'part-00000.jsonl',
          'part-00001.jsonl',
          'part-00002.jsonl',
          'rejects.jsonl.zst',
        ].sort(),
      );
      assert.deepEqual(await readFile(join(folder, 'rejects.jsonl.zst')), Buffer.concat(pieces));
      assert.deepEqual(await readManifest(folder), JSON.parse(JSON.stringify(manifest)));
      assert.equal(manifest.rejects?.lines, 3);
      assert.equal(manifest.archive.bytes, 300);
      assert.deepEqual(
        manifest.parts.map(({ rejects }) => rejects),
        [null, null, null],
      );
    }));

  it('makes no rejects file where no line was rejected, and drops an old one', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [0, 0]);
      await writeFile(join(folder, 'rejects.jsonl.zst'), 'old');
      assert.equal((await publishDataset(input)).rejects, null);
      assert.deepEqual((await readdir(folder)).sort(), [
        'manifest.json',
        'part-00000.jsonl',
        'part-00001.jsonl',
      ]);
    }));

  it('completes what an attempt left that was aborted at any step, to the same bytes', () =>
    inFolder(async (folder) => {
      const input = await writeParts(join(folder), [2, 0, 1]);
      await cp(folder, `${folder}-whole`, { recursive: true });
      let steps = 0;
      await publishDataset({ ...input, dataset: `${folder}-whole` }, { onProgress: () => steps++ });
      const expected = await snapshot(`${folder}-whole`);
      const manifestHex = expected['manifest.json'];
      assert.ok(steps > 8 && manifestHex !== undefined);
      for (let at = 1; at <= steps; at++) {
        const copy = `${folder}-${at}`;
        await cp(folder, copy, { recursive: true });
        const stop = new AbortController();
        let seen = 0;
        const onProgress = (): void => {
          if (++seen === at) stop.abort(new Error('killed'));
        };
        const again = { ...input, dataset: copy };
        await assert.rejects(publishDataset(again, { onProgress, signal: stop.signal }), /killed/);
        await publishDataset(again);
        const withoutTime = (files: Readonly<Record<string, string>>): object => ({
          ...files,
          'manifest.json': Buffer.from(files['manifest.json'] ?? '', 'hex')
            .toString()
            .replace(/"createdAt": "[^"]*"/, ''),
        });
        assert.deepEqual(withoutTime(await snapshot(copy)), withoutTime(expected), `aborted at step ${at}`);
        await rm(copy, { recursive: true });
      }
      await rm(`${folder}-whole`, { recursive: true });
    }));

  it('answers with the manifest that stands, where the pieces are gone already', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [2, 0, 1]);
      const first = await publishDataset(input);
      const before = await snapshot(folder);
      assert.deepEqual(await publishDataset(input), JSON.parse(JSON.stringify(first)));
      assert.deepEqual(await snapshot(folder), before);
    }));

  it('writes anew over the manifest of another job, and over a broken one', () =>
    inFolder(async (folder) => {
      await publishDataset({ ...(await writeParts(folder, [2, 0])), jobId: 'job-old' });
      assert.equal((await publishDataset(await writeParts(folder, [2, 0]))).jobId, 'job-a');
      await writeFile(join(folder, 'manifest.json'), '{');
      assert.equal((await publishDataset(await writeParts(folder, [2, 0]))).jobId, 'job-a');
    }));

  it('publishes an archive without a line', () =>
    inFolder(async (folder) => {
      const { parts, archive } = await publishDataset(await writeParts(folder, []));
      assert.deepEqual([parts, archive.bytes], [[], 0]);
    }));
});
