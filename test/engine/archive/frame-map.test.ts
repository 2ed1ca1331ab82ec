import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { enterAt } from '../../../src/engine/archive/enter-at.ts';
import { frameAt, readFrameMap, type FrameMap } from '../../../src/engine/archive/frame-map.ts';
import { inspectArchive } from '../../../src/engine/archive/inspect.ts';
import { encodeSeekTable, type SeekEntry } from '../../../src/engine/archive/seek-table.ts';
import { comment } from '../pipeline/scene.ts';

const texts = [0, 1, 2, 3].map((part) =>
  Array.from({ length: 5 + part }, (_, line) => `${comment(part * 10 + line, 90 + line)}\n`).join(''),
);
const text = texts.join('');

function frame(content: string, sized = true): Buffer {
  return zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: sized ? 1 : 0 } });
}

function entryOf(bytes: Buffer, content: string): SeekEntry {
  return { compressedBytes: bytes.length, decompressedBytes: content.length, checksum: 0 };
}

describe('readFrameMap()', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-map-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function write(...pieces: readonly Uint8Array[]): string {
    const file = path.join(folder, 'RC_2023-01.zst');
    writeFileSync(file, Buffer.concat(pieces));
    return file;
  }

  function expected(from: FrameMap['from'], frames: readonly Buffer[]): FrameMap {
    let [compressed, decompressed] = [0, 0];
    const points = frames.map((bytes, index) => {
      const point = { compressed, decompressed };
      compressed += bytes.length;
      decompressed += (texts[index] as string).length;
      return point;
    });
    return { from, frames: points, contentBytes: text.length };
  }

  const sized = texts.map((content) => frame(content));
  const unsized = texts.map((content) => frame(content, false));
  const entries = (frames: readonly Buffer[]): SeekEntry[] =>
    frames.map((bytes, index) => entryOf(bytes, texts[index] as string));

  it('takes a seek table that is true to the frames, whether they say their sizes or not', () => {
    for (const frames of [sized, unsized])
      assert.deepEqual(
        readFrameMap(write(...frames, encodeSeekTable(entries(frames)))),
        expected('seek-table', frames),
      );
  });

  it('takes the frames by their own headers where there is no table', () => {
    assert.deepEqual(readFrameMap(write(...sized)), expected('frame-headers', sized));
    assert.equal(readFrameMap(write(...unsized)), null);
    assert.equal(readFrameMap(write(...sized.slice(0, 3), unsized[3] as Buffer)), null);
    assert.equal(readFrameMap(write(...sized, Buffer.from('garbage behind'))), null);
    assert.equal(readFrameMap(write(Buffer.concat(sized).subarray(0, -3))), null);
  });

  it('does not believe a table that lies', () => {
    const good = entries(unsized);
    const [first, ...others] = good as [SeekEntry, ...SeekEntry[]];
    const shifted = { ...first, compressedBytes: first.compressedBytes + 1 };
    const lies: readonly (readonly SeekEntry[])[] = [
      [],
      good.slice(1),
      [...good, first],
      [shifted, ...others],
      [{ ...first, compressedBytes: 0 }, ...good],
      [{ ...first, compressedBytes: 0xffff_ffff }, ...others],
    ];
    for (const lie of lies) assert.equal(readFrameMap(write(...unsized, encodeSeekTable(lie))), null);
    // where the frames know better, they are asked instead
    const [known, ...rest] = entries(sized) as [SeekEntry, ...SeekEntry[]];
    const wrong = encodeSeekTable([{ ...known, decompressedBytes: known.decompressedBytes + 1 }, ...rest]);
    assert.deepEqual(readFrameMap(write(...sized, wrong)), expected('frame-headers', sized));
    const table = encodeSeekTable(good);
    const many = Buffer.from(table);
    many.writeUInt32LE(0xffff_ffff, many.length - 9);
    assert.equal(readFrameMap(write(...unsized, many)), null);
    for (let bit = 0; bit < 8 * 9; bit++) {
      const bytes = Buffer.from(table);
      const at = bytes.length - 9 + (bit >> 3);
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      const found = readFrameMap(write(...unsized, bytes));
      // the two bits without a meaning may be anything
      if (found !== null) assert.deepEqual([found, bit >> 3], [expected('seek-table', unsized), 4]);
    }
  });

  it('frameAt() gives the frame that holds a byte', () => {
    const map = expected('seek-table', sized);
    for (let offset = 0; offset < text.length; offset++) {
      const found = frameAt(map, offset);
      const next = map.frames[map.frames.indexOf(found) + 1]?.decompressed ?? Infinity;
      assert.ok(found.decompressed <= offset && offset < next);
    }
  });

  it('is how a line at any byte is reached, and the same line as without it', () => {
    const mapped = [...sized, encodeSeekTable(entries(sized))];
    for (const pieces of [mapped, unsized]) {
      const file = write(...pieces);
      for (let offset = 0; offset <= text.length + 2; offset += offset < 200 ? 1 : 17) {
        const entered = enterAt({ path: file, container: 'zstd' }, offset);
        const { reader, text: read } = entered;
        const rest = Buffer.alloc(10_000);
        const length = reader.read(rest);
        reader.close();
        const border = offset === 0 ? 0 : text.indexOf('\n', offset - 1) + 1;
        const begins = offset > text.length || (border === 0 && offset > 0) ? text.length : border;
        assert.equal(entered.offset, begins, `byte ${offset}`);
        assert.equal(Buffer.concat([read, rest.subarray(0, length)]).toString(), text.slice(begins));
      }
    }
  });

  it('is told by inspection, with the exact size of the text', async () => {
    const found = await inspectArchive(write(...unsized, encodeSeekTable(entries(unsized))));
    const { entry, frames, framesComplete, contentBytes } = found;
    assert.deepEqual([entry, frames, framesComplete, contentBytes], ['seek-table', 4, true, text.length]);
    const { entry: none } = await inspectArchive(write(...unsized));
    assert.equal(none, null);
  });
});
