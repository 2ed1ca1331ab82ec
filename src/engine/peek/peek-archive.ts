/** Head and sample of an archive, from settings to bytes. */
import type { JobSettings } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import type { Counters } from '../../core/fates.ts';
import { inspectArchive } from '../archive/inspect.ts';
import { readNameFiles } from '../selection/name-files.ts';
import { checkSelection, planSelection, type SampleShare } from '../selection/plan.ts';
import { peek } from './peek.ts';

export interface PeekRequest {
  /** Rules, selection, columns and format as a job would have them. */
  readonly settings: JobSettings;
  /** Null: to the archive's end. */
  readonly rowsMax: number | null;
  /** Decompressed offset at which to begin, as `threadmill rejects` tells it. Absent: at the first line. */
  readonly from?: number;
  /** Null: every selected line. */
  readonly sample: SampleShare | null;
  /** Upper bound of `created_utc` for records without a retrieval time, seconds. */
  readonly nowSeconds: number;
  readonly onBytes: (bytes: Uint8Array) => void;
}

/**
 * Writes the rows that a job with these settings would keep, the first ones or a sample, in the archive's order. Gives the
 * counts of the lines that it went over.
 *
 * @throws {ThreadmillError} as `inspectArchive` and `checkSelection`; ARCHIVE_TRUNCATED, ARCHIVE_CORRUPT once all rows before the
 *   damage are written
 */
export async function peekArchive(given: string, request: PeekRequest): Promise<Counters> {
  const settings = readNameFiles(request.settings);
  const { salvage, format, keepRaw, columns, extra, qualityMinScore } = settings;
  const archive = await inspectArchive(given, { salvage, maxMemoryMb: settings.maxMemoryUsage });
  const { kind, path } = archive;
  checkSelection(settings, kind);
  const { validateTimestamps, excludeDeleted, excludeRemoved } = settings;
  const { nowSeconds, rowsMax, sample, onBytes, from = 0 } = request;
  const { counters, damage } = await peek({
    archive,
    salvage,
    from,
    onBytes,
    mill: {
      format,
      kind,
      keepRaw,
      columns,
      extra,
      rules: { kind, validateTimestamps, nowSeconds, qualityMinScore, excludeDeleted, excludeRemoved },
      selection: planSelection(settings, kind, sample),
      ...(rowsMax === null ? {} : { rowsMax }),
    },
  });
  if (damage === null) return counters;
  throw new ThreadmillError(
    damage.kind === 'truncated' ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_CORRUPT',
    `Archive ${JSON.stringify(path)} ${damage.kind === 'truncated' ? 'is cut off' : 'is damaged'} at compressed byte ` +
      `${damage.compressed} of ${archive.compressedBytes} (decompressed byte ${damage.decompressed}): ${damage.message}. The rows ` +
      'of all whole lines before it have been written; --salvage goes on behind it',
    { facts: { path, compressed: damage.compressed, decompressed: damage.decompressed } },
  );
}
