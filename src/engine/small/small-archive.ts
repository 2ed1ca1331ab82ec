/** An archive so small that one thread makes its whole dataset: what is asked for, and what is too large for it. */
import type { ArchiveInspection, JobResult, JobSettings } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { smallArchiveBytesMax, smallContentBytesMax } from '../../core/limits.ts';

/**
 * One archive (or a pair) that becomes a dataset, as the ordinary job of the same id and settings would make it. A file of
 * `smallArchiveBytesMax` or less (of a pair: both together) is worth a try; the look into it decides.
 */
export interface SmallArchive {
  /** As `identify` (job-id.ts) makes it; the same one finds its finished dataset again. */
  readonly jobId: string;
  readonly archive: string;
  /** The submissions archive to be joined; absent: none. */
  readonly submissions?: string | null;
  /** Absolute; the dataset's folder is in it. */
  readonly out: string;
  /** All of them, checked (`settingsOfJob`), and their files of names read (`readNameFiles`): once for a whole corpus. */
  readonly settings: JobSettings;
  /** A finished dataset that stands in the folder is replaced, also one of this very job. */
  readonly replace: boolean;
  /**
   * When the job first began, ms since 1970: records without a retrieval time are judged by it, so another attempt has to
   * give the same one.
   */
  readonly startedMs: number;
}

/** What became of it. */
export interface SmallArchiveResult {
  /** As the ordinary job's; of a dataset that stood there finished, `metrics.seconds` is 0. */
  readonly result: JobResult;
  /** The finished dataset of this very job stood there: nothing was done. */
  readonly stood: boolean;
  /** Decompressed bytes that were read of its archives. */
  readonly bytes: number;
}

/** @throws {ThreadmillError} ARCHIVE_NOT_SMALL where one thread should not make all of it */
export function refuseLarge(inspections: readonly ArchiveInspection[]): void {
  const sum = (of: (inspection: ArchiveInspection) => number): number =>
    inspections.reduce((total, inspection) => total + of(inspection), 0);
  const compressed = sum(({ compressedBytes }) => compressedBytes);
  const content = sum(({ estimatedBytes, contentBytes }) => contentBytes ?? estimatedBytes);
  if (compressed > smallArchiveBytesMax || content > smallContentBytesMax)
    throw notSmall(inspections[0]?.path ?? '', content);
}

/** `bytes`: decompressed, as far as they are known. */
export function notSmall(path: string, bytes: number): ThreadmillError {
  return new ThreadmillError(
    'ARCHIVE_NOT_SMALL',
    `Archive ${JSON.stringify(path)} holds ${bytes} bytes of text or more: too much for one of many small ones ` +
      `(at most ${smallContentBytesMax}); it needs a job of its own: threadmill run ${JSON.stringify(path)}`,
    { facts: { path, bytes } },
  );
}
