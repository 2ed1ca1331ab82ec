/** The encoder of a mill thread whose rows are to be shuffled: they go into the bucket of their thread, or of their value. */
import { constants } from 'node:zlib';
import type { Column } from '../../core/columns.ts';
import type { ColumnBuffer } from '../output/column-buffer.ts';
import { ByteSink } from '../output/byte-sink.ts';
import { FrameMaker } from '../output/zstd-frame.ts';
import type { EncodedStripe, StripeEncoder } from '../output/format.ts';
import { keptFlag, parentClass, withheldColumns } from './spill-layout.ts';
import { bucketOf } from './thread-hash.ts';

/**
 * Rows of all buckets together that wait in memory, bytes; then each bucket's become a block. Format: it decides where blocks
 * end. Of 1,024 buckets each gets 8 KiB, of which zstd still makes half.
 */
const pendingBytesMax = 8 * 1024 * 1024;
/** Spills are read once and removed: speed is worth more than a tenth of their size. The checksum tells a damaged disk. */
const spillFrames = new FrameMaker({
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
});

/** Rows of one bucket as two zstd frames, keys before payload. Bytes of the frames, and of what is in them. */
export interface SpillBlock {
  readonly bucket: number;
  readonly rows: number;
  readonly keysBytes: number;
  readonly payloadBytes: number;
  readonly plainKeysBytes: number;
  readonly plainPayloadBytes: number;
}

interface Bucket {
  readonly keys: ByteSink;
  readonly payload: ByteSink;
  rows: number;
}

/** Where the row that is being appended goes. */
interface Row {
  payload: ByteSink;
  kept: boolean;
}

/** What a row's keys begin with. `createdMs`: since 1970. */
export interface RowKeys {
  readonly kept: boolean;
  readonly createdMs: number;
}

/** A run of bytes. */
export interface Span {
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The value that a row is split by. `missing`: it has none, which is another thing than an empty one. */
export interface SplitSpan extends Span {
  readonly missing: boolean;
}

/**
 * A payload value: a string as varint of its length + 1 and its bytes; a number as 1 and its 4 (`int32`) or 8 bytes; a
 * boolean as 1 or 2; null as 0. The reader is payload-reader.ts.
 */
class SpillColumn implements ColumnBuffer {
  readonly column: Column;
  rows = 0;
  private readonly row: Row;
  private readonly withheld: boolean;

  constructor(column: Column, row: Row) {
    this.column = column;
    this.row = row;
    this.withheld = withheldColumns.has(column.name);
  }

  appendNull(): void {
    this.rows++;
    this.row.payload.pushByte(0);
  }

  appendUtf8(source: Uint8Array, start: number, end: number): void {
    const { payload, kept } = this.row;
    if (this.withheld && !kept) {
      this.appendNull();
      return;
    }
    this.rows++;
    payload.pushVarint(end - start + 1);
    payload.push(source, start, end);
  }

  appendString(value: string): void {
    const bytes = Buffer.from(value.toWellFormed(), 'utf8');
    this.appendUtf8(bytes, 0, bytes.length);
  }

  appendNumber(value: number): void {
    this.rows++;
    const { payload } = this.row;
    payload.pushByte(1);
    if (this.column.type === 'int32') payload.pushU32(value >>> 0);
    else payload.pushF64(value);
  }

  appendBoolean(value: boolean): void {
    this.rows++;
    this.row.payload.pushByte(value ? 2 : 1);
  }
}

/**
 * One stripe's rows, kept and excluded, as blocks of one bucket each. A row is `beginRow`, one append to each of `columns` in
 * their order, `endRow`. Memory: `pendingBytesMax` and its frames, and the stripe's frames.
 */
export class SpillEncoder implements StripeEncoder {
  readonly columns: readonly SpillColumn[];
  private readonly buckets: readonly Bucket[];
  private readonly row: Row;
  private bucket: Bucket;
  private rowAt = 0;
  private keysAt = 0;
  private pendingBytes = 0;
  private out = new ByteSink();
  private blocks: SpillBlock[] = [];
  private rows = 0;

