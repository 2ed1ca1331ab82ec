/** A finished part, as people read it and as it travels: thousands of them go through one payload of at most 2 MB. */
import {
  excludeRules,
  rejectReasons,
  type Counters,
  type ExcludeRule,
  type RejectReason,
} from '../core/fates.ts';
import type { OutputFormat } from './job.ts';

/** One finished part file, as in the manifest. */
export interface PartEntry {
  readonly index: number;
  readonly file: string;
  /** Decompressed input range: the first byte of its first line to the first byte of the next part's. */
  readonly start: number;
  readonly end: number;
  /** Lines of the archive before this part. */
  readonly firstLine: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly counters: Counters;
  /** This part's rejects, until publication joins them to one file; null where there are none. */
  readonly rejects: { readonly file: string; readonly bytes: number; readonly sha256: string } | null;
}

/**
 * A part entry as one JSON array of about 150 bytes: index, start, end, first line, bytes, SHA-256, the counts (lines,
 * kept, blank, each rule, each reason), and bytes and SHA-256 of its rejects where there are any.
 */
export type PackedPart = readonly [
  index: number,
  start: number,
  end: number,
  firstLine: number,
  bytes: number,
  sha256: string,
  counts: readonly number[],
  rejectsBytes?: number,
  rejectsSha256?: string,
];

/** `part-00012` and the like: names sort as parts do. */
export function partStem(index: number): string {
  return `part-${String(index).padStart(5, '0')}`;
}

/** Name of a part's data file; the format is its extension. */
export function partFile(index: number, format: OutputFormat): string {
  return `${partStem(index)}.${format}`;
}

/** A part's rejects until publication joins them: zstd frames of JSON lines. */
export function rejectsFile(index: number): string {
  return `${partStem(index)}.rejects.jsonl.zst`;
}

/** The entry as it travels. Inverse of {@link unpackPart}. */
export function packPart({
  index,
  start,
  end,
  firstLine,
  bytes,
  sha256,
  counters,
  rejects,
}: PartEntry): PackedPart {
  const counts = [
    counters.lines,
    counters.kept,
    counters.blank,
    ...excludeRules.map((rule) => counters.excluded[rule]),
    ...rejectReasons.map((reason) => counters.rejected[reason]),
  ];
  const head = [index, start, end, firstLine, bytes, sha256, counts] as const;
  return rejects === null ? head : [...head, rejects.bytes, rejects.sha256];
}

function named<K extends string>(
  names: readonly K[],
  counts: readonly number[],
  from: number,
): Record<K, number> {
  return Object.fromEntries(names.map((name, at) => [name, counts[from + at] ?? 0])) as Record<K, number>;
}

/** The counters of a packed part. */
export function packedCounters(part: PackedPart): Counters {
  const counts = part[6];
  const [lines = 0, kept = 0, blank = 0] = counts;
  return {
    lines,
    kept,
    excluded: named<ExcludeRule>(excludeRules, counts, 3),
    rejected: named<RejectReason>(rejectReasons, counts, 3 + excludeRules.length),
    blank,
  };
}

/** The entry as in the manifest; its file names follow from the index and the format. */
export function unpackPart(part: PackedPart, format: OutputFormat): PartEntry {
  const [index, start, end, firstLine, bytes, sha256, , rejectsBytes, rejectsSha256] = part;
  const counters = packedCounters(part);
  return {
    index,
    file: partFile(index, format),
    start,
    end,
    firstLine,
    rows: counters.kept,
    bytes,
    sha256,
    counters,
    rejects:
      rejectsBytes === undefined || rejectsSha256 === undefined
        ? null
        : { file: rejectsFile(index), bytes: rejectsBytes, sha256: rejectsSha256 },
  };
}
