/** Below this many bytes a loop beats `set(subarray)`, whose call costs about 60 ns. */
const loopBytesMax = 48;
/** A sink keeps at least this much between stripes. */
const keptBytes = 64 * 1024;

/**
 * Copies bytes [start, end) of `source` to `target` at `at`; the caller has made room. Short runs by loop, long ones
 * by the engine's memcpy.
 */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start <= loopBytesMax) {
    for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
  } else {
    target.set(source.subarray(start, end), at);
  }
}

/**
 * A growing run of bytes that is used again and again: capacity doubles, `reset` keeps it unless it had grown far over
 * what the last use needed. All multi-byte numbers are little-endian.
 */
export class ByteSink {
  /** The store; only [0, length) is meaningful, and `ensure` may replace it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same store, for words. */
  view: DataView<ArrayBuffer>;
  length = 0;
  private peak = 0;

  constructor(capacityBytes = 1024) {
    this.bytes = new Uint8Array(capacityBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `more` bytes after `length`. */
  ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  pushByte(value: number): void {
    if (this.length === this.bytes.length) this.ensure(1);
    this.bytes[this.length++] = value;
  }

  pushU32(value: number): void {
    this.ensure(4);
    this.setU32(this.length, value);
    this.length += 4;
  }

  pushF64(value: number): void {
    this.ensure(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Overwrites four bytes that were pushed before. */
  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** Unsigned LEB128 of a whole number from 0 to 2^53. */
  pushVarint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.pushByte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.pushByte(rest);
  }

  push(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    this.ensure(count);
    copyBytes(this.bytes, this.length, source, start, end);
    this.length += count;
  }

  /** The bytes so far, without a copy: valid until the next push or reset. */
  content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /**
   * Hands the store over: the bytes so far, in an ArrayBuffer that is theirs alone and may be larger. The sink begins anew
   * with a store of that size, so that the next stripe, which is much alike, need not grow to it.
   */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.content();
    // an eighth of slack: pages that nobody touches cost nothing
    this.bytes = new Uint8Array(Math.max(keptBytes, taken.length + (taken.length >>> 3)));
    this.view = new DataView(this.bytes.buffer);
    this.length = this.peak = 0;
    return taken;
  }

  /** Empties the sink and keeps its store: for use within a stripe. */
  clear(): void {
    if (this.length > this.peak) this.peak = this.length;
    this.length = 0;
  }

  /** Empties the sink at a stripe's end; gives memory back where the store is over four times the stripe's need. */
  reset(): void {
    this.clear();
    const wanted = Math.max(keptBytes, this.peak);
    if (this.bytes.length > 4 * wanted) {
      this.bytes = new Uint8Array(wanted);
      this.view = new DataView(this.bytes.buffer);
    }
    this.peak = 0;
  }
}
