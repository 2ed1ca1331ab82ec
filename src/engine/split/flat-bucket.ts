/** One bucket of a split without threads: values counted, then the rows of as many as fit are sorted by value at a time. */
import { zeroThreadCounts, type ValuesEntry } from '../../contract/threads.ts';
import type { SplitKey } from '../../contract/split.ts';
import { columnsOf, type ArchiveKind } from '../../core/columns.ts';
import { frameBytesMax } from '../../core/limits.ts';
import { columnsEncoder, columnsFraming, type EncodedStripe, type StripeEncoder } from '../output/format.ts';
import { jsonlEncoder, jsonlFraming } from '../output/jsonl.ts';
import type { BucketMemory, BucketOptions, SpillFile } from '../threads/bucket.ts';
import { ByteIndex } from '../threads/byte-index.ts';
import { KeyCursor } from '../threads/key-table.ts';
import { PayloadRow } from '../threads/payload-reader.ts';
import { appendPayload } from '../threads/row-writers.ts';
import { SpillReader, type BlockPlace } from '../threads/spill-file.ts';
import { holdsLines, spilledColumns } from '../threads/spill-layout.ts';
import { valuesInOrder } from '../threads/values-in-order.ts';
import { ValueWriter, type OpenValue } from './value-writer.ts';

/** Format: rows of so many bytes of payload make a row group, as of threads. */
const groupBytes = 8 * 1024 * 1024;
/** Format: what a row weighs beside its payload. */
const rowBytes = 48;
const none = -1;

type FlatOptions = BucketOptions & { readonly splitBy: SplitKey };

/** Rows, and bytes of their payload, of one value. */
interface ValueSize {
  rows: number;
  bytes: number;
  rowBytesMax: number;
}

/** A value whose rows come: those that wait stand in `[at, at + held)` of the payload. */
interface Region {
  readonly value: number;
  readonly at: number;
  readonly room: number;
  held: number;
  heldRows: number;
  rows: number;
  open: OpenValue | null;
}

/**
 * Builds the files of a bucket's values, rows in the order of the archive. Built again they have the same bytes, whatever
 * `payloadBytesMax`: it decides how many values are sorted at a time, each pass reading the bucket once. A value larger than a row
 * group waits as one, and its rows stream through. Memory: `payloadBytesMax`, a row group, some 200 bytes a value.
 * @throws ThreadmillError as `assembleBucket`
 */
export async function assembleFlatBucket(
  options: FlatOptions,
  bucket: number,
  memory: BucketMemory,
): Promise<ValuesEntry> {
  const assembly = new FlatAssembly(options, bucket, memory);
  try {
    return await assembly.build();
  } finally {
    assembly.abort();
  }
}

class FlatAssembly {
  private readonly options: FlatOptions;
  private readonly bucket: number;
  private readonly memory: BucketMemory;
  private readonly values = new ByteIndex();
  private readonly sizes: ValueSize[] = [];
  private readonly writer: ValueWriter;
  private readonly groups: GroupEncoder;
  private readonly regionBytes: number;
  private rows = 0;

  constructor(options: FlatOptions, bucket: number, memory: BucketMemory) {
    this.options = options;
    this.bucket = bucket;
    this.memory = memory;
    const { format, splitBy: by, spills } = options;
    const kind = spills[0]?.kind ?? 'comments';
    const lines = holdsLines(options);
    this.regionBytes = lines ? frameBytesMax : groupBytes;
    this.groups = new GroupEncoder(kind, options);
    const framing = lines ? jsonlFraming({ format }) : columnsFraming(format, columnsOf(kind, options));
    this.writer = new ValueWriter({ ...options, bucket, by, framing, tableFraming: null });
  }

  async build(): Promise<ValuesEntry> {
    this.countValues();
    const order = valuesInOrder(this.values);
    for (let from = 0; from < order.length;) {
      const regions = this.regionsFrom(order, from);
      await this.pass(regions);
      from += regions.length;
    }
    return this.writer.commit({ ...zeroThreadCounts, rows: this.rows });
  }

  abort(): void {
    this.writer.abort();
  }

  private countValues(): void {
    this.eachBlock((reader, place) => {
      this.eachRow(reader.keys(place), place.rows, (value, bytes) => {
        const size = (this.sizes[value] ??= { rows: 0, bytes: 0, rowBytesMax: 0 });
        size.rows++;
        size.bytes += bytes;
        if (bytes > size.rowBytesMax) size.rowBytesMax = bytes;
      });
    });
  }

  /** Values from place `from` of the order on, as many as may wait at a time, at least one. */
  private regionsFrom(order: readonly number[], from: number): readonly Region[] {
    const regions: Region[] = [];
    let at = 0;
    for (let place = from; place < order.length; place++) {
      const value = order[place] as number;
      const { bytes, rowBytesMax } = this.sizes[value] as ValueSize;
      const room = Math.min(bytes, Math.max(this.regionBytes, rowBytesMax));
      if (regions.length > 0 && at + room > this.options.payloadBytesMax) break;
      regions.push({ value, at, room, held: 0, heldRows: 0, rows: 0, open: null });
      at += room;
    }
    const { memory } = this;
    if (memory.payload.length < at) memory.payload = new Uint8Array(at);
    return regions;
  }

