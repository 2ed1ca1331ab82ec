/** The activity that looks at an archive before anything is written, and takes the dataset's folder for the job. */
import { Context } from '@temporalio/activity';
import type { InspectionResult, JobSettings } from '../contract/job.ts';
import { withoutSecrets } from '../core/places.ts';
import { claimDataset } from '../engine/dataset/claim.ts';
import { inspectJob } from '../engine/dataset/inspect-job.ts';
import { checkConfined } from '../engine/output/confine.ts';
import { resolvePlace } from '../engine/storage/place.ts';
import { isOpenJob } from './open-job.ts';
import { readNameFiles } from '../engine/selection/name-files.ts';
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
    const { submissions = null } = input;
    const found = await inspectJob({
      archive: input.archive,
      submissions,
      out: input.out === null ? deps.out : resolvePlace(input.out),
      settings,
    });
    const { inspection, joined, dataset } = found;
    await checkConfined(dataset, deps.confine);
    await claimDataset(dataset, jobId, {
      isRunning: (other) => isOpenJob(deps.client, other),
      replace: input.replace,
    });
    log.info('Archive inspected', {
      archive: withoutSecrets(inspection.path),
      kind: inspection.kind,
      ...(joined === null ? {} : { submissions: withoutSecrets(joined.path) }),
      compressedBytes: inspection.compressedBytes,
      windowBytes: inspection.windowBytes,
      dataset,
    });
    return {
      ...found,
      settings,
      searchable: deps.searchable,
      nowMs: input.startedMs ?? Date.now(),
    };
  } catch (error) {
    throw failureOf(error, info.attempt);
  }
}