  /** `columns`: of the payload. */
  constructor(columns: readonly Column[], buckets: number) {
    this.buckets = Array.from({ length: buckets }, () => ({
      keys: new ByteSink(0),
      payload: new ByteSink(0),
      rows: 0,
    }));
    this.bucket = this.buckets[0] as Bucket;
    this.row = { payload: this.bucket.payload, kept: true };
    this.columns = columns.map((column) => new SpillColumn(column, this.row));
  }

  appendLine(): void {
    throw new TypeError('Cannot append a line to a spill: its row has to be begun');
  }

  /** Begins a row of this value, in its bucket; nothing else is known of its place. */
  beginSplitRow(value: SplitSpan): void {
    this.enter(value, true);
    this.pushValue(value);
  }

  /**
   * Begins the row of the comment `id` in thread `link`, in the bucket of the thread, or of `value` where there is one. Its
   * parent follows by {@link parent}, where it has one.
   */
  beginRow(keys: RowKeys, link: Span, id: Span, value: SplitSpan | null = null): void {
    this.enter(value ?? link, keys.kept);
    if (value !== null) this.pushValue(value);
    const sink = this.bucket.keys;
    sink.pushByte(keys.kept ? keptFlag : 0);
    sink.pushVarint(link.end - link.start);
    sink.push(link.source, link.start, link.end);
    sink.pushVarint(id.end - id.start);
    sink.push(id.source, id.start, id.end);
    sink.pushF64(keys.createdMs);
  }

  /** Names the row's parent; the bytes count for the classes `comment` (without its prefix) and `other`. */
  parent(kind: number, source: Uint8Array, start: number, end: number): void {
    const sink = this.bucket.keys;
    sink.pushByte(kind);
    if (kind !== parentClass.comment && kind !== parentClass.other) return;
    sink.pushVarint(end - start);
    sink.push(source, start, end);
  }

  endRow(): void {
    const { bucket } = this;
    const bytes = bucket.payload.length - this.rowAt;
    bucket.keys.pushVarint(bytes);
    bucket.rows++;
    this.rows++;
    this.pendingBytes += bytes + bucket.keys.length - this.keysAt;
    if (this.pendingBytes >= pendingBytesMax) this.endBlocks();
  }

  finish(): EncodedStripe {
    this.endBlocks();
    const stripe = { bytes: this.out.take(), rows: this.rows, meta: this.blocks };
    this.blocks = [];
    this.rows = 0;
    for (const { keys, payload } of this.buckets) {
      keys.reset();
      payload.reset();
    }
    return stripe;
  }

  private enter({ source, start, end }: Span, kept: boolean): void {
    const bucket = this.buckets[bucketOf(source, start, end, this.buckets.length)] as Bucket;
    this.bucket = bucket;
    this.row.payload = bucket.payload;
    this.row.kept = kept;
    this.rowAt = bucket.payload.length;
    this.keysAt = bucket.keys.length;
  }

  /** As a string of the payload: 0 for none, else its length + 1 and its bytes. */
  private pushValue({ source, start, end, missing }: SplitSpan): void {
    const sink = this.bucket.keys;
    sink.pushVarint(missing ? 0 : end - start + 1);
    if (!missing) sink.push(source, start, end);
  }

  private endBlocks(): void {
    for (const [index, bucket] of this.buckets.entries()) {
      if (bucket.rows > 0) this.endBlock(index, bucket);
    }
    this.pendingBytes = 0;
  }

  private pushFrame(content: ByteSink): number {
    const frame = spillFrames.frame(content.content());
    this.out.push(frame);
    return frame.length;
  }

  private endBlock(index: number, bucket: Bucket): void {
    const { keys, payload, rows } = bucket;
    const keysBytes = this.pushFrame(keys);
    const payloadBytes = this.pushFrame(payload);
    this.blocks.push({
      bucket: index,
      rows,
      keysBytes,
      payloadBytes,
      plainKeysBytes: keys.length,
      plainPayloadBytes: payload.length,
    });
    keys.clear();
    payload.clear();
    bucket.rows = 0;
  }
}
