import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { OutputFormat } from '../../../src/contract/job.ts';
import type { ThreadsEntry } from '../../../src/contract/threads.ts';
import type { SpillFile } from '../../../src/engine/threads/assembly.ts';
import { SpillReader } from '../../../src/engine/threads/spill-file.ts';
import { hostilePair } from './hostile-archive.ts';
import { manyComments } from './many-comments.ts';
import { assemble, assembleHere, claim, claimedFolder, jobId, spill, spillHere } from './scene.ts';

function blocksOf(spill: SpillFile | undefined): number {
  assert.ok(spill !== undefined);
  const reader = new SpillReader(spill.path, spill.bytes, 3);
  try {
    return reader.blocks(0).length;
  } finally {
    reader.close();
  }
}

const formats: readonly OutputFormat[] = ['parquet', 'csv', 'jsonl', 'jsonl.zst'];

describe('threads have the same bytes', () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await claimedFolder());
  });
  after(() => remove());

  async function sub(name: string): Promise<string> {
    const made = path.join(folder, name);
    await mkdir(made, { recursive: true });
    await claim(made, jobId);
    return made;
  }

  async function threadHashes(of: string): Promise<Readonly<Record<string, string>>> {
    const names = (await readdir(of)).filter((name) => name.startsWith('thread')).sort();
    const hashes: Record<string, string> = {};
    for (const name of names)
      hashes[name] = createHash('sha256')
        .update(await readFile(path.join(of, name)))
        .digest('hex');
    return hashes;
  }

  // over 32 MiB of text in two parts: several stripes a part, and stripes of more than the encoder's pending bytes
  it('for 1, 2 and 4 mill threads and batches of 100 and 5,000 lines, over borders of blocks, stripes and parts', async () => {
    const text = manyComments({ comments: 220_000, threads: 300, excluded: 0.2 });
    const buckets = 3;
    const partBytes = 40 * 1024 * 1024;
    assert.ok(text.length > partBytes, `${text.length} bytes`);
    let first: { spills: object; entries: readonly ThreadsEntry[] } | null = null;
    for (const [threads, batchSize] of [
      [1, 5000],
      [2, 100],
      [4, 5000],
    ] as const) {
      const into = await sub(`threads-${threads}`);
      const effort = { threads, batchSize, inFlightBytesMax: threads * 8 * 1024 * 1024 };
      const { spills, entries } = await spill(into, text, { buckets, partBytes, ...effort });
      assert.equal(entries.length, 2);
      assert.ok(blocksOf(spills[0]) > 2, 'the first part has two stripes and more blocks of a bucket');
      const assembled = await assemble(into, spills, { buckets, threads });
      const made = { spills: entries, entries: assembled };
      first ??= made;
      assert.deepEqual(made, first, `${threads} threads`);
    }
    assert.equal(
      first?.entries.reduce((sum, { threads }) => sum + threads, 0),
      300,
    );
  }).timeout(120_000);

  it('for any number of assembling threads and any memory, in every format', async () => {
    const { comments, submissions } = hostilePair(28);
    const buckets = 4;
    for (const format of formats) {
      const from = await sub(`memory-${format}`);
      const shape = { buckets, format, keepRaw: true };
      const spills = [
        ...(await spillHere(from, comments, { ...shape, partLines: 40 })),
        ...(await spillHere(from, submissions, { ...shape, kind: 'submissions' as const })),
      ];
      const want = await assembleHere(from, spills, { ...shape, joined: true });
      const hashes = await threadHashes(from);
      assert.equal(Object.keys(hashes).length, 2 * buckets);
      for (const payloadBytesMax of [1, 100, 1000, 10_000]) {
        const into = await sub(`memory-${format}-${payloadBytesMax}`);
        assert.deepEqual(await assembleHere(into, spills, { ...shape, joined: true, payloadBytesMax }), want);
        assert.deepEqual(await threadHashes(into), hashes);
      }
      for (const threads of [2, 4]) {
        const into = await sub(`threads-${format}-${threads}`);
        assert.deepEqual(await assemble(into, spills, { ...shape, joined: true, threads }), want);
        assert.deepEqual(await threadHashes(into), hashes);
      }
    }
  });

  it('in several passes over a bucket of many blocks and row groups', async () => {
    // about 70 MiB of payload in one bucket: passes of 8 MiB against one of all; six row groups
    const text = manyComments({ comments: 80_000, threads: 3, bodyBytes: 800 });
    const from = await sub('passes');
    const { spills } = await spill(from, text, { partBytes: 50 * 1024 * 1024, threads: 2 });
    const [once] = await assembleHere(from, spills, { payloadBytesMax: 512 * 1024 * 1024 });
    const [often] = await assembleHere(await sub('often'), spills, { payloadBytesMax: 8 * 1024 * 1024 });
    const [little] = await assemble(await sub('little'), spills, { limitBytes: 1 });
    assert.deepEqual([often, little], [once, once]);
  }).timeout(120_000);

  it('wherever parts, stripes and blocks end', async () => {
    const buckets = 2;
    const { comments } = hostilePair(1010);
    const made = [];
    for (const partLines of [1, 7, 100, 100_000]) {
      const into = await sub(`lines-${partLines}`);
      const spills = await spillHere(into, comments, { buckets, partLines });
      made.push({ spills: spills.length, entries: await assembleHere(into, spills, { buckets }) });
    }
    assert.ok((made[0]?.spills ?? 0) > 50 && made[3]?.spills === 1);
    for (const { entries } of made) assert.deepEqual(entries, made[0]?.entries);
  });

  it('in the memory of a bucket before, whatever that held', async () => {
    const from = await sub('reuse');
    const buckets = 6;
    const spills = await spillHere(from, hostilePair(1006).comments, { buckets });
    const together = await assembleHere(from, spills, { buckets });
    for (const { index, sha256, table } of together) {
      const [alone] = await assemble(await sub('alone'), spills, { buckets, todo: [index] });
      assert.deepEqual([alone?.sha256, alone?.table], [sha256, table]);
    }
  });
});
