import { ByteWriter } from 'hyparquet-writer';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import type { ByteSink } from '../byte-sink.ts';
import { XxHash64 } from './xxhash64.ts';

/**
 * Format: bits of a filter for each value in it, at least; the next power of two may double them. Of the values that are
 * not there, 8 bits let one in 40 pass, 16 one in 1,000.
 */
const bitsPerValue = 8;
const blockBytes = 32;
/** Format: 2^20 bytes, the limit of parquet-java; a row group of 32 MiB of lines does not come near. */
const filterBytesMax = 1024 * 1024;
const initialValues = 1024;

/**
 * Collects a chunk's strings for a split-block bloom filter, which tells a reader that looks for one of them which row
 * groups cannot have it. A value that is added twice counts twice: give distinct ones where they are at hand. Memory:
 * 8 bytes a value.
 * @see https://github.com/apache/parquet-format/blob/master/BloomFilter.md
 */
export class BloomFilter {
  private readonly hasher = new XxHash64();
  /** High and low half of each hash. */
  private hashes = new Int32Array(2 * initialValues);
  private count = 0;

  /** Strings in PLAIN layout: bytes [0, end). */
  addStrings(plain: DataView, end: number): void {
    const { hasher } = this;
    for (let at = 0; at < end;) {
      const size = plain.getUint32(at, true);
      hasher.hash(plain, at + 4, size);
      if (2 * this.count === this.hashes.length) this.grow();
      this.hashes[2 * this.count] = hasher.high;
      this.hashes[2 * this.count + 1] = hasher.low;
      this.count++;
      at += 4 + size;
    }
  }

  /** Appends the filter with its header; gives its bytes, 0 where there is no value. */
  push(sink: ByteSink): number {
    if (this.count === 0) return 0;
    const start = sink.length;
    const bytes = this.filterBytes();
    const header = new ByteWriter(32);
    // BloomFilterHeader: size, and the one algorithm, hash and compression that there are
    const only = { field_1: {} };
    serializeTCompactProtocol(header, { field_1: bytes, field_2: only, field_3: only, field_4: only });
    sink.push(header.getBytes());
    sink.ensure(bytes);
    sink.bytes.fill(0, sink.length, sink.length + bytes);
    this.setAll(sink.view, sink.length, bytes / blockBytes);
    sink.length += bytes;
    return sink.length - start;
  }

  /** Empties it for the next chunk. */
  reset(): void {
    this.count = 0;
  }

  private setAll(view: DataView, filter: number, blocks: number): void {
    const { hashes, count } = this;
    for (let at = 0; at < 2 * count; at += 2) {
      // high half × blocks / 2^32: exact, for the product stays below 2^47
      const block = Math.floor((((hashes[at] as number) >>> 0) * blocks) / 2 ** 32);
      setBits(view, filter + block * blockBytes, hashes[at + 1] as number);
    }
  }

  /** A power of two: pyarrow takes no other. */
  private filterBytes(): number {
    let bytes = blockBytes;
    while (bytes * 8 < this.count * bitsPerValue && bytes < filterBytesMax) bytes *= 2;
    return bytes;
  }

  private grow(): void {
    const old = this.hashes;
    this.hashes = new Int32Array(old.length * 2);
    this.hashes.set(old);
  }
}

/** One bit in each of the block's eight words. */
function setBits(view: DataView, block: number, low: number): void {
  for (let word = 0; word < 8; word++) {
    const at = block + 4 * word;
    const bit = Math.imul(low, salts[word] as number) >>> 27;
    view.setInt32(at, view.getInt32(at, true) | (1 << bit), true);
  }
}

const salts = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);
