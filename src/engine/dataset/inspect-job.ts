/** What a job is about, looked at and checked before anything is written: by the activity of one job, and by who makes many. */
import type { ArchiveInspection, InspectionResult, JobSettings } from '../../contract/job.ts';
import { joinProblem, pairProblem } from '../../contract/join.ts';
import { bucketsOfJob, makesThreads } from '../../contract/threads.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { partsPerJobMax } from '../../core/limits.ts';
import { schemeOf } from '../../core/places.ts';
import { lookAtArchive } from '../archive/look.ts';
import { checkSelection } from '../selection/plan.ts';
import { datasetFolder } from './names.ts';

export interface JobToInspect {
  readonly archive: string;
  /** The submissions archive to be joined; null: none. */
  readonly submissions: string | null;
  /** Absolute; the dataset's folder is in it. */
  readonly out: string;
  /** Checked, and its files of names read. */
  readonly settings: JobSettings;
}

/** What of an `InspectionResult` follows from the archives and the settings. */
export type InspectedJob = Required<Pick<InspectionResult, 'inspection' | 'joined' | 'buckets' | 'dataset'>>;

/**
 * Looks at the beginnings of a job's archives, and refuses what could only fail later. Writes nothing. Cost and memory:
 * see `inspectArchive`.
 *
 * @throws {ThreadmillError} as `inspectArchive`, of either archive; USAGE, SETTINGS_INVALID, SELECTION_CHANGED, TOO_MANY_PARTS
 */
export async function inspectJob({
  archive,
  submissions,
  out,
  settings,
}: JobToInspect): Promise<InspectedJob> {
  const { maxMemoryUsage: maxMemoryMb, salvage } = settings;
  const look = (file: string): Promise<ArchiveInspection> => lookAtArchive(file, { maxMemoryMb, salvage });
  const inspection = await look(archive);
  const joined = submissions === null ? null : await look(submissions);
  if (joined !== null) checkPair(inspection, joined, settings);
  checkFormat(inspection, settings);
  const bytes = inspection.estimatedBytes + (joined?.estimatedBytes ?? 0);
  checkPartCount(bytes, settings.partBytes);
  checkSelection(settings, inspection.kind, joined !== null);
  // its columns are not chosen: the thread table has them all
  if (joined !== null) checkSelection({ ...settings, columns: undefined }, joined.kind);
  const dataset = datasetFolder(out, inspection.name);
  checkSplit(dataset, settings);
  return {
    inspection,
    joined,
    buckets: bucketsOfJob(settings, inspection.kind, bytes),
    dataset,
  };
}

/** Who starts a job may have been on another machine: only here both archives are sure to be there. */
function checkPair(comments: ArchiveInspection, submissions: ArchiveInspection, settings: JobSettings): void {
  const problem = joinProblem(settings);
  if (problem !== null) throw problem;
  if (comments.kind === 'comments' && submissions.kind === 'submissions') return;
  throw new ThreadmillError('USAGE', pairProblem([comments, submissions]), {
    facts: { path: comments.path, submissions: submissions.path },
  });
}

/** What kind of archive it is, is known only now. */
function checkFormat({ path: archive, kind }: ArchiveInspection, settings: JobSettings): void {
  if (settings.format !== 'conversations' || makesThreads(settings, kind)) return;
  throw new ThreadmillError(
    'USAGE',
    `Cannot make conversations of ${JSON.stringify(archive)}: it holds ${kind}, and conversations are made of comments; ` +
      'choose another --format, or give it together with its comments and --join',
    { facts: { path: archive } },
  );
}

/** Files of values are moved into their places together, which a store can't do. */
function checkSplit(dataset: string, { splitBy }: JobSettings): void {
  if (splitBy === undefined || schemeOf(dataset) === 'file') return;
  throw new ThreadmillError(
    'USAGE',
    `Cannot split a dataset at ${JSON.stringify(dataset)}: --split-by needs a folder of a file system; give --out one, or leave it out`,
    { facts: { path: dataset } },
  );
}

/** An estimate, so the workflow counts again; here it spares hours. */
function checkPartCount(bytes: number, partBytes: number): void {
  const parts = Math.ceil(bytes / partBytes);
  if (parts <= partsPerJobMax) return;
  const mib = Math.ceil(bytes / partsPerJobMax / 2 ** 20);
  throw new ThreadmillError(
    'TOO_MANY_PARTS',
    `Cannot cut about ${bytes} bytes of text into parts of ${partBytes} bytes: that is ${parts} parts, at most ` +
      `${partsPerJobMax} are allowed; give --part-mib ${mib} or more`,
    { facts: { parts, partsPerJobMax } },
  );
}
