/** The activity that looks at an archive before anything is written, and takes the dataset's folder for the job. */
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { ArchiveInspection, InspectionResult, JobSettings } from '../contract/job.ts';
import { bucketsFor, makesThreads } from '../contract/threads.ts';
import { joinWithoutThreads, pairProblem } from '../contract/join.ts';
import { ThreadmillError } from '../core/errors.ts';
import { partsPerJobMax } from '../core/limits.ts';
import { inspectArchive as inspect } from '../engine/archive/inspect.ts';
import { claimDataset, datasetFolder } from '../engine/dataset/claim.ts';
import { checkConfined } from '../engine/output/confine.ts';
import { isOpenJob } from './open-job.ts';
import { readNameFiles } from '../engine/selection/name-files.ts';
import { checkSelection } from '../engine/selection/plan.ts';
import { settingsOfJob } from '../settings/job-settings.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

export interface InspectInput {
  readonly archive: string;
  /** The submissions archive to be joined; absent: none. */
  readonly submissions?: string | null;
  readonly out: string | null;
  /** As the user gave them: checked here, over the worker's own. */
  readonly settings: Partial<JobSettings>;
  readonly replace: boolean;
  /** When the job first began, ms; null: now. */
  readonly startedMs: number | null;
}

/**
 * Checks the settings, reads the archives' beginnings, and claims the dataset's folder. Idempotent. Reads a few MiB;
 * takes well under a second, so it does not heartbeat.
 */
export async function inspectArchive(
  deps: ActivityDependencies,
  input: InspectInput,
): Promise<InspectionResult> {
  const { info, log } = Context.current();
  const jobId = info.workflowExecution?.workflowId ?? info.activityId;
  try {
    const settings = readNameFiles(settingsOfJob(deps.settings, input.settings));
    const { maxMemoryUsage: maxMemoryMb, salvage } = settings;
    const look = (archive: string): Promise<ArchiveInspection> =>
      inspect(path.resolve(archive), { maxMemoryMb, salvage });
    const { submissions = null } = input;
    const inspection = await look(input.archive);
    const joined = submissions === null ? null : await look(submissions);
    if (joined !== null) checkPair(inspection, joined, settings);
    checkFormat(inspection, settings);
    const bytes = inspection.estimatedBytes + (joined?.estimatedBytes ?? 0);
    checkPartCount(bytes, settings.partBytes);
    checkSelection(settings, inspection.kind, joined !== null);
    // its columns are not chosen: the thread table has them all
    if (joined !== null) checkSelection({ ...settings, columns: undefined }, joined.kind);
    const dataset = datasetFolder(input.out === null ? deps.out : path.resolve(input.out), inspection.name);
    await checkConfined(dataset, deps.confine);
    await claimDataset(dataset, jobId, {
      isRunning: (other) => isOpenJob(deps.client, other),
      replace: input.replace,
    });
    log.info('Archive inspected', {
      archive: inspection.path,
      kind: inspection.kind,
      ...(joined === null ? {} : { submissions: joined.path }),
      compressedBytes: inspection.compressedBytes,
      windowBytes: inspection.windowBytes,
      dataset,
    });
    return {
      inspection,
      joined,
      buckets: makesThreads(settings, inspection.kind) ? bucketsFor(bytes) : 0,
      settings,
      dataset,
      searchable: deps.searchable,
      nowMs: input.startedMs ?? Date.now(),
    };
  } catch (error) {
    throw failureOf(error, info.attempt);
  }
}

/** Who starts a job may have been on another machine: only here both archives are sure to be there. */
function checkPair(comments: ArchiveInspection, submissions: ArchiveInspection, settings: JobSettings): void {
  if (!settings.preserveThreads) throw joinWithoutThreads();
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
