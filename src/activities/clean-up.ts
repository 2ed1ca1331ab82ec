/** The activity behind the clean-up schedule: removes what killed attempts, and jobs that are gone, left behind. */
import { Context } from '@temporalio/activity';
import { workflowTypes, type CleanUpResult } from '../contract/job.ts';
import { ThreadmillError } from '../core/errors.ts';
import { claimHolder } from '../engine/dataset/claim.ts';
import { cleanDataset } from '../engine/dataset/clean-up.ts';
import { foldersIn } from '../engine/storage/folder.ts';
import { checkConfined } from '../engine/output/confine.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';
import { isOpenJob } from './open-job.ts';

/**
 * A temporary file that is being written changes every second; one that has not for this long belongs to nobody: a
 * session that waits is closed, and its files removed, after a minute.
 */
const abandonedMs = 10 * 60_000;
/** Jobs looked up; the next clean-up sees the others. */
const jobsMax = 1_000;

/** Looks through the output folder of this worker and the datasets of recent jobs; passes over what it may not touch. Idempotent. */
export async function cleanUp(deps: ActivityDependencies): Promise<CleanUpResult> {
  const context = Context.current();
  try {
    const folders = new Set(await foldersIn(deps.out));
    let jobs = 0;
    for await (const job of deps.client.workflow.list({
      query: `WorkflowType = '${workflowTypes.archive}'`,
    })) {
      const dataset = job.memo?.['dataset'];
      if (typeof dataset === 'string') folders.add(dataset);
      if (++jobs >= jobsMax) break;
    }
    let removed = 0;
    for (const folder of folders) {
      context.heartbeat();
      if (context.cancellationSignal.aborted) break;
      try {
        // a memo says whatever somebody wrote into it
        await checkConfined(folder, deps.confine);
        const holder = await claimHolder(folder);
        const atWork = holder !== null && (await isOpenJob(deps.client, holder));
        const options = {
          olderThanMs: abandonedMs,
          spillsOlderThanMs: atWork ? null : deps.retentionMs,
          nowMs: Date.now(),
        };
        removed += (await cleanDataset(folder, options)).length;
      } catch (error) {
        // one that is not ours to read, such as lost+found, must not keep the others from being cleaned
        if (!(error instanceof ThreadmillError)) throw error;
        context.log.warn(`Passed over while cleaning up: ${error.message}`);
      }
    }
    if (removed > 0) context.log.info('Removed what killed attempts and jobs left', { files: removed });
    return { folders: folders.size, removed };
  } catch (error) {
    throw failureOf(error, context.info.attempt);
  }
}
