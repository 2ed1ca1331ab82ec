import type { ColumnType } from '../../../core/columns.ts';

/** Format: a string column with a longer value has no bounds in its statistics; bodies are not looked up by range. */
const boundBytesMax = 64;
/** Format: one string in so many must be a new greatest one for the order to count as ascending. */
const climbingShare = 16;

/** Least and greatest value of a chunk, exact; plain JSON. Null where there is none or it has none to tell. */
export interface ChunkBounds {
  readonly min: string | number | boolean;
  readonly max: string | number | boolean;
}

/** Collects the bounds of a column chunk page by page. Strings compare as unsigned bytes, as Parquet's UTF8 order wants. */
export class Bounds {
  private readonly type: ColumnType;
  private usable = true;
  private least = Infinity;
  private greatest = -Infinity;
  private min: Uint8Array | null = null;
  private max: Uint8Array | null = null;
  /** Strings so far, and how many of them were greater than all before them in their page. */
  private strings = 0;
  private climbs = 0;

  constructor(type: ColumnType) {
    this.type = type;
  }

  /** Numbers, or booleans as 0 and 1: values [0, count). */
  addNumbers(values: Int32Array | Float64Array | Uint8Array, count: number): void {
    let { least, greatest } = this;
    for (let at = 0; at < count; at++) {
      const value = values[at] as number;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      // NaN has no place in the order: no bounds at all, as parquet-format says of DOUBLE
      if (value !== value) this.usable = false;
    }
    this.least = least;
    this.greatest = greatest;
  }

  /** Strings in PLAIN layout: bytes [0, end). */
  addStrings(plain: Uint8Array, end: number): void {
    if (!this.usable || end === 0) return;
    const view = new DataView(plain.buffer, plain.byteOffset);
    // places in the page, because sorted columns bring a new greatest value with every row
    let least = -1;
    let greatest = -1;
    for (let at = 0; at < end; this.strings++) {
      const size = view.getUint32(at, true);
      if (size > boundBytesMax) {
        this.usable = false;
        return;
      }
      if (least < 0) {
        least = at;
        greatest = at;
      } else if (compareStrings(view, at, greatest) > 0) {
        greatest = at;
        this.climbs++;
      } else if (compareStrings(view, at, least) < 0) {
        least = at;
      }
      at += 4 + size;
    }
    const min = plain.slice(least + 4, least + 4 + view.getUint32(least, true));
    const max = plain.slice(greatest + 4, greatest + 4 + view.getUint32(greatest, true));
    if (this.min === null || Buffer.compare(min, this.min) < 0) this.min = min;
    if (this.max === null || Buffer.compare(max, this.max) > 0) this.max = max;
  }

  /** Whether the strings stand roughly in ascending order, as the ids of a dump: in random order 1 in 1,000 climbs. */
  get climbing(): boolean {
    return this.usable && this.climbs > 0 && this.climbs * climbingShare >= this.strings;
  }

  take(): ChunkBounds | null {
    if (!this.usable) return null;
    if (this.type === 'string') {
      if (this.min === null || this.max === null) return null;
      const text = new TextDecoder('utf-8', { ignoreBOM: true });
      return { min: text.decode(this.min), max: text.decode(this.max) };
    }
    // an infinite bound says nothing and does not survive JSON
    if (!Number.isFinite(this.least) || !Number.isFinite(this.greatest)) return null;
    if (this.type === 'boolean') return { min: this.least === 1, max: this.greatest === 1 };
    return { min: this.least, max: this.greatest };
  }

  reset(): void {
    this.usable = true;
    this.least = Infinity;
    this.greatest = -Infinity;
    this.min = null;
    this.max = null;
    this.strings = 0;
    this.climbs = 0;
  }
}

/** Order of the PLAIN strings at `a` and `b`: negative, 0 or positive. */
function compareStrings(view: DataView, a: number, b: number): number {
  const sizeA = view.getUint32(a, true);
  const sizeB = view.getUint32(b, true);
  const shared = Math.min(sizeA, sizeB) + 4;
  let at = 4;
  // big-endian words order as their bytes do
  for (; at + 4 <= shared; at += 4) {
    const wordA = view.getUint32(a + at);
    const wordB = view.getUint32(b + at);
    if (wordA !== wordB) return wordA - wordB;
  }
  for (; at < shared; at++) {
    const difference = view.getUint8(a + at) - view.getUint8(b + at);
    if (difference !== 0) return difference;
  }
  return sizeA - sizeB;
}
