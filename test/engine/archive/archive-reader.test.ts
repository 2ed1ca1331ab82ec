import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { ArchiveReader } from '../../../src/engine/archive/archive-reader.ts';
import { FrameWalker } from '../../../src/engine/archive/frame-walker.ts';

/** Some 2 MiB of lines that compress to a third, so that deflate has many blocks. */
function text(): Buffer {
  const lines: string[] = [];
  for (let i = 0, state = 7; i < 30_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    lines.push(`{"id":"${state.toString(36)}","body":"${(state ^ 0x5555).toString(36).repeat(4)}"}\n`);
  }
  return Buffer.from(lines.join(''));
}

describe('ArchiveReader', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'threadmill-reader-'));
  });
  after(() => rm(folder, { recursive: true }));

  function readAll(file: string, roomBytes: number): { bytes: Buffer; hole: number | undefined } {
    const reader = new ArchiveReader(file, 'gzip', { salvage: true });
    const room = new Uint8Array(roomBytes);
    const pieces: Buffer[] = [];
    for (let given = reader.read(room); given > 0; given = reader.read(room))
      pieces.push(Buffer.from(room.subarray(0, given)));
    const hole = reader.holes[0]?.compressedFrom;
    reader.close();
    return { bytes: Buffer.concat(pieces), hole };
  }

  it('read() gives the same bytes of a damaged gzip archive whatever room it is given', async () => {
    const whole = text();
    const damaged = gzipSync(whole);
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 64);
    const file = path.join(folder, 'damaged.gz');
    await writeFile(file, damaged);
    const first = readAll(file, 64 * 1024);
    assert.notEqual(first.hole, undefined);
    assert.ok(first.bytes.length > whole.length / 4);
    for (const roomBytes of [4_099, 68 * 1024, 100 * 1024, 1024 * 1024]) {
      const { bytes, hole } = readAll(file, roomBytes);
      // megabytes: their difference would take a minute to draw
      assert.deepEqual([bytes.length, hole], [first.bytes.length, first.hole], `${roomBytes} bytes of room`);
      assert.ok(bytes.equals(first.bytes), `${roomBytes} bytes of room`);
    }
  });

  it('read() gives all of a whole gzip archive whatever room it is given', async () => {
    const whole = text();
    const file = path.join(folder, 'whole.gz');
    await writeFile(
      file,
      Buffer.concat([gzipSync(whole.subarray(0, 65_536)), gzipSync(whole.subarray(65_536))]),
    );
    for (const roomBytes of [1_000, 64 * 1024, 100 * 1024]) {
      const { bytes, hole } = readAll(file, roomBytes);
      assert.equal(hole, undefined);
      assert.ok(bytes.equals(whole), `${roomBytes} bytes of room`);
    }
  });

  it('read() tells damage at the start of its block, from whichever frame it entered', async () => {
    const frames = [text().subarray(0, 500_000), text(), text().subarray(0, 500_000)].map((bytes) =>
      zstdCompressSync(bytes),
    );
    const damaged = Buffer.concat(frames);
    // a block that goes over the border of two reads of one who begins at the archive's start
    const readBytes = 256 * 1024;
    let block = 0;
    for (const piece of new FrameWalker().feed(damaged))
      if (piece.type === 'data' && piece.offset < readBytes && piece.offset + piece.data.length > readBytes)
        block = piece.offset;
    damaged.fill(0xff, block, block + 200);
    const file = path.join(folder, 'damaged.zst');
    await writeFile(file, damaged);
    const second = { compressed: frames[0]?.length ?? 0, decompressed: 500_000 };
    for (const from of [{ compressed: 0, decompressed: 0 }, second]) {
      const reader = new ArchiveReader(file, 'zstd', { from, salvage: true });
      const room = new Uint8Array(64 * 1024);
      while (reader.read(room) > 0);
      assert.deepEqual(
        reader.holes.map(({ compressedFrom }) => compressedFrom),
        [block],
      );
      reader.close();
    }
  });

  it('read() gives the same text where its decoder is told of a smaller window than the archive declares', async () => {
    const half = text();
    // the second half is one long way back to the first
    const whole = Buffer.concat([half, half]);
    for (const windowLog of [23, 25, 27]) {
      const frames = [whole, half, Buffer.from('{}\n')].map((content) => {
        const packer = createZstdCompress({
          params: { [constants.ZSTD_c_windowLog]: windowLog, [constants.ZSTD_c_checksumFlag]: 1 },
        });
        // as dumps are: it does not know how much will come
        packer.write(content.subarray(0, 1));
        packer.end(content.subarray(1));
        return bytesOf(packer);
      });
      const file = path.join(folder, 'window.zst');
      await writeFile(file, Buffer.concat(await Promise.all(frames)));
      const expected = Buffer.concat([whole, half, Buffer.from('{}\n')]);
      for (const contentBytesMax of [expected.length, 2 * expected.length, Infinity]) {
        const reader = new ArchiveReader(file, 'zstd', { contentBytesMax });
        const room = new Uint8Array(expected.length + 1);
        const given = reader.read(room);
        assert.deepEqual([given, reader.damage, reader.windowBytes], [expected.length, null, 2 ** windowLog]);
        assert.ok(expected.equals(room.subarray(0, given)));
        reader.close();
      }
    }
  });
});

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
