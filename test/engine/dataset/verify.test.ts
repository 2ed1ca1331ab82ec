import assert from 'node:assert/strict';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { createHash } from 'node:crypto';
import { zeroCounters } from '../../../src/core/fates.ts';
import { columnsOf } from '../../../src/core/columns.ts';
import { packPart } from '../../../src/contract/part.ts';
import type { Manifest } from '../../../src/engine/dataset/manifest.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { createStripeEncoder, partFraming } from '../../../src/engine/output/format.ts';
import { partFile } from '../output/part-file.ts';
import { inFolder, writeParts } from './scene.ts';

async function changeManifest(folder: string, change: (manifest: Manifest) => object): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  await writeFile(path, JSON.stringify({ ...manifest, ...change(manifest) }));
}

describe('verifyDataset()', () => {
  it('throws for an unfinished dataset', () =>
    inFolder(async (folder) => {
      await writeParts(folder, [1]);
      await assert.rejects(verifyDataset(folder), { code: 'DATASET_INVALID', message: /unfinished/ });
    }));

  const flip = async (path: string): Promise<void> => {
    const bytes = await readFile(path);
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    await writeFile(path, bytes);
  };
  const faults: readonly [what: string, spoil: (folder: string) => Promise<void>, says: RegExp[]][] = [
    [
      'a part that is gone',
      (folder) => rm(join(folder, 'part-00001.jsonl')),
      [/"part-00001.jsonl" is missing/],
    ],
    [
      'a part that is cut off',
      (folder) => truncate(join(folder, 'part-00001.jsonl'), 7),
      [/"part-00001.jsonl" has 7 bytes, but was written with/],
    ],
    [
      'a part with one bit changed',
      (folder) => flip(join(folder, 'part-00002.jsonl')),
      [/"part-00002.jsonl" has changed/],
    ],
    [
      'rejects that are gone',
      (folder) => rm(join(folder, 'rejects.jsonl.zst')),
      [/"rejects.jsonl.zst" is missing/],
    ],
    [
      'rejects that have grown',
      (folder) => appendFile(join(folder, 'rejects.jsonl.zst'), 'x'),
      [/"rejects.jsonl.zst" has \d+ bytes/],
    ],
    [
      'strangers',
      async (folder) => {
        await writeFile(join(folder, 'part-00003.jsonl'), '');
        await writeFile(join(folder, 'notes.txt'), '');
      },
      [/"part-00003.jsonl" stands in the folder, but is not of this dataset/],
    ],
    [
      'a part that the manifest has lost',
      (folder) => changeManifest(folder, ({ parts }) => ({ parts: parts.slice(0, 2) })),
      [
        /add up to 20 lines, the dataset says 30/,
        /add up to 16 kept/,
        /add up to 2 blank/,
        /add up to 2 malformed-json/,
        /parts end at byte 200, but the archive had 300/,
        /"part-00002.jsonl" stands in the folder/,
      ],
    ],
    [
      'a manifest without the rejects',
      (folder) => changeManifest(folder, () => ({ rejects: null })),
      [
        /3 lines were rejected, but the manifest names no rejects/,
        /"rejects.jsonl.zst" stands in the folder/,
      ],
    ],
    [
      'an archive of more lines',
      (folder) => changeManifest(folder, ({ archive }) => ({ archive: { ...archive, lines: 31 } })),
      [/the counters have 30 lines, but the archive had 31/],
    ],
  ];
  for (const [what, spoil, says] of faults) {
    it(`finds ${what}`, () =>
      inFolder(async (folder) => {
        await publishDataset(await writeParts(folder, [2, 0, 1]));
        await spoil(folder);
        const { ok, problems } = await verifyDataset(folder);
        assert.equal(ok, false);
        assert.equal(problems.length, says.length, problems.join('\n'));
        for (const [at, message] of says.entries()) assert.match(problems[at] ?? '', message);
      }));
  }

  it('counts the lines of every frame of the rejects', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, [2, 0, 1]));
      const bytes = Buffer.concat([zlib.zstdCompressSync('{}\n{}\n'), zlib.zstdCompressSync('{}\n{}\n')]);
      await writeFile(join(folder, 'rejects.jsonl.zst'), bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await changeManifest(folder, ({ rejects }) => ({
        rejects: { ...rejects, bytes: bytes.length, sha256 },
      }));
      assert.deepEqual((await verifyDataset(folder)).problems, [
        '"rejects.jsonl.zst" holds 4 lines, but the manifest says 3',
      ]);
    }));

  it('lists a hundred problems and says how many more', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, []));
      for (let index = 0; index < 105; index++) {
        await writeFile(join(folder, `part-${String(index).padStart(5, '0')}.csv`), '');
      }
      const { problems } = await verifyDataset(folder);
      assert.deepEqual([problems.length, problems.at(-1)], [101, 'and 5 more']);
    }));

  it('finds nothing wrong with what was published', () =>
    inFolder(async (folder) => {
      const manifest = await publishDataset(await writeParts(folder, [2, 0, 1]));
      assert.ok(manifest.threads === null && manifest.split === undefined);
      const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, manifest.rejects?.bytes ?? 0);
      const files: string[] = [];
      assert.deepEqual(await verifyDataset(folder, { onProgress: (file) => files.push(file) }), {
        ok: true,
        problems: [],
        parts: 3,
        threads: null,
        rows: 24,
        lines: 30,
        bytes,
      });
      assert.equal(files.length, 4);
    }));

  it('stops where its signal is aborted', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, [2]));
      await assert.rejects(
        verifyDataset(folder, { signal: AbortSignal.abort(new Error('enough')) }),
        /enough/,
      );
    }));

  for (const [what, rows, says] of [
    ['takes Parquet parts that agree with the manifest', 1, /^$/],
    [
      'finds Parquet parts that say something else of themselves',
      2,
      /says of itself \{.*unlike the manifest/,
    ],
  ] as const) {
    it(what, () =>
      inFolder(async (folder) => {
        const input = await writeParts(folder, []);
        const format = { format: 'parquet', kind: 'comments', keepRaw: false } as const;
        const row = columnsOf('comments', format).map(({ type, required }) =>
          required ? (type === 'string' ? 'x' : 1) : null,
        );
        const counters = { ...zeroCounters, lines: 1, kept: 1 };
        const entry = { index: 0, start: 0, end: 10, firstLine: 0, counters };
        const inFile = { ...entry, counters: { ...counters, lines: rows, kept: rows } };
        const bytes = partFile(createStripeEncoder(format), partFraming(format), [[row]], {
          'threadmill.part': JSON.stringify(inFile),
        });
        await writeFile(join(folder, 'part-00000.parquet'), bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const part = { ...entry, file: '', rows: 1, bytes: bytes.length, sha256, rejects: null };
        const settings = { ...input.settings, format: 'parquet' } as const;
        await publishDataset({ ...input, settings, parts: [packPart(part)], counters });
        assert.match((await verifyDataset(folder)).problems.join('\n'), says);
      }),
    );
  }
});
