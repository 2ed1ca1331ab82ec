/** One bucket from spilled rows to its files: keys first, then the rows in their order, in as many passes as memory wants. */
import type { ArchiveKind } from '../../core/columns.ts';
import type { OutputFormat } from '../../contract/job.ts';
import type { SplitKey } from '../../contract/split.ts';
import {
  addThreadCounts,
  zeroThreadCounts,
  type ThreadCounts,
  type ThreadsEntry,
  type ValuesEntry,
} from '../../contract/threads.ts';
import { frameBytesMax } from '../../core/limits.ts';
import type { StripeEncoder } from '../output/format.ts';
import type { Durability } from '../storage/file-sink.ts';
import { KeySets, setRowsMax } from '../split/key-sets.ts';
import { arrange, type Arrangement } from './arrange.ts';
import { ConversationPaths, NestedConversations } from './conversation-rows.ts';
import { KeptEncoders } from './kept-encoders.ts';
import { KeyTable, type KeyChoice } from './key-table.ts';
import { PayloadRow } from './payload-reader.ts';
import { RowAtHand } from './row-at-hand.ts';
import { ColumnRows, LineRows, type Payloads, type ThreadRowWriter } from './row-writers.ts';
import type { BlockPlace, SpillReader } from './spill-file.ts';
import { SpillShelf } from './spill-shelf.ts';
import { holdsLines, payloadColumns } from './spill-layout.ts';
import { SplitOutput, WholeOutput, type ThreadOutput } from './thread-output.ts';
import { threadColumns, threadTableColumns } from './thread-columns.ts';
import { ThreadTableWriter } from './thread-table.ts';

/** Format: rows of so many bytes of payload make a row group; two thirds of those of flat parts, for the smallest limit. */
const groupBytes = 8 * 1024 * 1024;
/** Format of `jsonl.zst` and `conversations`: lines come in frames of this size, and nothing is won by holding more. */
const lineGroupBytes = frameBytesMax;
/** Format: what a row weighs beside its payload. */
const rowBytes = 48;
/** Format: rows of the thread table in one row group. */
const tableGroupRows = 64 * 1024;

/** A part's spilled rows. */
export interface SpillFile {
  readonly path: string;
  readonly bytes: number;
  readonly kind: ArchiveKind;
}

export interface BucketOptions {
  readonly folder: string;
  /** Must hold the folder's claim when the files appear. */
  readonly jobId: string;
  readonly format: OutputFormat;
  readonly keepRaw: boolean;
  readonly columns?: readonly string[] | undefined;
  readonly extra?: boolean | undefined;
  /** Of `conversations`: lines of paths instead of threads. */
  readonly paths: boolean;
  /** Submissions are among the spills. */
  readonly joined: boolean;
  readonly buckets: number;
  /** Values get files of their own, and rows carry them in their keys. */
  readonly splitBy?: SplitKey | undefined;
  /** Split rows keep the order of the archive; absent: they are arranged in threads. */
  readonly flat?: boolean | undefined;
  /** Of a split with threads; for tests. */
  readonly setRowsMax?: number;
  /** All of the job's, in the order of their rows. */
  readonly spills: readonly SpillFile[];
  /** Bytes of payload to hold at a time; more are read in several passes. */
  readonly payloadBytesMax: number;
  /** Throws where the work is to stop; called every few MiB. */
  readonly checkStop: () => void;
  /** Of a whole bucket's files; those of values are flushed at once. Default: at once. */
  readonly durability?: Durability;
}

/** Memory that a thread uses from bucket to bucket: garbage of typed arrays waits long for its collection. */
export class BucketMemory {
  readonly keys = new KeyTable();
  readonly encoders = new KeptEncoders();
  payload = new Uint8Array(0);
  readonly spills = new SpillShelf();
}

/**
 * Builds a bucket. Its files appear whole, the thread table first; built again they have the same bytes, whatever
 * `payloadBytesMax`. Memory: 100 bytes a row, `payloadBytesMax`, and a row group.
 * @throws ThreadmillError DATASET_INVALID where a spill is not what was written; DATASET_IN_USE; OUTPUT_*, DISK_FULL
 */
export async function assembleBucket(
  options: BucketOptions,
  bucket: number,
  memory: BucketMemory,
): Promise<ThreadsEntry> {
  await memory.spills.prepare(options, bucket);
  const assembly = new BucketAssembly(options, bucket, memory);
  assembly.readKeys(null);
  const output = await WholeOutput.create(options, bucket);
  try {
    return await output.commit(await assembly.write(output));
  } finally {
    await output.abort();
  }
}

