/** One bucket from spilled rows to its two files: keys first, then the rows in their order, in as many passes as memory wants. */
import type { ArchiveKind } from '../../core/columns.ts';
import type { OutputFormat } from '../../contract/job.ts';
import { threadsFile, threadTableFile, type ThreadsEntry } from '../../contract/threads.ts';
import { frameBytesMax } from '../../core/limits.ts';
import { requireClaim } from '../dataset/claim.ts';
import { AtomicFile, type FileDigest } from '../output/atomic-file.ts';
import { columnsFraming, type EncodedStripe, type PartFraming } from '../output/format.ts';
import { jsonlFraming } from '../output/jsonl.ts';
import { placeIn } from '../storage/place.ts';
import { arrange, type Arrangement } from './arrange.ts';
import { ConversationPaths, NestedConversations } from './conversation-rows.ts';
import { KeyTable } from './key-table.ts';
import { PayloadRow } from './payload-reader.ts';
import { RowAtHand } from './row-at-hand.ts';
import { ColumnRows, LineRows, type Payloads, type ThreadRowWriter } from './row-writers.ts';
import { SpillReader, type BlockPlace } from './spill-file.ts';
import { holdsLines, payloadColumns } from './spill-layout.ts';
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
  /** All of the job's, in the order of their rows. */
  readonly spills: readonly SpillFile[];
  /** Bytes of payload to hold at a time; more are read in several passes. */
  readonly payloadBytesMax: number;
  /** Throws where the work is to stop; called every few MiB. */
  readonly checkStop: () => void;
}

/** Memory that a thread uses from bucket to bucket: garbage of typed arrays waits long for its collection. */
export class BucketMemory {
  readonly keys = new KeyTable();
  payload = new Uint8Array(0);
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
  const assembly = new BucketAssembly(options, bucket, memory);
  assembly.readKeys();
  return assembly.write();
}

class BucketAssembly {
  private readonly options: BucketOptions;
  private readonly bucket: number;
  private readonly memory: BucketMemory;
  private readonly keys: KeyTable;
  /** Blocks of each spill. */
  private readonly places: (readonly BlockPlace[])[] = [];

  constructor(options: BucketOptions, bucket: number, memory: BucketMemory) {
    this.options = options;
    this.bucket = bucket;
    this.memory = memory;
    this.keys = memory.keys;
    this.keys.clear();
  }

  readKeys(): void {
    const { options, bucket, keys } = this;
    for (const [index] of options.spills.entries())
      this.withSpill(index, (reader, { kind }) => {
        const places = reader.blocks(bucket);
        this.places.push(places);
        for (const place of places) {
          options.checkStop();
          keys.add(reader.keys(place), place.rows, kind);
        }
      });
  }

  async write(): Promise<ThreadsEntry> {
    const { options, bucket, keys } = this;
    const { folder, format } = options;
    const arrangement = arrange(keys, options);
    const conversations = format === 'conversations';
    const table = conversations
      ? null
      : await GroupedFile.create(
          placeIn(folder, threadTableFile(bucket, format)),
          columnsFraming(format, threadTableColumns()),
        );
    try {
      const rows = await GroupedFile.create(
        placeIn(folder, threadsFile(bucket, format)),
        conversations
          ? jsonlFraming({ format: 'jsonl.zst' })
          : columnsFraming(format, threadColumns(options)),
      );
      try {
        await this.writeRows(arrangement, rows, table);
        return await this.commit(arrangement, rows, table);
      } finally {
        await rows.abort();
      }
    } finally {
      await table?.abort();
    }
  }

  private async commit(
    { counts }: Arrangement,
    rows: GroupedFile,
    table: GroupedFile | null,
  ): Promise<ThreadsEntry> {
    const { options, bucket } = this;
    const { folder, jobId, format, buckets } = options;
    const said = { 'threadmill.threads': JSON.stringify({ index: bucket, buckets, ...counts }) };
    await table?.end(said);
    await rows.end(said);
    await requireClaim(folder, jobId);
    const tableDigest = table === null ? null : await table.commit();
    const digest = await rows.commit();
    return {
      index: bucket,
      ...counts,
      file: threadsFile(bucket, format),
      ...digest,
      table: tableDigest === null ? null : { file: threadTableFile(bucket, format), ...tableDigest },
    };
  }

