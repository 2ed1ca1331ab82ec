/** What is said of assembled threads: as people read it, and as it travels. */
import type { ArchiveKind } from '../core/columns.ts';
import type { JobSettings, OutputFormat } from './job.ts';
import { keepsThreads, valuesPiece } from './split.ts';

/** Decompressed bytes of the archive for each bucket: its rows are about a third of it, and fit the smallest limit twice. */
const bucketBytes = 128 * 1024 * 1024;
/** Their entries travel through continue-as-new; and a stripe split more finely would not compress. */
export const bucketsMax = 1024;

/** Counts of one bucket's threads, or of all. `rows = kept - duplicates + tombstones` holds for the comments and submissions in it. */
export interface ThreadCounts {
  /** Threads with at least one row. */
  readonly threads: number;
  readonly rows: number;
  readonly tombstones: number;
  /** Rows whose parent is missing. */
  readonly orphans: number;
  /** Kept lines whose place a later line with the same id took. */
  readonly duplicates: number;
  /** Comments that were their own ancestors: one counted for each cycle. */
  readonly cycles: number;
  readonly maxDepth: number;
}

export const zeroThreadCounts: ThreadCounts = {
  threads: 0,
  rows: 0,
  tombstones: 0,
  orphans: 0,
  duplicates: 0,
  cycles: 0,
  maxDepth: 0,
};

/** A bucket's files, as in the manifest. `table`: its rows of the thread table; null for formats without one. */
export interface ThreadsEntry extends ThreadCounts {
  readonly index: number;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly table: { readonly file: string; readonly bytes: number; readonly sha256: string } | null;
}

/** The values of a bucket, where a dataset is split: the file that lists them with their files. Without threads only rows are counted. */
export interface ValuesEntry extends ThreadCounts {
  readonly index: number;
  readonly values: number;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * An entry as one JSON array of under 300 bytes: index, the counts in the order of `ThreadCounts` (of a split dataset the number
 * of values behind them), bytes and SHA-256 of each file.
 */
export type PackedThreads = readonly [
  index: number,
  counts: readonly number[],
  bytes: number,
  sha256: string,
  tableBytes?: number,
  tableSha256?: string,
];

/** In the order in which they travel. */
export const threadCountNames = [
  'threads',
  'rows',
  'tombstones',
  'orphans',
  'duplicates',
  'cycles',
  'maxDepth',
] as const satisfies readonly (keyof ThreadCounts)[];

/** The number of buckets for so many decompressed bytes: a function of the archive, since it decides bytes of the output. */
function bucketsFor(decompressedBytes: number): number {
  return Math.min(bucketsMax, Math.max(1, Math.ceil(decompressedBytes / bucketBytes)));
}

/**
 * Whether a job's output is threads: a submissions archive by itself has nothing to arrange, and a thread lies in one
 * subreddit, but has many authors and may last for months.
 */
export function makesThreads(
  { preserveThreads, splitBy }: Pick<JobSettings, 'preserveThreads' | 'splitBy'>,
  kind: ArchiveKind,
): boolean {
  return preserveThreads && kind === 'comments' && (splitBy === undefined || keepsThreads(splitBy));
}

/** The number of buckets that a job's rows are spilled into; 0: they stay in parts. */
export function bucketsOfJob(
  settings: Pick<JobSettings, 'preserveThreads' | 'splitBy'>,
  kind: ArchiveKind,
  decompressedBytes: number,
): number {
  const shuffled = settings.splitBy !== undefined || makesThreads(settings, kind);
  return shuffled ? bucketsFor(decompressedBytes) : 0;
}

/** Name of a bucket's rows. */
export function threadsFile(index: number, format: OutputFormat): string {
  const number = String(index).padStart(5, '0');
  return format === 'conversations' ? `conversations-${number}.jsonl.zst` : `threads-${number}.${format}`;
}

/** Name of a bucket's rows of the thread table. */
export function threadTableFile(index: number, format: OutputFormat): string {
  return `thread-table-${String(index).padStart(5, '0')}.${format}`;
}

/** The entry as it travels. Inverse of {@link unpackThreads}. */
export function packThreads(entry: ThreadsEntry): PackedThreads {
  const { index, bytes, sha256, table } = entry;
  const head = [index, threadCountNames.map((name) => entry[name]), bytes, sha256] as const;
  return table === null ? head : [...head, table.bytes, table.sha256];
}

/** The same of the values of a bucket. Inverse of {@link unpackValues}. */
function packValues({ index, values, bytes, sha256, ...counts }: ValuesEntry): PackedThreads {
  return [index, [...threadCountNames.map((name) => counts[name]), values], bytes, sha256];
}

/** What became of a bucket, as it travels. */
export function packBuilt(entry: ThreadsEntry | ValuesEntry): PackedThreads {
  return 'values' in entry ? packValues(entry) : packThreads(entry);
}

/** The values of a bucket as they were written. */
export function unpackValues(packed: PackedThreads): ValuesEntry {
  const [index, , bytes, sha256] = packed;
  const values = packedValues(packed);
  return { index, ...packedThreadCounts(packed), values, file: valuesPiece(index), bytes, sha256 };
}

/** How many values a bucket has; 0 where the dataset is not split. */
export function packedValues([, counts]: PackedThreads): number {
  return counts[threadCountNames.length] ?? 0;
}

/** The counts of a packed entry. */
export function packedThreadCounts([, counts]: PackedThreads): ThreadCounts {
  return Object.fromEntries(
    threadCountNames.map((name, at) => [name, counts[at] ?? 0]),
  ) as unknown as ThreadCounts;
}

/** The entry as in the manifest; its file names follow from the index and the format. */
export function unpackThreads(packed: PackedThreads, format: OutputFormat): ThreadsEntry {
  const [index, , bytes, sha256, tableBytes, tableSha256] = packed;
  return {
    index,
    ...packedThreadCounts(packed),
    file: threadsFile(index, format),
    bytes,
    sha256,
    table:
      tableBytes === undefined || tableSha256 === undefined
        ? null
        : { file: threadTableFile(index, format), bytes: tableBytes, sha256: tableSha256 },
  };
}

/** The sum of two counts; of depths the larger. */
export function addThreadCounts(a: ThreadCounts, b: ThreadCounts): ThreadCounts {
  return {
    threads: a.threads + b.threads,
    rows: a.rows + b.rows,
    tombstones: a.tombstones + b.tombstones,
    orphans: a.orphans + b.orphans,
    duplicates: a.duplicates + b.duplicates,
    cycles: a.cycles + b.cycles,
    maxDepth: Math.max(a.maxDepth, b.maxDepth),
  };
}