/**
 * Builds the files of a bucket's values. As {@link assembleBucket}; of the keys no more than `setRowsMax` rows' are held at a
 * time, but for those of one thread.
 * @throws ThreadmillError as there
 */
export async function assembleSplitBucket(
  options: BucketOptions & { readonly splitBy: SplitKey },
  bucket: number,
  memory: BucketMemory,
): Promise<ValuesEntry> {
  await memory.spills.prepare(options, bucket);
  const assembly = new BucketAssembly(options, bucket, memory);
  const output = new SplitOutput(options, bucket, memory.keys);
  try {
    let counts = zeroThreadCounts;
    for (const choice of assembly.keyChoices()) {
      assembly.readKeys(choice);
      output.renumber();
      counts = addThreadCounts(counts, await assembly.write(output));
    }
    return await output.commit(counts);
  } finally {
    output.abort();
  }
}

class BucketAssembly {
  private readonly options: BucketOptions;
  private readonly memory: BucketMemory;
  private readonly keys: KeyTable;
  /** Blocks of each spill, and the rows of each that are among the keys. */
  private places: readonly (readonly BlockPlace[])[] = [];
  private taken: number[][] = [];

  constructor(options: BucketOptions, bucket: number, memory: BucketMemory) {
    this.options = options;
    this.memory = memory;
    this.keys = memory.keys;
    this.places = options.spills.map((_, index) => {
      let blocks: readonly BlockPlace[] = [];
      this.withSpill(index, (reader) => {
        blocks = reader.blocks(bucket);
      });
      return blocks;
    });
  }

  /** The sets of a split bucket's threads; null for one of all of them. */
  keyChoices(): readonly (KeyChoice | null)[] {
    const { setRowsMax: rowsMax = setRowsMax } = this.options;
    const rows = this.places.flat().reduce((sum, place) => sum + place.rows, 0);
    if (rows <= rowsMax) return [null];
    const sets = new KeySets(rowsMax);
    this.eachKeys((keys, place) => {
      sets.count(keys, place.rows);
    });
    return sets.choices();
  }

  /** `choice`: which rows of a split are wanted; null: all. */
  readKeys(choice: KeyChoice | null): void {
    const { keys, options } = this;
    const split = options.splitBy !== undefined;
    keys.clear();
    this.taken = this.places.map(() => []);
    this.eachKeys((bytes, place, spill) => {
      const { kind } = options.spills[spill] as SpillFile;
      this.taken[spill]?.push(keys.add(bytes, place.rows, { kind, split, choice }));
    });
  }

  /** Writes the rows whose keys were read. */
  async write(output: ThreadOutput): Promise<ThreadCounts> {
    const arrangement = arrange(this.keys, this.options);
    await this.writeRows(arrangement, output);
    return arrangement.counts;
  }

  private eachKeys(use: (keys: Uint8Array, place: BlockPlace, spill: number) => void): void {
    for (const [index, places] of this.places.entries()) {
      if (places.length === 0) continue;
      this.withSpill(index, (reader) => {
        for (const place of places) {
          this.options.checkStop();
          use(reader.keys(place), place, index);
        }
      });
    }
  }

  private async writeRows(arrangement: Arrangement, output: ThreadOutput): Promise<void> {
    const { options, keys } = this;
    const { format } = options;
    const payloads: Payloads = {
      comments: new PayloadRow(payloadColumns('comments', options)),
      submissions: new PayloadRow(payloadColumns('submissions', options)),
    };
    const { encoders } = this.memory;
    const conversations = format === 'conversations';
    const [columns, tableColumns] = [threadColumns(options), threadTableColumns()];
    const encoder = conversations || holdsLines(options) ? null : encoders.take(format, columns);
    const tableEncoder = conversations ? null : encoders.take(format, tableColumns);
    const writer = this.rowWriter(payloads, encoder);
    const table =
      tableEncoder === null
        ? null
        : new ThreadTableWriter(tableEncoder, keys, arrangement.threads, payloads.submissions);
    const atHand = new RowAtHand(keys, payloads.comments);
    const places = new Int32Array(keys.rows).fill(-1);
    const full = format === 'parquet' || format === 'csv' ? groupBytes : lineGroupBytes;
    let [pendingBytes, pendingThreads] = [0, 0];
    const writeAll = async (): Promise<void> => {
      await output.rows.append(writer.finish(true));
      if (table !== null) await output.table?.append(table.finish());
      pendingBytes = pendingThreads = 0;
    };
    for (let from = 0; from < arrangement.count;) {
      const { to, payload } = this.readPayloads(arrangement, from, places);
      for (let at = from; at < to; at++) {
        const row = arrangement.row[at] as number;
        const thread = keys.thread[row] as number;
        this.take(atHand, payloads, arrangement, at);
        if (atHand.begins && output.isOther(thread)) {
          if (at > 0) await writeAll();
          await output.enter(thread);
        }
        output.count(atHand.begins, atHand.kept);
        atHand.payload.read(payload, places[row] as number);
        writer.write(atHand);
        if (table !== null && atHand.begins) {
          table.write({
            thread,
            submission: atHand.submission ? atHand.payload : null,
            submissionKept: atHand.kept,
            submissionCreatedMs: atHand.createdMs,
          });
          if (++pendingThreads === tableGroupRows) {
            await output.table?.append(table.finish());
            pendingThreads = 0;
          }
        }
        pendingBytes += (keys.payloadBytes[row] as number) + rowBytes;
        if (pendingBytes >= full) {
          await output.rows.append(writer.finish(false));
          pendingBytes = 0;
          options.checkStop();
        }
      }
      from = to;
    }
    if (arrangement.count > 0) await writeAll();
    if (encoder !== null) encoders.give(format, columns, encoder);
    if (tableEncoder !== null) encoders.give(format, tableColumns, tableEncoder);
  }

