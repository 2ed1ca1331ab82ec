import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { FrameFormatError, FrameWalker, type FramePiece } from '../../../src/engine/archive/frame-walker.ts';

const skippable = Buffer.from([0x52, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const frameOf = (text: string, checksum = 0): Buffer =>
  zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_checksumFlag]: checksum } });

/** Walks `stream` in chunks of `size` bytes and decompresses each frame alone. */
function walk(stream: Buffer, size: number): { texts: string[]; ends: number[]; atBoundary: boolean } {
  const walker = new FrameWalker();
  const frames: Buffer[][] = [];
  const ends: number[] = [];
  const take = (piece: FramePiece): void => {
    if (piece.type === 'start') frames.push([]);
    else if (piece.type === 'end') ends.push(piece.offset);
    else frames.at(-1)?.push(Buffer.from(piece.data));
  };
  for (let at = 0; at < stream.length; at += size) {
    for (const piece of walker.feed(stream.subarray(at, at + size))) take(piece);
  }
  const texts = ends.map((_, i) => zlib.zstdDecompressSync(Buffer.concat(frames[i] ?? [])).toString());
  return { texts, ends, atBoundary: walker.atBoundary };
}

describe('FrameWalker', () => {
  const long = 'abc'.repeat(200_000) + Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 1013).join();
  const frames = [frameOf('one', 1), frameOf(''), frameOf(long, 1), skippable, frameOf('four')];
  const stream = Buffer.concat(frames);

  it('feed() finds every frame whatever the size of the chunks', () => {
    for (const size of [1, 2, 3, 5, 17, 4096, stream.length]) {
      const { texts, ends, atBoundary } = walk(stream, size);
      assert.deepEqual(texts, ['one', '', long, 'four'], `chunks of ${size} bytes`);
      assert.equal(ends.at(-1), stream.length);
      assert.equal(atBoundary, true);
    }
  });

  it('atBoundary is false at every cut inside a frame', () => {
    const frame = frameOf('one', 1);
    for (let cut = 1; cut < frame.length; cut++)
      assert.equal(walk(frame.subarray(0, cut), 4).atBoundary, false);
  });

  it('feed() names the offset of garbage between frames', () => {
    const dirty = Buffer.concat([frameOf('one'), Buffer.from('garbage')]);
    assert.throws(
      () => walk(dirty, 3),
      (error) => error instanceof FrameFormatError && error.offset === frameOf('one').length,
    );
  });
});
