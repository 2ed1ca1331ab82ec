/** The id of a job: the same request is the same job. */
import { createHash } from 'node:crypto';
import type { JobSettings } from '../../contract/job.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import { archiveName } from '../archive/archive-name.ts';
import { fingerprintAt, fingerprintOf, type Fingerprint } from '../archive/fingerprint.ts';
import { resolvePlace } from '../storage/place.ts';
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
 * the output folder, and the fingerprint of the archive that is joined. Reads at most 3 MiB of an archive, at once; for archives of
 * this machine.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE, USAGE
 */
export function identify(
  archive: string,
  out: string,
  settings: JobSettings,
  submissions: string | null = null,
): JobIdentity {
  const places = placesOf(archive, submissions);
  const prints = places.map((place: string) => fingerprintOf(place));
  return identityOf(places, prints, { out, settings });
}

/** As {@link identify}, of archives that may be anywhere. @throws STORAGE_* too */
export async function identifyAnywhere(
  archive: string,
  out: string,
  settings: JobSettings,
  submissions: string | null = null,
): Promise<JobIdentity> {
  const places = placesOf(archive, submissions);
  const prints = await Promise.all(places.map((place: string) => fingerprintAt(place)));
  return identityOf(places, prints, { out, settings });
}

/** Absolute; one, or two that are joined. */
type Places = readonly [archive: string] | readonly [archive: string, submissions: string];

function placesOf(archive: string, submissions: string | null): Places {
  return submissions === null ? [resolvePlace(archive)] : [resolvePlace(archive), resolvePlace(submissions)];
}

function identityOf(
  [archive, submissions]: Places,
  prints: readonly Fingerprint[],
  given: { readonly out: string; readonly settings: JobSettings },
): JobIdentity {
  const out = resolvePlace(given.out);
  const name = archiveName(archive);
  const dataset = datasetFolder(out, name);
  const [print, ...joined] = prints.map(({ fingerprint }) => fingerprint);
  const hash = createHash('sha256')
    .update(JSON.stringify([print, dataset, decisiveSettings(given.settings), ...joined]))
    .digest('hex');
  const bytes = prints.reduce((sum, each) => sum + each.bytes, 0);
  return {
    jobId: `${name}-${hash.slice(0, 8)}`,
    archive,
    submissions: submissions ?? null,
    out,
    dataset,
    bytes,
  };
}
