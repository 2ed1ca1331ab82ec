import type { Column } from '../../../core/columns.ts';
import { ByteSink } from '../byte-sink.ts';
import { createColumnBuffer } from '../column-buffer.ts';
import type { ColumnValues } from '../column-buffer.ts';
import { BloomFilter } from './bloom.ts';
import { Bounds } from './bounds.ts';
import type { ChunkBounds } from './bounds.ts';
import { fitsDelta, pushDelta } from './delta.ts';
import { pushDeltaStrings } from './delta-strings.ts';
import { Dictionary } from './dictionary.ts';
import { indexBits, pushHybrid } from './hybrid.ts';
import { pushPage } from './page.ts';
import type { PageEncoding } from './page.ts';

/** Format: a page is full when its PLAIN values have this size (looked at every `pageCheckRows`, see format.ts). */
const pageBytes = 1024 * 1024;
/** Format: or with this many rows, which bounds levels and indices of narrow columns. */
const pageRowsMax = 128 * 1024;

/** Format: columns by whose values rows are looked up. */
const lookedUp: ReadonlySet<string> = new Set(['id', 'link_id', 'author']);

/** A column chunk for the footer: plain JSON; sizes and the offset are bytes, from the chunk's first. */
export interface ChunkMeta {
  readonly rows: number;
  readonly nulls: number;
  readonly encodings: readonly PageEncoding[];
  readonly bytes: number;
  readonly uncompressedBytes: number;
  /** Where the first data page stands: after the dictionary page where there is one. */
  readonly dataOffset: number;
  readonly bounds: ChunkBounds | null;
  /** Of the bloom filter, which stands behind the row group's chunks in the order of the columns; 0: there is none. */
  readonly filterBytes: number;
}

/**
 * Turns a column's values into the pages of one column chunk. Strings, `int32` and `double` are written as indices as
 * long as a dictionary pays; the first page for which it does not, and all after it, are PLAIN (parquet-java's fallback).
 * Strings in ascending order, as ids are, are DELTA_BYTE_ARRAY; timestamps DELTA_BINARY_PACKED, booleans PLAIN bits. Memory: one page of values, the compressed pages, a
 * dictionary of at most 1 MiB.
 */
export class ChunkWriter {
  readonly values: ColumnValues;
  private readonly column: Column;
  private readonly pages = new ByteSink(0);
  private readonly bounds: Bounds;
  private readonly filter: BloomFilter | null;
  /** Whether the filter still takes values: those of a column in order need none, for the bounds of row groups tell as much. */
  private filterOpen = true;
  private readonly dictionary: Dictionary | null;
  /** Whether the dictionary still takes values. */
  private dictionaryOpen: boolean;
  private indices = new Int32Array(0);
  private encodings = new Set<PageEncoding>();
  private uncompressedBytes = 0;
  private nulls = 0;

  constructor(column: Column) {
    this.column = column;
    this.values = createColumnBuffer(column);
    this.bounds = new Bounds(column.type);
    this.filter = column.type === 'string' && lookedUp.has(column.name) ? new BloomFilter() : null;
    this.dictionary = column.type === 'timestamp' || column.type === 'boolean' ? null : new Dictionary();
    this.dictionaryOpen = this.dictionary !== null;
  }

  /** Encodes and compresses the pending rows if they make a full page. `scratch` is overwritten. */
  endFullPage(scratch: ByteSink): void {
    const { values } = this;
    const bytes = this.column.type === 'string' ? values.strings.length : values.pendingValues * 8;
    if (bytes >= pageBytes || values.pendingRows >= pageRowsMax) this.endPage(scratch);
  }

  /** Appends the whole chunk to `out`, its bloom filter to `filters`, and starts anew. `scratch` is overwritten. */
  finish(out: ByteSink, filters: ByteSink, scratch: ByteSink): ChunkMeta {
    if (this.values.pendingRows > 0) this.endPage(scratch);
    const start = out.length;
    this.pushDictionary(out);
    const dataOffset = out.length - start;
    out.push(this.pages.bytes, 0, this.pages.length);
    const meta: ChunkMeta = {
      rows: this.values.rows,
      nulls: this.nulls,
      encodings: [...this.encodings],
      bytes: out.length - start,
      uncompressedBytes: this.uncompressedBytes,
      dataOffset,
      bounds: this.bounds.take(),
      filterBytes: this.filterOpen ? (this.filter?.push(filters) ?? 0) : 0,
    };
    this.reset();
    return meta;
  }

