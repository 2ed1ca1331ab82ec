import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { generateArchive, type ArchiveOptions } from '../../../samples/generator/archive.ts';
import type { PartEntry } from '../../../src/contract/part.ts';
import { addCounters, zeroCounters } from '../../../src/core/fates.ts';
import { inFlightBytesFor } from '../../../src/engine/pipeline/archive-pipeline.ts';
import { inFolder } from '../dataset/scene.ts';
import {
  archiveOf,
  comment,
  defaultRules,
  expectedParts,
  hashesOf,
  runToEnd,
  type Given,
  type Run,
} from './scene.ts';

const KiB = 1024;

async function folderIn(parent: string, name: string): Promise<string> {
  const folder = path.join(parent, name);
  await mkdir(folder);
  return folder;
}

/** Parts of a text against the definition: ranges, counts and, since all is kept, bytes. */
async function assertParts(
  folder: string,
  text: string | Buffer,
  { entries }: Run,
  partBytes: number,
): Promise<void> {
  const expected = expectedParts(text, partBytes);
  assert.deepEqual(
    entries.map(({ index, start, end, firstLine, counters }) => [
      index,
      start,
      end,
      firstLine,
      counters.lines,
    ]),
    expected.map(({ start, end, firstLine, lines }, index) => [index, start, end, firstLine, lines.length]),
  );
  for (const [at, { file }] of entries.entries()) {
    const kept = expected[at]?.lines.filter((line) => line.length > 0) ?? [];
    const bytes = Buffer.concat(kept.flatMap((line) => [line, Buffer.from('\n')]));
    assert.ok((await readFile(path.join(folder, file))).equals(bytes), file);
  }
}

/** One run of a small text. */
function milled(
  text: string | Buffer,
  use: (run: Run, folder: string) => void | Promise<void>,
  given: Partial<Given> & { readonly partBytes: number },
): Promise<void> {
  return inFolder(async (folder) => {
    const archive = await archiveOf(folder, text);
    const out = await folderIn(folder, 'out');
    await use(await runToEnd({ archive, folder: out, ...given }), out);
  });
}

