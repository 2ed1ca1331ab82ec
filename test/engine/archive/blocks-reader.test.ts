/** Files as arctic_shift's own writer makes them (`ZstBlock.write` in zst_blocks_format/python_cli/ZstBlocksFile.py). */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { BlocksReader } from '../../../src/engine/archive/blocks-reader.ts';
import { containerOf } from '../../../src/engine/archive/container.ts';
import { inspectArchive } from '../../../src/engine/archive/inspect.ts';
import { comment, keepAll, runToEnd } from '../pipeline/scene.ts';

type Infos = readonly (readonly [offset: number, size: number])[];

function packed(content: Buffer): Buffer {
  const frame = zstdCompressSync(content);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(frame.length);
  return Buffer.concat([size, frame]);
}

function content(count: number, infos: Infos, data: Buffer): Buffer {
  const head = Buffer.alloc(4 + infos.length * 8);
  head.writeUInt32LE(count);
  infos.forEach(([offset, size], row) => {
    head.writeUInt32LE(offset, 4 + row * 8);
    head.writeUInt32LE(size, 8 + row * 8);
  });
  return Buffer.concat([head, data]);
}

/** A block of these rows, one behind the other. */
function blockOf(rows: readonly string[]): Buffer {
  let at = 0;
  const infos = rows.map((row) => {
    const size = Buffer.byteLength(row);
    at += size;
    return [at - size, size] as const;
  });
  return packed(content(rows.length, infos, Buffer.from(rows.join(''))));
}

describe('BlocksReader', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-blocks-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const rows = Array.from({ length: 100 }, (_, id) => comment(id, 80 + (id % 7)));
  const blocks = [rows.slice(0, 40), rows.slice(40, 41), [], rows.slice(41)].map(blockOf);
  const archive = Buffer.concat(blocks);
  const text = rows.map((row) => `${row}\n`).join('');

  function write(bytes: Uint8Array, name = 'RC_2023-01.zst_blocks'): string {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  }

  function read(
    bytes: Uint8Array,
    { room = 1000, ...options }: { room?: number } & ConstructorParameters<typeof BlocksReader>[1] = {},
  ) {
    const reader = new BlocksReader(write(bytes, 'a'), options);
    const target = new Uint8Array(room);
    const pieces: Buffer[] = [];
    for (let given = reader.read(target); given > 0; given = reader.read(target))
      pieces.push(Buffer.from(target.subarray(0, given)));
    const { damage, holes, decompressedOffset } = reader;
    const frames = reader.takeFrames();
    reader.close();
    return { text: Buffer.concat(pieces).toString(), damage, holes, frames, decompressedOffset };
  }

  it('gives each row as a line, whatever room it is given', () => {
    for (const room of [1, 2, 79, 80, 81, 1000, 100_000]) {
      const { text: found, damage, decompressedOffset } = read(archive, { room });
      assert.equal(found, text, `${room} bytes of room`);
      assert.deepEqual([damage, decompressedOffset], [null, text.length]);
    }
  });

  it('can be entered at every block that it tells of', () => {
    const { frames } = read(archive);
    assert.equal(frames.length, 5);
    for (const from of frames) assert.equal(read(archive, { from }).text, text.slice(from.decompressed));
  });

  it('gives rows in any order and over each other, and no second line feed where a row has one', () => {
    const infos: Infos = [
      [4, 3],
      [0, 4],
      [0, 7],
      [2, 0],
    ];
    const { text: found } = read(packed(content(4, infos, Buffer.from('abc\nxyz'))));
    assert.equal(found, 'xyz\nabc\nabc\nxyz\n\n');
  });

  it('tells of a file that is cut off, and gives all blocks before it', () => {
    const ends = blocks.map((_, at) => Buffer.concat(blocks.slice(0, at + 1)).length);
    for (let cut = 1; cut < archive.length; cut++) {
      const { text: found, damage } = read(archive.subarray(0, cut));
      assert.ok(text.startsWith(found));
      if (ends.includes(cut)) assert.equal(damage, null, `cut at ${cut}, between two blocks, can't be seen`);
      else
        assert.deepEqual(
          [damage?.kind, damage?.compressed],
          ['truncated', ends.findLast((end) => end < cut) ?? 0],
        );
    }
  });

  it('refuses blocks that lie, takes no memory for them, and goes over them with salvage', () => {
    const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x28, 0xb5, 0x2f, 0xfd]);
    const liars: readonly (readonly [Buffer, RegExp])[] = [
      [packed(Buffer.alloc(0)), /rows that it tells of/],
      [packed(content(0xffff_ffff, [], Buffer.alloc(9))), /rows that it tells of/],
      [packed(content(1, [[0, 10]], Buffer.alloc(9))), /row 0 of a block lies outside/],
      [packed(content(1, [[0xffff_ffff, 0xffff_ffff]], Buffer.alloc(9))), /row 0 of a block lies outside/],
      [Buffer.concat([Buffer.from([5, 0, 0, 0]), Buffer.from('hello')]), /Not a zstd frame/],
    ];
    const [first, , , last] = blocks as [Buffer, Buffer, Buffer, Buffer];
    for (const [liar, message] of liars) {
      const bytes = Buffer.concat([first, liar, last]);
      const strict = read(bytes);
      assert.match(strict.damage?.message ?? '', message);
      assert.equal(strict.text, `${rows.slice(0, 40).join('\n')}\n`);
      const { text: found, holes } = read(bytes, { salvage: true });
      assert.equal(found, `${[...rows.slice(0, 40), ...rows.slice(41)].join('\n')}\n`);
      const [hole] = holes;
      assert.deepEqual(
        [hole?.compressedFrom, hole?.compressedTo],
        [first.length, first.length + liar.length],
      );
    }
    const { damage } = read(Buffer.concat([first, huge, last]));
    assert.match(damage?.message ?? '', /it would have 4294967295 bytes/);
  });

  it('is what inspection finds and the pipeline reads: the same parts as of the plain lines', async () => {
    const file = write(archive);
    assert.equal(containerOf(archive.subarray(0, 4096)), 'zst_blocks');
    const found = await inspectArchive(file);
    const { name, kind, container, frames, framesComplete, estimatedLines } = found;
    assert.deepEqual([name, kind, container], ['RC_2023-01', 'comments', 'zst_blocks']);
    assert.deepEqual([frames, framesComplete, estimatedLines], [4, true, 100]);
    const plain = { path: write(Buffer.from(text), 'plain.jsonl'), container: 'plain' } as const;
    const given = { partBytes: 2048, mill: { ...keepAll, format: 'jsonl' }, folder } as const;
    const expected = await runToEnd({ ...given, archive: plain });
    const run = await runToEnd({ ...given, archive: { path: file, container } });
    assert.deepEqual(
      run.entries.map(({ sha256 }) => sha256),
      expected.entries.map(({ sha256 }) => sha256),
    );
    for (const from of run.nexts.slice(0, -1)) {
      const rest = await runToEnd({ ...given, archive: { path: file, container }, from });
      assert.deepEqual(rest.entries, run.entries.slice(from.part));
    }
  });
});