  private reset(): void {
    this.values.reset();
    this.pages.reset();
    this.bounds.reset();
    this.filter?.reset();
    this.filterOpen = true;
    this.dictionary?.reset();
    this.dictionaryOpen = this.dictionary !== null;
    this.encodings = new Set();
    this.uncompressedBytes = 0;
    this.nulls = 0;
  }

  private pushDictionary(out: ByteSink): void {
    const { dictionary } = this;
    if (dictionary === null || !this.encodings.has('RLE_DICTIONARY')) return;
    const plain = dictionary.plain.content();
    if (this.column.type === 'string') {
      this.bounds.addStrings(plain, plain.length);
      this.filter?.addStrings(dictionary.plain.view, plain.length);
    }
    this.encodings.add('PLAIN');
    this.uncompressedBytes += pushPage(out, plain, {
      kind: 'dictionary',
      values: dictionary.count,
      encoding: 'PLAIN',
    });
  }

  private endPage(scratch: ByteSink): void {
    const { values } = this;
    scratch.clear();
    this.pushLevels(scratch);
    const encoding = this.pushValues(scratch);
    // a required string column's PLAIN page is its buffer: no copy of the largest pages
    const body = scratch.length === 0 ? values.strings.content() : scratch.content();
    this.uncompressedBytes += pushPage(this.pages, body, {
      kind: 'data',
      values: values.pendingRows,
      encoding,
    });
    this.encodings.add(encoding);
    this.nulls += values.pendingRows - values.pendingValues;
    values.clear();
  }

  /** V1: length in bytes, then the levels of width 1; required columns have none. */
  private pushLevels(scratch: ByteSink): void {
    if (this.column.required) return;
    scratch.pushU32(0);
    pushHybrid(scratch, this.values.definitionLevels(), this.values.pendingRows, 1);
    scratch.setU32(0, scratch.length - 4);
  }

  private pushValues(scratch: ByteSink): PageEncoding {
    const { values } = this;
    const { type } = this.column;
    const count = values.pendingValues;
    if (type === 'boolean') this.bounds.addNumbers(values.booleans, count);
    else if (type === 'int32') this.bounds.addNumbers(values.ints, count);
    else if (type !== 'string') this.bounds.addNumbers(values.doubles, count);

    if (count > 0 && this.pushIndices(scratch)) return 'RLE_DICTIONARY';
    if (count > 0 && type === 'timestamp' && fitsDelta(values.doubles, count)) {
      pushDelta(scratch, values.doubles, count);
      return 'DELTA_BINARY_PACKED';
    }
    if (type === 'string') {
      this.bounds.addStrings(values.strings.bytes, values.strings.length);
      if (count > 0 && this.bounds.climbing) {
        this.filterOpen = false;
        pushDeltaStrings(scratch, values.strings, count);
        return 'DELTA_BYTE_ARRAY';
      }
      if (this.filterOpen) this.filter?.addStrings(values.strings.view, values.strings.length);
      if (scratch.length > 0) scratch.push(values.strings.bytes, 0, values.strings.length);
    } else {
      pushPlain(scratch, values);
    }
    return 'PLAIN';
  }

  private pushIndices(scratch: ByteSink): boolean {
    const { values, dictionary } = this;
    if (dictionary === null || !this.dictionaryOpen) return false;
    const count = values.pendingValues;
    if (this.indices.length < count) this.indices = new Int32Array(count);
    if (!dictionary.add(values, this.indices)) {
      this.dictionaryOpen = false;
      return false;
    }
    const bits = indexBits(dictionary.count);
    scratch.pushByte(bits);
    pushHybrid(scratch, this.indices, count, bits);
    return true;
  }
}

/** PLAIN values of all types but string; typed arrays are little-endian as every platform that Node runs on. */
function pushPlain(scratch: ByteSink, values: ColumnValues): void {
  const count = values.pendingValues;
  switch (values.column.type) {
    case 'int32':
      scratch.push(new Uint8Array(values.ints.buffer, 0, count * 4));
      break;
    case 'double':
      scratch.push(new Uint8Array(values.doubles.buffer, 0, count * 8));
      break;
    case 'timestamp':
      scratch.ensure(count * 8);
      for (let at = 0; at < count; at++) {
        const value = values.doubles[at] as number;
        scratch.pushU32(value >>> 0);
        scratch.pushU32(Math.floor(value / 2 ** 32) >>> 0);
      }
      break;
    case 'boolean':
      scratch.ensure(count >>> 3);
      for (let at = 0; at < count; at += 8) {
        let byte = 0;
        for (let k = 0; k < 8 && at + k < count; k++) byte |= (values.booleans[at + k] as number) << k;
        scratch.pushByte(byte);
      }
      break;
    case 'string':
      break;
  }
}
