/**
 * The file of a part's spilled rows: the blocks as they came, then what finds those of one bucket. All numbers are little-endian.
 *
 *     blocks                      zstd frames, each block's keys before its payload
 *     entries                     one of `entryBytes` a block, by bucket: offset f64, keysBytes, payloadBytes, plainBytes, rows u32
 *     directory                   u32 a bucket and one more: its first entry
 *     what the part says of itself   JSON, as in a Parquet footer
 *     tail of `tailBytes`         offset of the entries f64, buckets, entries, JSON bytes u32, magic
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ThreadmillError } from '../../core/errors.ts';
import { outputError } from '../output/atomic-file.ts';
import type { PartFraming } from '../output/format.ts';
import { zstdFrameContent } from '../output/zstd-frame.ts';
import type { SpillBlock } from './spill-encoder.ts';

export const spillExtension = 'spill';
const magic = 0x314c5354; // TSL1
const entryBytes = 24;
const tailBytes = 24;
const nothing = new Uint8Array(0);

/** The framing of a spill file: nothing stands before the blocks. */
export function spillFraming(buckets: number): PartFraming {
  return {
    extension: spillExtension,
    header: () => nothing,
    footer: (stripes, keyValues) => {
      const places = stripes.flatMap(({ offset, stripe }) => {
        let at = offset;
        // `meta` is what `finish` of the spill encoder gave
        return (stripe.meta as readonly SpillBlock[]).map((block) => {
          const place = { ...block, offset: at };
          at += block.keysBytes + block.payloadBytes;
          return place;
        });
      });
      const entriesAt = stripes.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), 0);
      return footerOf(places, buckets, entriesAt, JSON.stringify(keyValues));
    },
  };
}

type Place = SpillBlock & { readonly offset: number };

function footerOf(places: readonly Place[], buckets: number, entriesAt: number, text: string): Uint8Array {
  const sorted = places.toSorted((a, b) => a.bucket - b.bucket); // stable: blocks of a bucket stay in their order
  const json = Buffer.from(text, 'utf8');
  const directoryAt = sorted.length * entryBytes;
  const jsonAt = directoryAt + (buckets + 1) * 4;
  const footer = Buffer.alloc(jsonAt + json.length + tailBytes);
  const firsts = new Uint32Array(buckets + 1);
  for (const [index, { bucket, offset, keysBytes, payloadBytes, plainBytes, rows }] of sorted.entries()) {
    const at = index * entryBytes;
    footer.writeDoubleLE(offset, at);
    footer.writeUInt32LE(keysBytes, at + 8);
    footer.writeUInt32LE(payloadBytes, at + 12);
    footer.writeUInt32LE(plainBytes, at + 16);
    footer.writeUInt32LE(rows, at + 20);
    firsts[bucket + 1] = (firsts[bucket + 1] as number) + 1;
  }
  let first = 0;
  for (let bucket = 0; bucket <= buckets; bucket++) {
    first += firsts[bucket] as number;
    footer.writeUInt32LE(first, directoryAt + bucket * 4);
  }
  json.copy(footer, jsonAt);
  const tail = jsonAt + json.length;
  footer.writeDoubleLE(entriesAt, tail);
  footer.writeUInt32LE(buckets, tail + 8);
  footer.writeUInt32LE(sorted.length, tail + 12);
  footer.writeUInt32LE(json.length, tail + 16);
  footer.writeUInt32LE(magic, tail + 20);
  return footer;
}

/** Where a block stands in its file. */
export interface BlockPlace {
  readonly offset: number;
  readonly keysBytes: number;
  readonly payloadBytes: number;
  /** The larger of the two, uncompressed. */
  readonly plainBytes: number;
  readonly rows: number;
}

/** What was read last: one buffer a thread, since each takes one block after another. */
let input = Buffer.alloc(64 * 1024);

/** A spill file of known size, read at any place. One open file; what a method gives is valid until the next call of any reader. */
export class SpillReader {
  private readonly path: string;
  private readonly file: number;
  private readonly entriesAt: number;
  private readonly entries: number;
  private readonly buckets: number;

  /** @throws ThreadmillError DATASET_INVALID where it is missing, of another size or damaged, as every method here. */
  constructor(path: string, bytes: number, buckets: number) {
    this.path = path;
    try {
      this.file = openSync(path, 'r');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw this.invalid('it is gone', cause);
      throw outputError(path, cause);
    }
    try {
      const { size } = fstatSync(this.file);
      if (size !== bytes) throw this.invalid(`it has ${size} bytes, but was written with ${bytes}`);
      const tail = this.read(size - tailBytes, tailBytes);
      if (tail.readUInt32LE(20) !== magic || tail.readUInt32LE(8) !== buckets)
        throw this.invalid(`it is no spill of ${buckets} buckets`);
      this.entriesAt = tail.readDoubleLE(0);
      this.buckets = buckets;
      this.entries = tail.readUInt32LE(12);
    } catch (error) {
      closeSync(this.file);
      throw error;
    }
  }

  /** The blocks of a bucket, in the order of their rows. */
  blocks(bucket: number): readonly BlockPlace[] {
    if (bucket >= this.buckets) throw new RangeError(`No bucket ${bucket} of ${this.buckets}`);
    const directory = this.read(this.entriesAt + this.entries * entryBytes + bucket * 4, 8);
    const [from, to] = [directory.readUInt32LE(0), directory.readUInt32LE(4)];
    if (from > to || to > this.entries) throw this.invalid('its directory is damaged');
    const entries = this.read(this.entriesAt + from * entryBytes, (to - from) * entryBytes);
    return Array.from({ length: to - from }, (_, index) => {
      const at = index * entryBytes;
      return {
        offset: entries.readDoubleLE(at),
        keysBytes: entries.readUInt32LE(at + 8),
        payloadBytes: entries.readUInt32LE(at + 12),
        plainBytes: entries.readUInt32LE(at + 16),
        rows: entries.readUInt32LE(at + 20),
      };
    });
  }

  keys(place: BlockPlace): Uint8Array {
    return this.frame(place.offset, place.keysBytes, place.plainBytes);
  }

  payload(place: BlockPlace): Uint8Array {
    return this.frame(place.offset + place.keysBytes, place.payloadBytes, place.plainBytes);
  }

  close(): void {
    closeSync(this.file);
  }

  private frame(offset: number, bytes: number, plainBytes: number): Uint8Array {
    try {
      return zstdFrameContent(this.read(offset, bytes), plainBytes);
    } catch (cause) {
      if (cause instanceof ThreadmillError) throw cause;
      throw this.invalid(`its block at byte ${offset} is damaged: ${(cause as Error).message}`, cause);
    }
  }

  private read(offset: number, bytes: number): Buffer {
    if (input.length < bytes) input = Buffer.alloc(bytes * 2);
    const buffer = input.subarray(0, bytes);
    if (offset < 0) throw this.invalid('it is too short for a spill');
    let at = 0;
    while (at < bytes) {
      let count = 0;
      try {
        count = readSync(this.file, buffer, at, bytes - at, offset + at);
      } catch (cause) {
        throw outputError(this.path, cause);
      }
      if (count === 0) throw this.invalid(`it ends before byte ${offset + bytes}`);
      at += count;
    }
    return buffer;
  }

  private invalid(why: string, cause?: unknown): ThreadmillError {
    return new ThreadmillError(
      'DATASET_INVALID',
      `Cannot read spilled rows ${JSON.stringify(this.path)}: ${why}; make the dataset anew with --again`,
      { facts: { path: this.path }, cause },
    );
  }
}