  private async pass(regions: readonly Region[]): Promise<void> {
    const { memory, values } = this;
    const regionOf = new Int32Array(values.count).fill(none);
    for (const [index, { value }] of regions.entries()) regionOf[value] = index;
    const { spills } = this.options;
    for (const spill of spills) {
      const reader = this.open(spill);
      try {
        for (const place of reader.blocks(this.bucket)) {
          this.options.checkStop();
          const wanted = this.wantedRows(reader.keys(place), place.rows, regionOf);
          if (wanted.length === 0) continue;
          const payload = reader.payload(place);
          for (let index = 0; index < wanted.length; index += 3) {
            const [number, from, bytes] = [wanted[index], wanted[index + 1], wanted[index + 2]] as [
              number,
              number,
              number,
            ];
            const region = regions[number] as Region;
            if (this.isFull(region, bytes)) await this.write(region);
            memory.payload.set(payload.subarray(from, from + bytes), region.at + region.held);
            region.held += bytes;
            region.heldRows++;
          }
        }
      } finally {
        reader.close();
      }
    }
    for (const region of regions) {
      const open = await this.write(region);
      await this.writer.end(open, { rows: region.rows });
    }
  }

  /** Of each wanted row: its region, and where its payload begins in the block's, and its length. */
  private wantedRows(keys: Uint8Array, rows: number, regionOf: Int32Array): readonly number[] {
    const wanted: number[] = [];
    let at = 0;
    this.eachRow(keys, rows, (value, bytes) => {
      const region = regionOf[value] as number;
      if (region !== none) wanted.push(region, at, bytes);
      at += bytes;
    });
    return wanted;
  }

  /** Whether a group ends before a row of so many bytes: a matter of the value's rows alone. */
  private isFull({ held, heldRows, room }: Region, bytes: number): boolean {
    if (heldRows === 0) return false;
    return held + bytes > room || held + bytes + (heldRows + 1) * rowBytes > this.regionBytes;
  }

  private async write(region: Region): Promise<OpenValue> {
    const { memory } = this;
    const open = (region.open ??= await this.writer.begin(this.valueOf(region.value)));
    await open.rows.append(this.groups.encode(memory.payload, region.at, region.heldRows));
    region.rows += region.heldRows;
    this.rows += region.heldRows;
    region.held = region.heldRows = 0;
    return open;
  }

  private valueOf(number: number): string | null {
    const { values } = this;
    if (values.group(number) === 1) return null;
    return Buffer.from(values.bytes.subarray(values.start(number), values.end(number))).toString('utf8');
  }

  private eachBlock(use: (reader: SpillReader, place: BlockPlace) => void): void {
    for (const spill of this.options.spills) {
      const reader = this.open(spill);
      try {
        for (const place of reader.blocks(this.bucket)) {
          this.options.checkStop();
          use(reader, place);
        }
      } finally {
        reader.close();
      }
    }
  }

  private eachRow(keys: Uint8Array, rows: number, use: (value: number, bytes: number) => void): void {
    const cursor = new KeyCursor(keys);
    for (let row = 0; row < rows; row++) {
      const { missing, start, end } = cursor.value();
      use(this.values.intern(missing, keys, start, end), cursor.varint());
    }
    if (cursor.at !== keys.length) throw new RangeError(`${keys.length - cursor.at} bytes are left over`);
  }

  private open({ path, bytes }: SpillFile): SpillReader {
    return new SpillReader(path, bytes, this.options.buckets);
  }
}

/** Rows of a payload to a group of the format; one encoder for all values, since it holds nothing between groups. */
class GroupEncoder {
  private readonly payload: PayloadRow;
  private readonly encoder: StripeEncoder;
  private readonly lines: boolean;

  constructor(kind: ArchiveKind, options: FlatOptions) {
    this.lines = holdsLines(options);
    this.payload = new PayloadRow(spilledColumns(kind, options, { threads: false }));
    const { format } = options;
    this.encoder = this.lines ? jsonlEncoder({ format }) : columnsEncoder(format, columnsOf(kind, options));
  }

  encode(source: Uint8Array, from: number, rows: number): EncodedStripe {
    const { payload, encoder } = this;
    const buffers = encoder.columns ?? [];
    let at = from;
    for (let row = 0; row < rows; row++) {
      at = payload.read(source, at);
      if (this.lines) encoder.appendLine(source, payload.start[0] as number, payload.end[0] as number);
      else {
        for (let column = 0; column < buffers.length; column++)
          appendPayload(buffers[column] as (typeof buffers)[number], payload, column);
        encoder.endRow();
      }
    }
    return encoder.finish();
  }
}
