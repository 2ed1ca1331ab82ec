/** The activity that ends a job early: its decoder is closed, its folder is free. */
import { Context } from '@temporalio/activity';
import { releaseClaim } from '../engine/dataset/claim.ts';
import { isOurs } from '../engine/dataset/names.ts';
import { abandonUploads } from '../engine/storage/folder.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

/** Idempotent. What is committed stays: the job can be resumed. */
export async function letGo(
  deps: ActivityDependencies,
  { jobId, dataset }: { readonly jobId: string; readonly dataset: string },
): Promise<void> {
  try {
    await deps.sessions.drop(jobId);
    await abandonUploads(dataset, { beforeMs: Infinity, wanted: isOurs });
    await releaseClaim(dataset, jobId);
  } catch (error) {
    throw failureOf(error, Context.current().info.attempt);
  }
}
