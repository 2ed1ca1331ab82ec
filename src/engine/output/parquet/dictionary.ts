import { ByteSink } from '../byte-sink.ts';
import type { ColumnValues } from '../column-buffer.ts';

/** Format: a chunk's dictionary holds at most this many bytes of PLAIN values... */
const dictionaryBytesMax = 1024 * 1024;
/** ...and at most this share of the chunk's values; above it indices and dictionary save next to nothing. */
const distinctShareMax = 0.7;
/**
 * How often it is looked at whether that can still come true. The share falls as a chunk goes on (authors: 0.95 of the first
 * 1,024 comments, 0.63 of 22,000), so that only a column of nearly all different values is given up at once.
 */
const checkEvery = 1024;
const hopelessShares: readonly (readonly [seen: number, share: number])[] = [
  [8 * checkEvery, 0.85],
  [checkEvery, 0.97],
];
const initialSlots = 1024;
/** A table of so many slots is kept in any case: 64 KiB. */
const keptSlots = 8 * 1024;

/**
 * The distinct values of a column chunk in order of first appearance, and the indices of the rows' values. Open
 * addressing over a table of index + 1, at most half full. Works on `string` (PLAIN layout) and on values of one or two
 * 32-bit words (`int32`, `double`). What it accepts depends on the values alone, so the output is deterministic.
 */
export class Dictionary {
  /** PLAIN bytes of the entries: the dictionary page's body. */
  readonly plain = new ByteSink(0);
  count = 0;
  /** The bytes of the values being added: one view for all, not one a value. */
  private sourceBytes = new Uint8Array(0);
  private seen = 0;
  private slots = new Int32Array(initialSlots);
  private hashes = new Int32Array(initialSlots / 2);
  private offsets = new Int32Array(initialSlots / 2);

  /**
   * Adds the pending values of `values` and writes the index of each to `indices` (room for `pendingValues`). False when
   * the dictionary would grow beyond its bounds: then it is as before the call, and must not be used for more values.
   */
  add(values: ColumnValues, indices: Int32Array): boolean {
    const { count } = this;
    const bytes = this.plain.length;
    const { type } = values.column;
    const numbers = type === 'int32' ? values.ints : values.doubles;
    const source = type === 'string' ? values.strings.view : new DataView(numbers.buffer);
    const words = type === 'string' ? 0 : type === 'int32' ? 1 : 2;
    this.sourceBytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (this.addAll(source, words, values.pendingValues, indices)) return true;
    this.count = count;
    this.plain.length = bytes;
    return false;
  }

  /** Empties it for the next chunk. */
  reset(): void {
    const used = this.count;
    this.plain.reset();
    this.count = 0;
    this.seen = 0;
    // as for the sinks: a table far over the next chunk's need would cost its clearing every time
    if (this.slots.length > keptSlots && this.slots.length > 8 * used) {
      this.slots = new Int32Array(initialSlots);
      this.hashes = new Int32Array(initialSlots / 2);
      this.offsets = new Int32Array(initialSlots / 2);
    } else {
      this.slots.fill(0);
    }
  }

  /** `words`: 32-bit words of a value, or 0 for u32 length and bytes. */
  private addAll(source: DataView, words: number, values: number, indices: Int32Array): boolean {
    let at = 0;
    let last = -1;
    let lastAt = 0;
    for (let row = 0; row < values; row++) {
      const size = words === 0 ? 4 + source.getUint32(at, true) : words * 4;
      // runs are common: a subreddit's own archive, flags, scores of 1
      if (last < 0 || !equalBytes(source, lastAt, source, at, size)) last = this.indexOf(source, at, size);
      indices[row] = last;
      lastAt = at;
      at += size;
      this.seen++;
      if (this.seen % checkEvery === 0 && this.isHopeless()) return false;
    }
    return this.pays();
  }

  private isHopeless(): boolean {
    if (this.plain.length > dictionaryBytesMax) return true;
    const known = hopelessShares.find(([seen]) => this.seen >= seen);
    return known !== undefined && this.count > this.seen * known[1];
  }

  private pays(): boolean {
    return this.count <= this.seen * distinctShareMax && this.plain.length <= dictionaryBytesMax;
  }

  private indexOf(source: DataView, at: number, size: number): number {
    const hash = hashBytes(source, at, size);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = (this.slots[slot] as number) - 1;
      if (entry < 0) return this.insert(slot, hash, at, size);
      if (this.hashes[entry] === hash && this.equalsEntry(entry, source, at, size)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  private equalsEntry(entry: number, source: DataView, at: number, size: number): boolean {
    const offset = this.offsets[entry] as number;
    // a string's length is its first word, so a different one ends the comparison before it can leave the store
    if (size > 4 && this.plain.view.getInt32(offset, true) !== source.getInt32(at, true)) return false;
    return equalBytes(this.plain.view, offset, source, at, size);
  }

  private insert(slot: number, hash: number, at: number, size: number): number {
    const entry = this.count++;
    const offset = this.plain.length;
    this.plain.push(this.sourceBytes, at, at + size);
    this.slots[slot] = entry + 1;
    this.hashes[entry] = hash;
    this.offsets[entry] = offset;
    if (this.count === this.hashes.length) this.grow();
    return entry;
  }

  private grow(): void {
    const { hashes, offsets } = this;
    this.hashes = new Int32Array(hashes.length * 2);
    this.hashes.set(hashes);
    this.offsets = new Int32Array(hashes.length * 2);
    this.offsets.set(offsets);
    this.slots = new Int32Array(hashes.length * 4);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      let slot = (hashes[entry] as number) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = entry + 1;
    }
  }
}

function equalBytes(a: DataView, aStart: number, b: DataView, bStart: number, size: number): boolean {
  let at = 0;
  for (; at + 4 <= size; at += 4) {
    if (a.getInt32(aStart + at, true) !== b.getInt32(bStart + at, true)) return false;
  }
  for (; at < size; at++) {
    if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false;
  }
  return true;
}

/** Four bytes a step, multiplied by the golden ratio's odd constant; not for adversaries, whom the bounds keep small. */
function hashBytes(source: DataView, start: number, size: number): number {
  let hash = size;
  let at = start;
  const end = start + size;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ source.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ source.getUint8(at), 0x9e3779b1);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 16);
}
