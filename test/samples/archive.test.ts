import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { generateArchive, type ArchiveOptions } from '../../samples/generator/archive.ts';
import { generateLines } from '../../samples/generator/generate-lines.ts';
import { classify } from './classify.ts';

/** Offsets of the frames, by walking blocks as RFC 8878 lays them out. */
function framesOf(
  bytes: Buffer,
): { offset: number; windowLog: number; checksum: boolean; contentSize: boolean }[] {
  const frames = [];
  for (let at = 0; at < bytes.length;) {
    assert.equal(bytes.readUInt32LE(at), 0xfd2fb528, `magic number at ${at}`);
    const descriptor = bytes[at + 4] ?? 0;
    const checksum = (descriptor & 4) !== 0;
    const contentSize = descriptor >>> 6 !== 0 || (descriptor & 32) !== 0;
    frames.push({ offset: at, windowLog: 10 + ((bytes[at + 5] ?? 0) >>> 3), checksum, contentSize });
    assert.ok(!contentSize, 'no content size, as in real dumps');
    at += 6;
    for (let last = false; !last;) {
      const header = bytes.readUIntLE(at, 3);
      last = (header & 1) === 1;
      at += 3 + (((header >>> 1) & 3) === 1 ? 1 : header >>> 3);
    }
    if (checksum) at += 4;
  }
  return frames;
}

describe('generateArchive()', () => {
  const content = { kind: 'comments', era: '2023', bytes: 700_000, seed: 9 } as const;
  const plain = (): Buffer => Buffer.concat([...generateLines(content)]);
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'threadmill-samples-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  async function make(
    options: Partial<ArchiveOptions>,
  ): Promise<{ result: Awaited<ReturnType<typeof generateArchive>>; bytes: Buffer }> {
    const path = join(folder, 'archive');
    const result = await generateArchive({ ...content, ...options }, path);
    return { result, bytes: await readFile(path) };
  }

  it('writes one zstd frame that declares the window asked for and no content size', async () => {
    for (const windowLog of [10, 22, 27]) {
      const { result, bytes } = await make({ windowLog });
      assert.deepEqual(framesOf(bytes), [{ offset: 0, windowLog, checksum: false, contentSize: false }]);
      assert.equal(result.frames, 1);
      assert.equal(result.compressedBytes, bytes.length);
      assert.ok(zstdDecompressSync(bytes).equals(plain()));
    }
  });

  it('declares 2 GiB with windowLog 31', async () => {
    const { bytes } = await make({ windowLog: 31, bytes: 20_000 });
    assert.equal(framesOf(bytes)[0]?.windowLog, 31);
  });

  it('cuts into frames by count or by size, anywhere in a line', async () => {
    const whole = plain();
    const seven = await make({ frames: 7, checksum: true });
    assert.equal(seven.result.frames, 7);
    const sized = await make({ frameBytes: 64_000 });
    assert.equal(sized.result.frames, Math.ceil(whole.length / 64_000));
    for (const { result, bytes } of [seven, sized]) {
      const frames = framesOf(bytes);
      assert.equal(frames.length, result.frames);
      const parts = frames.map(({ offset }, i) =>
        zstdDecompressSync(bytes.subarray(offset, frames[i + 1]?.offset)),
      );
      assert.ok(Buffer.concat(parts).equals(whole));
    }
    assert.ok(framesOf(seven.bytes).every(({ checksum }) => checksum));
  });

  it('writes plain and gzip', async () => {
    assert.ok((await make({ packing: 'plain' })).bytes.equals(plain()));
    assert.ok(gunzipSync((await make({ packing: 'gzip' })).bytes).equals(plain()));
  });

  it('refuses frames of plain text, both ways of cutting, and a window out of range', async () => {
    await assert.rejects(make({ packing: 'plain', frames: 2 }), RangeError);
    await assert.rejects(make({ frames: 2, frameBytes: 100 }), RangeError);
    await assert.rejects(make({ windowLog: 32 }), /windowLog is 32/);
    await assert.rejects(make({ era: 'never' }), /Cannot read era 'never'/);
  });
});

describe('samples/austinfood_comments.zst', () => {
  it('is one frame of r/austinfood with a small window, fewer than 0.3 % of its lines dirty', async () => {
    const bytes = await readFile(new URL('../../samples/austinfood_comments.zst', import.meta.url));
    const [frame, ...others] = framesOf(bytes);
    assert.equal(others.length, 0);
    assert.equal(frame?.windowLog, 22);
    assert.ok(bytes.length > 800_000 && bytes.length < 1_300_000, String(bytes.length));
    const found = classify(zstdDecompressSync(bytes), 'comments');
    const rejects = Object.values(found.rejected).reduce((sum, count) => sum + count, 0);
    assert.ok(rejects > 0 && rejects + found.blank < found.lines * 0.003, `${rejects} of ${found.lines}`);
    assert.ok(found.kept > found.lines * 0.8 && found.deleted > 0 && found.removed > 0 && found.lowScore > 0);
  });
});
