/** A finished part, as people read it and as it travels: thousands of them go through one payload of at most 2 MB. */
import {
  excludeRules,
  rejectReasons,
  type Counters,
  type ExcludeRule,
  type RejectReason,
} from '../core/fates.ts';
import type { ArchiveKind } from '../core/columns.ts';
import type { OutputFormat } from './job.ts';

/** A stretch of an archive, and what became of its lines. */
export interface PartRange {
  readonly index: number;
  /** Decompressed input range: the first byte of its first line to the first byte of the next part's. */
  readonly start: number;
  readonly end: number;
  /** Lines of the archive before this part. */
  readonly firstLine: number;
  readonly counters: Counters;
}

/** One finished part file: of flat output as in the manifest, of threads a spill file. */
export interface PartEntry extends PartRange {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
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

/** What the names of a part's files follow from. */
export interface PartNaming {
  /** `submissions`: parts of the archive that is joined to its comments. */
  readonly stem: 'part' | 'submissions';
  /** `spill`: rows on their way to threads. */
  readonly extension: OutputFormat | 'spill';
}

/** The naming of an archive's parts: submissions that are `arranged` in threads are joined ones. */
export function partNaming(options: {
  readonly format: OutputFormat;
  readonly kind: ArchiveKind;
  readonly buckets?: number;
  readonly arranged?: boolean | undefined;
}): PartNaming {
  const { format, kind, buckets = 0, arranged = true } = options;
  if (buckets === 0) return { stem: 'part', extension: format };
  return { stem: kind === 'submissions' && arranged ? 'submissions' : 'part', extension: 'spill' };
}

/** `part-00012` and the like: names sort as parts do. */
function stemOf(index: number, stem: PartNaming['stem']): string {
  return `${stem}-${String(index).padStart(5, '0')}`;
}

/** Name of a part's data file. */
export function partFile(index: number, { stem, extension }: PartNaming): string {
  return `${stemOf(index, stem)}.${extension}`;
}

/** A part's rejects until publication joins them: zstd frames of JSON lines. */
export function rejectsFile(index: number, { stem }: Pick<PartNaming, 'stem'>): string {
  return `${stemOf(index, stem)}.rejects.jsonl.zst`;
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

/** The entry as it was written; its file names follow from the index and the naming. */
export function unpackPart(part: PackedPart, naming: PartNaming): PartEntry {
  const [index, start, end, firstLine, bytes, sha256, , rejectsBytes, rejectsSha256] = part;
  const counters = packedCounters(part);
  return {
    index,
    file: partFile(index, naming),
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
        : { file: rejectsFile(index, naming), bytes: rejectsBytes, sha256: rejectsSha256 },
  };
}