  private async writeRows(
    arrangement: Arrangement,
    rows: GroupedFile,
    table: GroupedFile | null,
  ): Promise<void> {
    const { options, keys } = this;
    const { format } = options;
    const payloads: Payloads = {
      comments: new PayloadRow(payloadColumns('comments', options)),
      submissions: new PayloadRow(payloadColumns('submissions', options)),
    };
    const writer = this.rowWriter(payloads);
    const tableWriter =
      table === null ? null : new ThreadTableWriter(format, keys, arrangement.threads, payloads.submissions);
    const atHand = new RowAtHand(keys, payloads.comments);
    const places = new Int32Array(keys.rows).fill(-1);
    const full = format === 'parquet' || format === 'csv' ? groupBytes : lineGroupBytes;
    let [pendingBytes, pendingThreads] = [0, 0];
    for (let from = 0; from < arrangement.count;) {
      const { to, payload } = this.readPayloads(arrangement, from, places);
      for (let at = from; at < to; at++) {
        const row = arrangement.row[at] as number;
        this.take(atHand, payloads, arrangement, at);
        atHand.payload.read(payload, places[row] as number);
        writer.write(atHand);
        if (table !== null && tableWriter !== null && atHand.begins) {
          tableWriter.write({
            thread: keys.thread[row] as number,
            submission: atHand.submission ? atHand.payload : null,
            submissionKept: atHand.kept,
            submissionCreatedMs: atHand.createdMs,
          });
          if (++pendingThreads === tableGroupRows) {
            await table.append(tableWriter.finish());
            pendingThreads = 0;
          }
        }
        pendingBytes += (keys.payloadBytes[row] as number) + rowBytes;
        if (pendingBytes >= full) {
          await rows.append(writer.finish(false));
          pendingBytes = 0;
          options.checkStop();
        }
      }
      from = to;
    }
    await rows.append(writer.finish(true));
    if (table !== null && tableWriter !== null) await table.append(tableWriter.finish());
  }

  private rowWriter(payloads: Payloads): ThreadRowWriter {
    const { options } = this;
    const { format } = options;
    if (format === 'conversations')
      return options.paths ? new ConversationPaths(payloads) : new NestedConversations(payloads);
    return holdsLines(options) ? new LineRows(format, payloads) : new ColumnRows(format, options, payloads);
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
        for (const place of blocks) {
          const end = firstRow + place.rows;
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
    let at = 0;
    for (let row = firstRow; row < end; row++) {
      const bytes = keys.payloadBytes[row] as number;
      const place = places[row] as number;
      if (place >= 0) payload.set(block.subarray(at, at + bytes), place);
      at += bytes;
    }
  }

  private withSpill(index: number, use: (reader: SpillReader, spill: SpillFile) => void): void {
    const spill = this.options.spills[index] as SpillFile;
    const reader = new SpillReader(spill.path, spill.bytes, this.options.buckets);
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

/** A file of row groups within its framing. */
class GroupedFile {
  private readonly file: AtomicFile;
  private readonly framing: PartFraming;
  private readonly groups: { offset: number; stripe: { rows: number; meta: unknown }; bytes: number }[] = [];

  private constructor(file: AtomicFile, framing: PartFraming) {
    this.file = file;
    this.framing = framing;
  }

  static async create(path: string, framing: PartFraming): Promise<GroupedFile> {
    const file = await AtomicFile.create(path);
    try {
      await file.write(framing.header());
    } catch (error) {
      await file.abort();
      throw error;
    }
    return new GroupedFile(file, framing);
  }

  async append({ bytes, rows, meta }: EncodedStripe): Promise<void> {
    if (bytes.length === 0) return;
    this.groups.push({ offset: this.file.bytes, stripe: { rows, meta }, bytes: bytes.length });
    await this.file.write(bytes);
  }

  async end(keyValues: Readonly<Record<string, string>>): Promise<void> {
    await this.file.write(this.framing.footer(this.groups, keyValues));
  }

  commit(): Promise<FileDigest> {
    return this.file.commit();
  }

  /** Removes what was not committed; may be called at any time. */
  abort(): Promise<void> {
    return this.file.abort();
  }
}
