/** Where a bucket's threads are written: to one pair of files, or to one for each value that they are split by. */
import { placeIn } from '../storage/place.ts';
import type { SplitKey } from '../../contract/split.ts';
import {
  threadsFile,
  threadTableFile,
  type ThreadCounts,
  type ThreadsEntry,
  type ValuesEntry,
} from '../../contract/threads.ts';
import { requireClaim } from '../dataset/claim.ts';
import { AtomicFile } from '../output/atomic-file.ts';
import { columnsFraming, type PartFraming } from '../output/format.ts';
import { GroupedFile, type ByteTaker } from '../output/grouped-file.ts';
import { jsonlFraming } from '../output/jsonl.ts';
import type { Durability } from '../storage/file-sink.ts';
import { ValueWriter, type OpenValue } from '../split/value-writer.ts';
import type { BucketOptions } from './bucket.ts';
import type { KeyTable } from './key-table.ts';
import { threadColumns, threadTableColumns } from './thread-columns.ts';

/** Takes the groups of rows. */
export interface ThreadOutput {
  readonly rows: GroupedFile<ByteTaker>;
  readonly table: GroupedFile<ByteTaker> | null;
  /** Whether a thread goes to other files than the one before it: what waits has to be written before `enter`. */
  isOther(thread: number): boolean;
  enter(thread: number): Promise<void>;
  /** Of each row, once it is sure to go where the last `enter` said. */
  count(begins: boolean, kept: boolean): void;
}

function framings(options: BucketOptions): {
  readonly rows: PartFraming;
  readonly table: PartFraming | null;
} {
  const { format } = options;
  return format === 'conversations'
    ? { rows: jsonlFraming({ format: 'jsonl.zst' }), table: null }
    : {
        rows: columnsFraming(format, threadColumns(options)),
        table: columnsFraming(format, threadTableColumns()),
      };
}

/** All threads of a bucket in one pair of files. */
export class WholeOutput implements ThreadOutput {
  readonly rows: GroupedFile<AtomicFile>;
  readonly table: GroupedFile<AtomicFile> | null;
  private readonly options: BucketOptions;
  private readonly bucket: number;

  private constructor(
    options: BucketOptions,
    bucket: number,
    rows: GroupedFile<AtomicFile>,
    table: GroupedFile<AtomicFile> | null,
  ) {
    this.options = options;
    this.bucket = bucket;
    this.rows = rows;
    this.table = table;
  }

  static async create(options: BucketOptions, bucket: number): Promise<WholeOutput> {
    const { folder, format, durability } = options;
    const framing = framings(options);
    const table =
      framing.table === null
        ? null
        : await begun(placeIn(folder, threadTableFile(bucket, format)), framing.table, durability);
    try {
      const rows = await begun(placeIn(folder, threadsFile(bucket, format)), framing.rows, durability);
      return new WholeOutput(options, bucket, rows, table);
    } catch (error) {
      await table?.file.abort();
      throw error;
    }
  }

  isOther(): boolean {
    return false;
  }

  async enter(): Promise<void> {
    // there is one place only
  }

  count(): void {
    // the arrangement has counted
  }

  /** The thread table appears first. */
  async commit(counts: ThreadCounts): Promise<ThreadsEntry> {
    const { rows, table, bucket, options } = this;
    const { folder, jobId, format, buckets } = options;
    const said = { 'threadmill.threads': JSON.stringify({ index: bucket, buckets, ...counts }) };
    await table?.end(said);
    await rows.end(said);
    await requireClaim(folder, jobId);
    const tableDigest = table === null ? null : await table.file.commit();
    const digest = await rows.file.commit();
    return {
      index: bucket,
      ...counts,
      file: threadsFile(bucket, format),
      ...digest,
      table: tableDigest === null ? null : { file: threadTableFile(bucket, format), ...tableDigest },
    };
  }

  /** Removes what was not committed; may be called at any time. */
  async abort(): Promise<void> {
    await this.rows.file.abort();
    await this.table?.file.abort();
  }
}

async function begun(
  path: string,
  framing: PartFraming,
  durability: Durability | undefined,
): Promise<GroupedFile<AtomicFile>> {
  const file = await AtomicFile.create(path, durability);
  try {
    return await GroupedFile.begin(file, framing);
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** A pair of files for each value. Threads come by their values. */
export class SplitOutput implements ThreadOutput {
  private readonly writer: ValueWriter;
  private readonly keys: KeyTable;
  private open: OpenValue | null = null;
  /** Number of the value that was looked at last; the keys are another's after `renumber`. */
  private number = -1;
  private counts = { rows: 0, threads: 0, tombstones: 0 };

  constructor(options: BucketOptions & { readonly splitBy: SplitKey }, bucket: number, keys: KeyTable) {
    const { rows, table } = framings(options);
    this.keys = keys;
    this.writer = new ValueWriter({
      ...options,
      bucket,
      by: options.splitBy,
      framing: rows,
      tableFraming: table,
    });
  }

  get rows(): GroupedFile<ByteTaker> {
    return this.opened().rows;
  }

  get table(): GroupedFile<ByteTaker> | null {
    return this.opened().table;
  }

  /** The keys are those of other threads now. */
  renumber(): void {
    this.number = -1;
  }

  isOther(thread: number): boolean {
    const number = this.keys.links.group(thread);
    if (number === this.number) return false;
    if (this.open === null || this.open.value !== this.valueOf(number)) return true;
    // a large value comes in several sets of keys
    this.number = number;
    return false;
  }

  async enter(thread: number): Promise<void> {
    await this.end();
    this.number = this.keys.links.group(thread);
    this.open = await this.writer.begin(this.valueOf(this.number));
  }

  count(begins: boolean, kept: boolean): void {
    const { counts } = this;
    counts.rows++;
    if (begins) counts.threads++;
    if (!kept) counts.tombstones++;
  }

  async commit(counts: ThreadCounts): Promise<ValuesEntry> {
    await this.end();
    return this.writer.commit(counts);
  }

  /** Removes what was not committed; may be called at any time. */
  abort(): void {
    this.writer.abort();
  }

  private async end(): Promise<void> {
    if (this.open !== null) await this.writer.end(this.open, this.counts);
    this.open = null;
    this.counts = { rows: 0, threads: 0, tombstones: 0 };
  }

  private valueOf(number: number): string | null {
    const { values } = this.keys;
    if (values.group(number) === 1) return null;
    return Buffer.from(values.bytes.subarray(values.start(number), values.end(number))).toString('utf8');
  }

  private opened(): OpenValue {
    if (this.open === null) throw new TypeError('No value was entered');
    return this.open;
  }
}