  private rowWriter(payloads: Payloads, encoder: StripeEncoder | null): ThreadRowWriter {
    const { options } = this;
    const { format } = options;
    if (format === 'conversations')
      return options.paths ? new ConversationPaths(payloads) : new NestedConversations(payloads);
    return encoder === null ? new LineRows(format, payloads) : new ColumnRows(encoder, payloads);
  }

  private take(atHand: RowAtHand, payloads: Payloads, arrangement: Arrangement, at: number): void {
    const { keys } = this;
    const row = arrangement.row[at] as number;
    atHand.row = row;
    atHand.depth = arrangement.depth[at] as number;
    atHand.parentMissing = arrangement.parentMissing[at] === 1;
    atHand.begins = arrangement.begins[at] === 1;
    atHand.kept = keys.kept[row] === 1;
    atHand.submission = keys.comment[row] === -1;
    atHand.payload = atHand.submission ? payloads.submissions : payloads.comments;
  }

  /**
   * The payloads of the rows from position `from` to `to`, as many as may be held, in one buffer; `places`: where each row's
   * begins. One pass over the bucket's blocks, but for those of which no row is wanted.
   */
  private readPayloads(
    arrangement: Arrangement,
    from: number,
    places: Int32Array,
  ): { readonly to: number; readonly payload: Uint8Array } {
    const { options, keys } = this;
    places.fill(-1);
    let [to, bytes] = [from, 0];
    for (; to < arrangement.count; to++) {
      const row = arrangement.row[to] as number;
      const more = keys.payloadBytes[row] as number;
      if (to > from && bytes + more > options.payloadBytesMax) break;
      places[row] = bytes;
      bytes += more;
    }
    const { memory } = this;
    if (memory.payload.length < bytes) memory.payload = new Uint8Array(bytes);
    const { payload } = memory;
    let firstRow = 0;
    for (const [index, blocks] of this.places.entries()) {
      if (blocks.length === 0) continue;
      this.withSpill(index, (reader) => {
        for (const [block, place] of blocks.entries()) {
          const end = firstRow + (this.taken[index]?.[block] ?? 0);
          if (isWanted(places, firstRow, end)) {
            options.checkStop();
            this.copyBlock(reader.payload(place), firstRow, end, places, payload);
          }
          firstRow = end;
        }
      });
    }
    return { to, payload };
  }

  private copyBlock(
    block: Uint8Array,
    firstRow: number,
    end: number,
    places: Int32Array,
    payload: Uint8Array,
  ): void {
    const { keys } = this;
    for (let row = firstRow; row < end; row++) {
      const place = places[row] as number;
      if (place < 0) continue;
      const from = keys.payloadAt[row] as number;
      payload.set(block.subarray(from, from + (keys.payloadBytes[row] as number)), place);
    }
  }

  private withSpill(index: number, use: (reader: SpillReader, spill: SpillFile) => void): void {
    const spill = this.options.spills[index] as SpillFile;
    const reader = this.memory.spills.open(spill, this.options);
    try {
      use(reader, spill);
    } finally {
      reader.close();
    }
  }
}

function isWanted(places: Int32Array, from: number, to: number): boolean {
  for (let row = from; row < to; row++) if ((places[row] as number) >= 0) return true;
  return false;
}
