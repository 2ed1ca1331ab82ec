/** The errors that end a segment for what its archive holds, in words. */
import type { ArchiveInspection, RejectExample, SegmentInput } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { totalOf, type Counters } from '../../core/fates.ts';
import type { ArchiveDamage } from './archive-pipeline.ts';

/** Fewer rejects than this never stop a job: a cut-off line in a subreddit of fifty comments is no wrong archive. */
const rejectsToleratedMin = 10;

/** Whether a part's rejects end its job: per part, so that it depends on the archive alone and not on how it was cut up. */
export function rejectsTooMany({ rejected, lines }: Counters, rateMax: number): boolean {
  const count = totalOf(rejected);
  return count > rejectsToleratedMin && count / lines > rateMax;
}

/** TOO_MANY_REJECTS, with the first examples. */
export function tooManyRejects(
  counters: Counters,
  rateMax: number,
  examples: readonly RejectExample[],
): ThreadmillError {
  const rejected = totalOf(counters.rejected);
  const { lines } = counters;
  const percent = (share: number): string => `${Math.round(share * 10_000) / 100} %`;
  const shown = examples.map(
    ({ line, offset, reason, raw }) =>
      `  line ${line + 1}, byte ${offset}, ${reason}: ${JSON.stringify(raw.slice(0, 80))}`,
  );
  return new ThreadmillError(
    'TOO_MANY_REJECTS',
    `Stopped at ${rejected} rejected of ${lines} lines (${percent(rejected / lines)}, at most ` +
      `${percent(rateMax)} allowed): this is probably not a Reddit archive. If it is, raise ` +
      `--max-reject-rate and run again: it goes on from here. The first:\n${shown.join('\n')}`,
    { facts: { rejected, lines } },
  );
}

/** ARCHIVE_TRUNCATED or ARCHIVE_CORRUPT. `lastGoodLine`: whole lines before the damage, which are committed. */
export function damagedArchive(
  { inspection, dataset }: SegmentInput,
  { kind, compressed, decompressed, message }: ArchiveDamage,
  lastGoodLine: number,
): ThreadmillError {
  const { path } = inspection;
  const what = kind === 'truncated' ? 'is cut off' : 'is damaged';
  return new ThreadmillError(
    kind === 'truncated' ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_CORRUPT',
    `Archive "${path}" ${what} at compressed byte ${compressed} of ${inspection.compressedBytes} ` +
      `(decompressed byte ${decompressed}): ${message}. All ${lastGoodLine} whole lines before it are committed in ` +
      `"${dataset}". Download the file again and start anew, or keep what there is with --salvage`,
    { facts: { path, compressed, decompressed, lastGoodLine } },
  );
}

/** ARCHIVE_TRUNCATED or ARCHIVE_CORRUPT, of an archive that was to be written anew: what it held would be lost for good. */
export function damagedReframe(
  { path, compressedBytes }: ArchiveInspection,
  { kind, compressed, decompressed, message }: ArchiveDamage,
): ThreadmillError {
  return new ThreadmillError(
    kind === 'truncated' ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_CORRUPT',
    `Archive "${path}" ${kind === 'truncated' ? 'is cut off' : 'is damaged'} at compressed byte ${compressed} of ` +
      `${compressedBytes} (decompressed byte ${decompressed}): ${message}. Nothing was put in its place; download it again`,
    { facts: { path, compressed, decompressed } },
  );
}