describe('ArchivePipeline', () => {
  const partBytes = 64 * KiB;
  const content: ArchiveOptions = {
    kind: 'comments',
    era: '2015',
    bytes: 400_000,
    seed: 5,
    dirty: true,
    dirtyEvery: 40,
  };
  const packings: Readonly<Record<string, Partial<ArchiveOptions>>> = {
    'one zstd frame': {},
    'forty zstd frames, cut inside lines': { frames: 40 },
    gzip: { packing: 'gzip' },
    plain: { packing: 'plain' },
  };
  const ways: readonly Partial<Given>[] = [
    { threads: 2, batchSize: 100 },
    { threads: 3, batchSize: 5000, inFlightBytesMax: 1 },
    { threads: 1, batchSize: 1, inFlightBytesMax: 256 * 1024 * KiB },
  ];

  for (const [name, packing] of Object.entries(packings)) {
    it(`makes the same parts to the byte of ${name}, whatever tunes it`, () =>
      inFolder(async (folder) => {
        const archive = {
          path: path.join(folder, 'archive'),
          container: packing.packing ?? ('zstd' as const),
        };
        const { expected } = await generateArchive({ ...content, ...packing }, archive.path);
        const first = await folderIn(folder, 'first');
        const options = { archive, partBytes, mill: { ...defaultRules, format: 'parquet' as const } };
        const run = await runToEnd({ ...options, folder: first });
        const { lines, kept, excluded, rejected, blank } = run.entries.reduce(
          (sum, { counters }) => addCounters(sum, counters),
          zeroCounters,
        );
        assert.deepEqual(
          { lines, kept, blank, deleted: excluded.deleted, removed: excluded.removed, rejected },
          {
            lines: expected.lines,
            kept: expected.kept,
            blank: expected.blank,
            deleted: expected.deleted,
            removed: expected.removed,
            rejected: expected.rejected,
          },
        );
        assert.equal(run.entries.length, Math.ceil(expected.bytes / partBytes));
        const hashes = await hashesOf(first);
        for (const [at, way] of ways.entries()) {
          const other = await folderIn(folder, `way-${at}`);
          assert.deepEqual((await runToEnd({ ...options, ...way, folder: other })).entries, run.entries);
          assert.deepEqual(await hashesOf(other), hashes, JSON.stringify(way));
        }
      }));

    it(`goes on from every part boundary of ${name} as if it had never stopped`, () =>
      inFolder(async (folder) => {
        const archive = {
          path: path.join(folder, 'archive'),
          container: packing.packing ?? ('zstd' as const),
        };
        const bytes = packing.frames === undefined ? 130_000 : 250_000;
        await generateArchive({ ...content, bytes, ...packing }, archive.path);
        const options = { archive, partBytes: 32 * KiB, mill: defaultRules };
        const first = await folderIn(folder, 'first');
        const { entries, nexts } = await runToEnd({ ...options, folder: first });
        const hashes = await hashesOf(first);
        assert.ok(nexts.length >= 4);
        for (const from of nexts) {
          const rest = await folderIn(folder, `from-${from.part}`);
          const run = await runToEnd({ ...options, folder: rest, from, threads: (from.part % 2) + 1 });
          assert.deepEqual(run.entries, entries.slice(from.part), `from part ${from.part}`);
          assert.deepEqual(run.nexts, nexts.slice(from.part));
          for (const [file, hash] of Object.entries(await hashesOf(rest)))
            assert.equal(hash, hashes[file], file);
        }
        const frames = new Set(nexts.slice(0, -1).map(({ frame }) => frame.compressed));
        assert.equal(frames.size > 1, (packing.frames ?? 1) > 1, 'enters at the latest frame');
      }));
  }

  it('gives every part exactly the lines that start in its range, at every place of the border', async () => {
    // 10 lines of 100 bytes; borders from the middle of a line over its end into the next one
    const text = Array.from({ length: 10 }, (_, id) => `${comment(id, 99)}\n`).join('');
    for (const size of [250, 298, 299, 300, 301, 302, 350]) {
      await milled(text, (run, folder) => assertParts(folder, text, run, size), {
        partBytes: size,
        threads: 2,
      });
    }
  });

  const borders: readonly (readonly [string, string | Buffer])[] = [
    ['a last line without a line feed', `${comment(0)}\n${comment(1)}`],
    ['empty lines', `\n\n${comment(0)}\n\n\n\n${comment(1)}\n\n`],
    ['nothing but one line feed', '\n'],
    [
      'an archive that ends exactly at the border, with a line feed',
      `${comment(0, 99)}\n${comment(1, 99)}\n`,
    ],
    ['an archive that ends exactly at the border, without one', `${comment(0, 99)}\n${comment(1, 100)}`],
    ['a line longer than three parts', `${comment(0)}\n${comment(1, 700)}\n${comment(2)}\n`],
    ['a line longer than three parts, at the start', `${comment(0, 700)}\n${comment(1)}\n`],
    ['a line longer than three parts, at the end', `${comment(0)}\n${comment(1, 700)}`],
    ['many lines in each part', Array.from({ length: 50 }, () => '{}\n').join('')],
  ];
  for (const [name, text] of borders) {
    it(`cuts ${name} as the definition says`, () =>
      milled(
        text,
        async (run, folder) => {
          if (name.startsWith('many')) {
            assert.deepEqual(
              run.entries.map(({ counters }) => counters.lines),
              expectedParts(text, 100).map(({ lines }) => lines.length),
            );
          } else await assertParts(folder, text, run, 100);
        },
        { partBytes: 100 },
      ));
  }

  it('makes one part without lines of an archive without bytes', () =>
    milled(
      '',
      ({ entries }) => {
        assert.deepEqual(
          entries.map(({ start, end, counters }) => [start, end, counters.lines]),
          [[0, 0, 0]],
        );
      },
      { partBytes: 100 },
    ));

  it('keeps CR and BOM out of the lines and in the ranges', () =>
    inFolder(async (folder) => {
      const lines = [comment(0), comment(1), comment(2)];
      const text = `\uFEFF${lines.join('\r\n')}\r\n\r\n`;
      const archive = await archiveOf(folder, text, { container: 'zstd', cuts: [1, 2, 50] });
      const out = await folderIn(folder, 'out');
      const { entries } = await runToEnd({ archive, folder: out, partBytes: 150 });
      assert.deepEqual(
        entries.map(({ start, end, counters }) => [start, end, counters.kept, counters.blank]),
        [
          [0, 207, 2, 0],
          [207, 309, 1, 0],
          [309, 311, 0, 1],
        ],
      );
      const parts = await Promise.all(entries.map(({ file }) => readFile(path.join(out, file), 'utf8')));
      assert.equal(parts.join(''), `${lines.join('\n')}\n`);
    }));

  it('rejects a line over lineBytesMax with its place, and goes on behind it', () => {
    const long = 16 * KiB * KiB + 1;
    const text = Buffer.concat([
      Buffer.from(`${comment(0)}\n`),
      Buffer.alloc(long, 'x'),
      Buffer.from(`\n${comment(1)}\n`),
    ]);
    return milled(
      text,
      ({ entries }) => {
        const [first, ...others] = entries;
        assert.deepEqual(
          [first?.counters.kept, first?.counters.rejected['line-too-long'], first?.end],
          [1, 1, 101 + long + 1],
        );
        const last = others.at(-1);
        assert.deepEqual([last?.counters.kept, last?.firstLine, last?.end], [1, 2, text.length]);
        assert.ok(others.slice(0, -1).every(({ counters }) => counters.lines === 0));
      },
      { partBytes: 1024 * KiB },
    );
  });

  it('gives stripes of one part to several threads and joins them in order', () =>
    inFolder(async (folder) => {
      // two and a half stripes of 32 MiB in one part, and a little of the next
      const block = Array.from({ length: 256 }, (_, id) => `${comment(id, 4095)}\n`).join('');
      const text = block.repeat(88);
      const archive = await archiveOf(folder, text);
      const runs: (readonly PartEntry[])[] = [];
      for (const threads of [1, 3]) {
        const out = await folderIn(folder, `threads-${threads}`);
        const options = { archive, folder: out, partBytes: 80 * KiB * KiB, threads, meanLineBytes: 4096 };
        runs.push((await runToEnd({ ...options, mill: { ...defaultRules, format: 'jsonl.zst' } })).entries);
      }
      assert.deepEqual(runs[0], runs[1]);
      assert.deepEqual(
        runs[0]?.map(({ start, end, rows }) => [start, end, rows]),
        [
          [0, 80 * KiB * KiB, 80 * 256],
          [80 * KiB * KiB, 88 * KiB * KiB, 8 * 256],
        ],
      );
    }));
});

describe('inFlightBytesFor()', () => {
  it('is an eighth of the limit, at least 4 MiB and at most a stripe a thread', () => {
    const MiB = KiB * KiB;
    assert.deepEqual(
      [8, 64 * MiB, 1024 * MiB].map((limit) => inFlightBytesFor(limit, 2)),
      [4 * MiB, 8 * MiB, 64 * MiB],
    );
  });
});
