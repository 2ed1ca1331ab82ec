import type { Column } from '../../core/columns.ts';
import { ByteSink } from './byte-sink.ts';

/**
 * A growing column in the layout that the Parquet page wants. Every row appends exactly one value or null to each
 * column. Strings are UTF-8 bytes that the caller has made valid.
 */
export interface ColumnBuffer {
  readonly column: Column;
  /** Rows since the stripe's start. */
  readonly rows: number;
  /** @throws TypeError on a required column: our bug, the row should have been rejected. */
  appendNull(): void;
  /** `string` columns: bytes [start, end) of `source`. */
  appendUtf8(source: Uint8Array, start: number, end: number): void;
  /** `string` columns, for text that is not at hand as bytes; a lone surrogate becomes U+FFFD. */
  appendString(value: string): void;
  /** `int32`, `double`, `timestamp` (ms since 1970 UTC, a safe integer). */
  appendNumber(value: number): void;
  appendBoolean(value: boolean): void;
}

const utf8 = new TextEncoder();
const initialRows = 1024;
/** Up to this many bytes a loop over words beats `set(subarray)` and its call; measured equal from 256 to 512. */
const loopBytesMax = 256;
const nothing: Uint8Array = new Uint8Array(0);
const nothingView = new DataView(nothing.buffer);

/**
 * The values of a column since the last page, for an encoder. One class for all types, so that the mill's calls stay
 * monomorphic; only the store of the column's own type is filled. Amortised O(bytes); capacity doubles and is reused.
 */
export class ColumnValues implements ColumnBuffer {
  readonly column: Column;
  /** Rows, and non-null values among them, since the last `clear`. */
  pendingRows = 0;
  pendingValues = 0;
  /** `string`: each value as u32 length and bytes, the PLAIN layout of BYTE_ARRAY. */
  readonly strings = new ByteSink(0);
  /** `int32`. */
  ints = new Int32Array(0);
  /** `double`, `timestamp`. */
  doubles = new Float64Array(0);
  /** `boolean`: 0 or 1 a value. */
  booleans = new Uint8Array(0);
  /** 0 for each pending row that is null; 1 for the others, and for the rows to come, so that a value needs no write. */
  private levels = new Uint8Array(0);
  /** Rows before the last `clear`. */
  private clearedRows = 0;
  /** The last source of a short string: the mill reads whole blocks of rows from one, so its view is made once. */
  private source = nothing;
  private sourceView = nothingView;
  private readonly nullable: boolean;
  private readonly wide: boolean;

  constructor(column: Column) {
    this.column = column;
    this.nullable = !column.required;
    this.wide = column.type !== 'int32';
  }

  get rows(): number {
    return this.clearedRows + this.pendingRows;
  }

  appendNull(): void {
    if (!this.nullable)
      throw new TypeError(`Cannot append null to column '${this.column.name}': it is required`);
    this.definitionLevels()[this.pendingRows] = 0;
    this.pendingRows++;
  }

  appendUtf8(source: Uint8Array, start: number, end: number): void {
    const { strings } = this;
    const count = end - start;
    strings.ensure(count + 4);
    const at = strings.length + 4;
    const { view } = strings;
    view.setUint32(at - 4, count, true);
    if (count > loopBytesMax) {
      strings.bytes.set(source.subarray(start, end), at);
    } else {
      if (source !== this.source) this.look(source);
      copyUtf8(view, at, this.sourceView, start, count);
    }
    strings.length = at + count;
    this.pendingRows++;
    this.pendingValues++;
  }

  appendString(value: string): void {
    const strings = this.strings;
    strings.ensure(value.length * 3 + 4);
    const at = strings.length;
    const { written } = utf8.encodeInto(value, strings.bytes.subarray(at + 4));
    strings.setU32(at, written);
    strings.length = at + 4 + written;
    this.pendingRows++;
    this.pendingValues++;
  }

  appendNumber(value: number): void {
    const at = this.pendingValues;
    if (this.wide) {
      if (at === this.doubles.length) this.growDoubles();
      this.doubles[at] = value;
    } else {
      if (at === this.ints.length) this.growInts();
      this.ints[at] = value;
    }
    this.pendingRows++;
    this.pendingValues++;
  }

  appendBoolean(value: boolean): void {
    if (this.pendingValues === this.booleans.length) this.growBooleans();
    this.booleans[this.pendingValues] = value ? 1 : 0;
    this.pendingRows++;
    this.pendingValues++;
  }

  /** Definition level of each pending row, and of at least one more: 1 for a value, 0 for null. */
  definitionLevels(): Uint8Array {
    if (this.pendingRows >= this.levels.length) {
      const old = this.levels;
      this.levels = new Uint8Array(Math.max(initialRows, this.pendingRows * 2)).fill(1);
      this.levels.set(old);
    }
    return this.levels;
  }

  /** Forgets the pending rows, once a page holds them. */
  clear(): void {
    this.clearedRows += this.pendingRows;
    if (this.pendingValues < this.pendingRows) this.levels.fill(1, 0, this.pendingRows);
    this.pendingRows = 0;
    this.pendingValues = 0;
    this.strings.clear();
  }

  /** Starts a new stripe; string memory far over the last stripe's need is given back. */
  reset(): void {
    this.clear();
    this.strings.reset();
    this.source = nothing;
    this.sourceView = nothingView;
    this.clearedRows = 0;
  }

  private look(source: Uint8Array): void {
    this.source = source;
    this.sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  private growInts(): void {
    const old = this.ints;
    this.ints = new Int32Array(old.length * 2 || initialRows);
    this.ints.set(old);
  }

  private growDoubles(): void {
    const old = this.doubles;
    this.doubles = new Float64Array(old.length * 2 || initialRows);
    this.doubles.set(old);
  }

  private growBooleans(): void {
    const old = this.booleans;
    this.booleans = new Uint8Array(old.length * 2 || initialRows);
    this.booleans.set(old);
  }
}

/**
 * Copies `count` bytes of valid UTF-8, eight at a time. A double keeps its bits on the way unless it is a NaN, and no UTF-8
 * is: it would have a byte from 0xf0 on before one of 0x7f or 0xff. The last word goes over what the one before it wrote.
 */
function copyUtf8(target: DataView, at: number, source: DataView, start: number, count: number): void {
  if (count >= 8) {
    const last = count - 8;
    for (let done = 0; done < last; done += 8)
      target.setFloat64(at + done, source.getFloat64(start + done, true), true);
    target.setFloat64(at + last, source.getFloat64(start + last, true), true);
  } else if (count >= 4) {
    const last = count - 4;
    const lastWord = source.getInt32(start + last, true);
    target.setInt32(at, source.getInt32(start, true), true);
    target.setInt32(at + last, lastWord, true);
  } else {
    for (let done = 0; done < count; done++) target.setUint8(at + done, source.getUint8(start + done));
  }
}

/** An empty buffer of a column. */
export function createColumnBuffer(column: Column): ColumnValues {
  return new ColumnValues(column);
}
