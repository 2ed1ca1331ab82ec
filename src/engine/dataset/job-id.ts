/** The id of a job: the same request is the same job. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { JobSettings } from '../../contract/job.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import { archiveName } from '../archive/archive-name.ts';
import { fingerprintOf } from '../archive/fingerprint.ts';
import { datasetFolder } from './names.ts';

export interface JobIdentity {
  readonly jobId: string;
  /** Absolute. */
  readonly archive: string;
  /** Absolute; the submissions archive that is joined to it, or null. */
  readonly submissions: string | null;
  /** Absolute. */
  readonly out: string;
  readonly dataset: string;
  /** Compressed, of all archives of the job. */
  readonly bytes: number;
}

/**
 * `<archive's name>-<8 hex>`, the hex made from the archive's fingerprint, the settings that decide bytes of the output,
 * the output folder, and the fingerprint of the archive that is joined. Reads at most 3 MiB of an archive, at once.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 */
export function identify(
  archive: string,
  out: string,
  settings: JobSettings,
  submissions: string | null = null,
): JobIdentity {
  const path = resolve(archive);
  const name = archiveName(path);
  const dataset = datasetFolder(resolve(out), name);
  const own = fingerprintOf(path);
  const theirs = submissions === null ? null : fingerprintOf(resolve(submissions));
  const hash = createHash('sha256')
    .update(
      JSON.stringify([
        own.fingerprint,
        dataset,
        decisiveSettings(settings),
        ...(theirs === null ? [] : [theirs.fingerprint]),
      ]),
    )
    .digest('hex');
  return {
    jobId: `${name}-${hash.slice(0, 8)}`,
    archive: path,
    submissions: submissions === null ? null : resolve(submissions),
    out: resolve(out),
    dataset,
    bytes: own.bytes + (theirs?.bytes ?? 0),
  };
}
