import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { nothingWritten, type ReframeCursor } from '../../../src/contract/reframe.ts';
import {
  readSeekEntries,
  readSeekFooter,
  seekFooterBytes,
  type SeekEntry,
} from '../../../src/engine/archive/seek-table.ts';
import { finishFrames } from '../../../src/engine/reframe/finish-frames.ts';
import { FrameCutter, frameCapacity } from '../../../src/engine/reframe/frame-cutter.ts';
import { writeFrames, type WrittenFrames } from '../../../src/engine/reframe/write-frames.ts';

const MiB = 2 ** 20;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Lines of up to `most` bytes that zstd can't make small for nothing. */
function linesOf(bytes: number, most: number): Buffer {
  const lines: string[] = [];
  let state = 11;
  for (let made = 0; made < bytes;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const line = `${state.toString(36).repeat(1 + (state % Math.ceil(most / 6)))}\n`;
    lines.push(line);
    made += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

/** Cut by a cutter that is fed so many bytes at a time, from a place on. */
function cut(text: Uint8Array, frameBytes: number, chunk: number, capacity: number): readonly Buffer[] {
  const frames: Buffer[] = [];
  let memory = new Uint8Array(capacity);
  const cutter = new FrameCutter(frameBytes, memory);
  for (let at = 0; at < text.length;) {
    at += cutter.take(text.subarray(at, Math.min(text.length, at + chunk)));
    if (!cutter.isFull) continue;
    frames.push(Buffer.from(memory.subarray(0, cutter.bytes)));
    memory = new Uint8Array(capacity);
    cutter.next(memory);
  }
  if (cutter.bytes > 0) frames.push(Buffer.from(memory.subarray(0, cutter.bytes)));
  return frames;
}

describe('FrameCutter', () => {
  const text = linesOf(3_000, 90);

  it('ends a frame behind the first line feed at or behind its last byte, however the text comes', () => {
    for (const frameBytes of [1, 64, 65, 500, 2_999, 3_000, 4_000]) {
      const whole = cut(text, frameBytes, text.length, 4_100);
      for (const chunk of [1, 7, 64, 997]) assert.deepEqual(cut(text, frameBytes, chunk, 4_100), whole);
      assert.ok(Buffer.concat(whole).equals(text));
      for (const frame of whole.slice(0, -1)) {
        assert.equal(frame.at(-1), 0x0a);
        assert.equal(frame.indexOf(0x0a, frameBytes - 1), frame.length - 1);
      }
    }
  });

  it('ends a frame inside a line where its memory is full, and goes on', () => {
    const line = Buffer.alloc(1_000, 0x61);
    const frames = cut(line, 100, 33, 300);
    assert.deepEqual(
      frames.map(({ length }) => length),
      [300, 300, 300, 100],
    );
    assert.equal(frameCapacity(MiB), 17 * MiB);
  });

  it('makes the same frames from the start of any of them on', () => {
    const frames = cut(text, 200, 50, 4_100);
    let at = 0;
    for (const [index, { length }] of frames.entries()) {
      assert.deepEqual(cut(text.subarray(at), 200, 61, 4_100), frames.slice(index));
      at += length;
    }
  });
});

describe('writeFrames() and finishFrames()', () => {
  let folder: string;
  let archive: string;
  const text = linesOf(9 * MiB + 17, 20_000);
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-reframe-'));
    archive = path.join(folder, 'a.jsonl');
    writeFileSync(archive, text);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** `stopAfter`: asked to stop at so many bytes read. */
  function write(
    temporary: string,
    cursor: ReframeCursor,
    options: { readonly stopAfter?: number; readonly seen?: ReframeCursor[]; readonly threads?: number } = {},
  ): Promise<WrittenFrames> {
    const { stopAfter = Infinity, seen, threads = 2 } = options;
    const controller = new AbortController();
    return writeFrames({
      archive: { path: archive, container: 'plain', compressedBytes: text.length },
      temporary,
      frameBytes: MiB,
      level: 3,
      cursor,
      threads,
      signal: controller.signal,
      onDurable: (durable) => seen?.push(durable),
      onRead: (_compressed, decompressed) => {
        if (decompressed >= stopAfter) controller.abort();
      },
    });
  }

  async function made(name: string, from: ReframeCursor = nothingWritten): Promise<Buffer> {
    const output = path.join(folder, `${name}.zst`);
    const temporary = path.join(folder, `${name}.tmp`);
    const { cursor, contentSha256 } = await write(temporary, from);
    assert.equal(contentSha256, sha256(text));
    const finished = await finishFrames({
      output,
      temporary,
      cursor,
      contentSha256,
      onChunk: () => undefined,
    });
    const bytes = readFileSync(output);
    assert.deepEqual(finished, { frames: cursor.frames, bytes: bytes.length, sha256: sha256(bytes) });
    return bytes;
  }

  function tableOf(bytes: Buffer): readonly SeekEntry[] {
    const footer = readSeekFooter(bytes.subarray(-seekFooterBytes));
    assert.ok(footer !== null);
    const entries = readSeekEntries(bytes.subarray(-footer.tableBytes), footer);
    assert.ok(entries !== null);
    return entries;
  }

  it('write independent frames of whole lines, with a table that says where each is', async () => {
    const bytes = await made('whole');
    const entries = tableOf(bytes);
    assert.ok(entries.length > 7, `${entries.length} frames`);
    let [from, at] = [0, 0];
    for (const { compressedBytes, decompressedBytes, checksum } of entries) {
      const frame = bytes.subarray(from, from + compressedBytes);
      const expected = text.subarray(at, at + decompressedBytes);
      assert.ok(zstdDecompressSync(frame).equals(expected));
      assert.equal(frame.readUInt32LE(frame.length - 4), checksum);
      from += compressedBytes;
      at += decompressedBytes;
      assert.ok(at === text.length || text[at - 1] === 0x0a);
    }
    assert.equal(at, text.length);
  });

  it('make the same file from whatever was durable when they were interrupted, on however many threads', async () => {
    const whole = await made('undisturbed');
    const stopped = await write(path.join(folder, 'stopped.tmp'), nothingWritten, { stopAfter: 4 * MiB });
    assert.equal(stopped.contentSha256, null);
    assert.ok(stopped.cursor.frames >= 2 && stopped.cursor.decompressed < text.length);
    // what a killed attempt had written behind it counts for nothing
    const temporary = path.join(folder, 'stopped.tmp');
    writeFileSync(temporary, Buffer.alloc(3 * MiB, 0x55), { flag: 'a' });
    assert.ok((await made('stopped', stopped.cursor)).equals(whole));
    const again = path.join(folder, 'one.tmp');
    const one = await write(again, nothingWritten, { threads: 1, stopAfter: 6 * MiB });
    assert.ok((await made('one', one.cursor)).equals(whole));
  });

  it('begin anew where the file is shorter than was told, or another zstd made it', async () => {
    const whole = await made('reference');
    const lost = await write(path.join(folder, 'gone.tmp'), nothingWritten, { stopAfter: 4 * MiB });
    rmSync(path.join(folder, 'gone.tmp'));
    assert.ok((await made('gone', lost.cursor)).equals(whole));
    const other = await write(path.join(folder, 'other.tmp'), nothingWritten, { stopAfter: 4 * MiB });
    writeFileSync(path.join(folder, 'other.tmp'), Buffer.alloc(other.cursor.compressed));
    assert.ok((await made('other', { ...other.cursor, zstd: '0.0.1' })).equals(whole));
  });

  it('tell of frames in order, each time more', async () => {
    const seen: ReframeCursor[] = [];
    const { cursor } = await write(path.join(folder, 'seen.tmp'), nothingWritten, { seen });
    assert.deepEqual(seen.at(-1), cursor);
    assert.deepEqual(
      seen.map(({ compressed }) => compressed),
      seen.map(({ compressed }) => compressed).sort((a, b) => a - b),
    );
  });

  it('refuse to give the name to a file that does not hold the text; give it once', async () => {
    const output = path.join(folder, 'damaged.zst');
    const temporary = path.join(folder, 'damaged.tmp');
    const { cursor, contentSha256 } = await write(temporary, nothingWritten);
    assert.ok(contentSha256 !== null);
    const good = readFileSync(temporary);
    const finish = (): ReturnType<typeof finishFrames> =>
      finishFrames({ output, temporary, cursor, contentSha256, onChunk: () => undefined });
    const bad = Buffer.from(good);
    bad[good.length >> 1] = (bad[good.length >> 1] as number) ^ 1;
    writeFileSync(temporary, bad);
    await assert.rejects(finish(), { code: 'OUTPUT_FAILED', message: /does not hold the text/ });
    assert.throws(() => readFileSync(output), { code: 'ENOENT' });
    writeFileSync(temporary, good);
    const first = await finish();
    // killed before it could tell: the next attempt finds its own work
    assert.deepEqual(await finish(), first);
  });
});
