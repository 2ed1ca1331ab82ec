import { ByteSink } from '../output/byte-sink.ts';

const initialSlots = 1024;

/**
 * Numbers byte strings by first appearance, each within its `group` (a thread, say): equal bytes in two groups are two
 * entries. Open addressing, at most half full; some 30 bytes an entry beside its own.
 */
export class ByteIndex {
  count = 0;
  private readonly store = new ByteSink();
  private slots = new Int32Array(initialSlots);
  private hashes = new Int32Array(initialSlots / 2);
  private groups = new Int32Array(initialSlots / 2);
  /** Where each entry's bytes end in the store; they start where the one before ends. */
  private ends = new Uint32Array(initialSlots / 2);

  /** The number of bytes [start, end) of `source` in `group`; a new one where they are new. */
  intern(group: number, source: Uint8Array, start: number, end: number): number {
    let hash = Math.imul(group + 1, 0x9e3779b1);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (source[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = (this.slots[slot] as number) - 1;
      if (entry < 0) return this.insert(slot, hash, group, source, start, end);
      if (
        this.hashes[entry] === hash &&
        this.groups[entry] === group &&
        this.equals(entry, source, start, end)
      )
        return entry;
      slot = (slot + 1) & mask;
    }
  }

  group(entry: number): number {
    return this.groups[entry] as number;
  }

  /** The store of all entries' bytes; valid until the next `intern`. */
  get bytes(): Uint8Array {
    return this.store.bytes;
  }

  start(entry: number): number {
    return entry === 0 ? 0 : (this.ends[entry - 1] as number);
  }

  end(entry: number): number {
    return this.ends[entry] as number;
  }

  /** Order of two entries by their bytes. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    const { bytes } = this.store;
    const [aEnd, bEnd] = [this.end(a), this.end(b)];
    let [at, other] = [this.start(a), this.start(b)];
    for (; at < aEnd && other < bEnd; at++, other++) {
      const difference = (bytes[at] as number) - (bytes[other] as number);
      if (difference !== 0) return difference;
    }
    return aEnd - at - (bEnd - other);
  }

  /** Empties it, and keeps its memory. */
  clear(): void {
    this.count = 0;
    this.store.clear();
    this.slots.fill(0);
  }

  private equals(entry: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.start(entry);
    if (this.end(entry) - from !== end - start) return false;
    const { bytes } = this.store;
    for (let at = start, own = from; at < end; at++, own++) if (source[at] !== bytes[own]) return false;
    return true;
  }

  private insert(
    slot: number,
    hash: number,
    group: number,
    source: Uint8Array,
    start: number,
    end: number,
  ): number {
    if (this.count === this.hashes.length) {
      this.grow();
      const mask = this.slots.length - 1;
      slot = hash & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    }
    const entry = this.count++;
    this.store.push(source, start, end);
    this.slots[slot] = entry + 1;
    this.hashes[entry] = hash;
    this.groups[entry] = group;
    this.ends[entry] = this.store.length;
    return entry;
  }

  private grow(): void {
    const { hashes, groups, ends } = this;
    const capacity = hashes.length * 2;
    this.hashes = new Int32Array(capacity);
    this.hashes.set(hashes);
    this.groups = new Int32Array(capacity);
    this.groups.set(groups);
    this.ends = new Uint32Array(capacity);
    this.ends.set(ends);
    this.slots = new Int32Array(capacity * 2);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      let slot = (hashes[entry] as number) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = entry + 1;
    }
  }
}
