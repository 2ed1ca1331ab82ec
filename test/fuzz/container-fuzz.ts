/**
 * Feeds the frame parser and the reader archives that were whole once: damaged, cut, stuffed and shuffled. Whatever comes,
 * reading ends, says what is wrong as a value, and gives the same whatever room it has; with salvage it gives no less.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { createRandom, type Random } from '../../samples/generator/random.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { openReader } from '../../src/engine/archive/open-reader.ts';
import { containerOf } from '../../src/engine/archive/container.ts';
import { FrameFormatError, FrameWalker } from '../../src/engine/archive/frame-walker.ts';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import { frame, rawFrame, repeatFrame, skippable } from '../hostile/frames.ts';
import { pick } from './random-json.ts';

export interface ContainerReport {
  readonly archives: number;
  /** Those in which damage was found: neither all nor none. */
  readonly damaged: number;
}

const line = (id: number): string =>
  `{"id":"${id.toString(36)}","link_id":"t3_${(id * 7919).toString(36)}","created_utc":1600000000,"body":"${'word '.repeat(id % 40)}"}\n`;

function piece(random: Random): Buffer {
  const text = Array.from({ length: random.below(400) }, () => line(random.below(1_000_000))).join('');
  switch (random.below(8)) {
    case 0:
      return skippable(Buffer.alloc(random.below(3_000), random.below(256)), random.below(16));
    case 1:
      return repeatFrame(random.below(256), random.below(500_000));
    case 2:
      return rawFrame(
        random.below(256),
        Array.from({ length: random.below(10) }, () => random.below(256)),
        line(1),
      );
    case 3:
      return zlib.gzipSync(text);
    default:
      return frame(text, { checksum: random.chance(1 / 2) });
  }
}

function mutate(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length + 1);
  switch (random.below(7)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return copy.subarray(at);
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.alloc(random.below(50), random.below(256)),
        copy.subarray(at),
      ]);
    case 3:
      return Buffer.concat([
        copy.subarray(0, at),
        copy.subarray(Math.min(copy.length, at + random.below(300))),
      ]);
    case 4:
      return copy.fill(random.below(256), at, Math.min(copy.length, at + random.below(64)));
    default:
      for (let flips = 1 + random.below(4); flips > 0 && copy.length > 0; flips--) {
        // headers are where it hurts: half of the flips go to the first bytes
        const place = random.below(random.chance(1 / 2) ? Math.min(copy.length, 24) : copy.length);
        copy[place] = (copy[place] as number) ^ (1 << random.below(8));
      }
      return copy;
  }
}

interface Read {
  readonly text: Buffer;
  readonly damage: unknown;
  readonly holes: readonly { readonly compressedFrom: number; readonly compressedTo: number }[];
}

function read(file: string, bytes: Buffer, roomBytes: number, salvage: boolean): Read {
  const reader = openReader(file, containerOf(bytes), { salvage });
  const room = new Uint8Array(roomBytes);
  const pieces: Buffer[] = [];
  for (let given = reader.read(room); given > 0; given = reader.read(room)) {
    assert.ok(given <= room.length);
    pieces.push(Buffer.from(room.subarray(0, given)));
  }
  reader.close();
  assert.ok(reader.compressedOffset <= bytes.length);
  return { text: Buffer.concat(pieces), damage: reader.damage, holes: reader.holes };
}

/** The walker in chunks of any size: the same pieces, or the same error. */
function walk(bytes: Buffer, chunkBytes: number): string {
  const walker = new FrameWalker();
  const ends: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      for (const found of walker.feed(bytes.subarray(at, at + chunkBytes))) {
        if (found.type !== 'data') ends.push(`${found.type} ${found.offset}`);
      }
    }
  } catch (error) {
    if (!(error instanceof FrameFormatError)) throw error;
    return [...ends, `${error.offset} ${error.message}`].join();
  }
  return [...ends, String(walker.atBoundary)].join();
}

async function inspects(file: string, salvage: boolean): Promise<void> {
  try {
    const found = await inspectArchive(file, { salvage });
    assert.ok(Number.isFinite(found.estimatedBytes) && found.estimatedLines >= 0 && found.meanLineBytes >= 0);
  } catch (error) {
    if (!(error instanceof ThreadmillError)) throw error;
  }
}

/** So many archives from a seed; throws at the first that is not answered as it should be. */
export async function fuzzContainers({
  seed,
  archives,
}: {
  readonly seed: number;
  readonly archives: number;
}): Promise<ContainerReport> {
  const random = createRandom(seed);
  const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-fuzz-'));
  const file = path.join(folder, 'RC_2020-09.zst');
  let damaged = 0;
  try {
    for (let at = 0; at < archives; at++) {
      let bytes = Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => piece(random)));
      for (let times = random.below(4); times > 0; times--) bytes = Buffer.from(mutate(bytes, random));
      writeFileSync(file, bytes);
      const what = `archive ${at} of seed ${seed}`;
      const chunk = pick(random, [1, 3, 7, 1000]);
      assert.equal(walk(bytes, chunk), walk(bytes, bytes.length + 1), what);
      const whole = read(file, bytes, 1 << 20, false);
      const small = read(file, bytes, 1 + random.below(5_000), false);
      assert.ok(small.text.equals(whole.text), `${what}: other text in less room`);
      assert.deepEqual(small.damage, whole.damage, what);
      const salvaged = read(file, bytes, 1 << 16, true);
      assert.ok(salvaged.text.length >= whole.text.length, `${what}: salvage gives less`);
      assert.equal(salvaged.holes.length > 0, whole.damage !== null, what);
      salvaged.holes.forEach(({ compressedFrom, compressedTo }, hole) => {
        const next = salvaged.holes[hole + 1];
        assert.ok(
          compressedFrom <= compressedTo && compressedTo <= (next?.compressedFrom ?? bytes.length),
          what,
        );
      });
      if (whole.damage !== null) damaged++;
      await inspects(file, false);
      await inspects(file, true);
    }
    return { archives, damaged };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
