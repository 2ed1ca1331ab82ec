/** The activity that looks at an archive before anything is written, and takes the dataset's folder for the job. */
import path from 'node:path';
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { InspectionResult, JobSettings } from '../contract/job.ts';
import { ThreadmillError } from '../core/errors.ts';
import { partsPerJobMax } from '../core/limits.ts';
import { inspectArchive as inspect } from '../engine/archive/inspect.ts';
import { claimDataset, datasetFolder } from '../engine/dataset/claim.ts';
import { checkConfined } from '../engine/output/confine.ts';
import { validateJobOverrides } from '../settings/job-settings.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

export interface InspectInput {
  readonly archive: string;
  readonly out: string | null;
  /** As the user gave them: checked here, over the worker's own. */
  readonly settings: Partial<JobSettings>;
  readonly replace: boolean;
  /** When the job first began, ms; null: now. */
  readonly startedMs: number | null;
}

/**
 * Checks the settings, reads the archive's beginning, and claims the dataset's folder. Idempotent. Reads a few MiB;
 * takes well under a second, so it does not heartbeat.
 */
export async function inspectArchive(
  deps: ActivityDependencies,
  input: InspectInput,
): Promise<InspectionResult> {
  const { info, log } = Context.current();
  const jobId = info.workflowExecution?.workflowId ?? info.activityId;
  try {
    const settings = { ...deps.settings, ...validateJobOverrides(input.settings, { base: deps.settings }) };
    const { maxMemoryUsage: maxMemoryMb, salvage } = settings;
    const inspection = await inspect(path.resolve(input.archive), { maxMemoryMb, salvage });
    checkPartCount(inspection.contentBytes ?? inspection.estimatedBytes, settings.partBytes);
    const dataset = datasetFolder(input.out === null ? deps.out : path.resolve(input.out), inspection.name);
    await checkConfined(dataset, deps.confine);
    await claimDataset(dataset, jobId, {
      isRunning: (other) => isRunning(deps.client, other),
      replace: input.replace,
    });
    log.info('Archive inspected', {
      archive: inspection.path,
      kind: inspection.kind,
      compressedBytes: inspection.compressedBytes,
      windowBytes: inspection.windowBytes,
      dataset,
    });
    return {
      inspection,
      settings,
      dataset,
      searchable: deps.searchable,
      nowMs: input.startedMs ?? Date.now(),
    };
  } catch (error) {
    throw failureOf(error, info.attempt);
  }
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

async function isRunning(client: Client, jobId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(jobId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
