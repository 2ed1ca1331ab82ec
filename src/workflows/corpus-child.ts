/** A large archive of a corpus as the job that it would be alone. */
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  TerminatedFailure,
  isCancellation,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { CorpusError, CorpusJob } from '../contract/corpus.ts';
import { workflowTypes, type ArchiveJobInput, type JobResult, type JobSettings } from '../contract/job.ts';
import { largeJobPriority } from '../contract/priority.ts';
import { errorCodes } from '../core/errors.ts';
import { readable } from './readable.ts';

export type ArchiveJobHandle = (input: ArchiveJobInput) => Promise<JobResult>;

/** A task takes milliseconds; one that is lost with its worker would cost the 10 s that are the default. */
const workflowTaskTimeout = '5s';

export interface ChildJob extends CorpusJob {
  readonly submissions?: string;
  readonly dataset: string;
  readonly out: string;
  readonly settings: JobSettings;
  readonly replace: boolean;
}

/** How it ended; `taken`: somebody has started the very job meanwhile. */
export type ChildEnd = 'taken' | { readonly error: CorpusError | null; readonly retries: number };

/**
 * Starts the job and waits for its end; `onStarted` gets its handle. The job goes on where the corpus is terminated, and is
 * cancelled with it. Throws only where the corpus is cancelled.
 */
export async function runArchiveJob(
  { jobId, archive, submissions, dataset, out, settings, replace, bytes }: ChildJob,
  onStarted: (child: ChildWorkflowHandle<ArchiveJobHandle>) => void,
): Promise<ChildEnd> {
  try {
    const child = await startChild<ArchiveJobHandle>(workflowTypes.archive, {
      workflowId: jobId,
      args: [{ archive, ...(submissions === undefined ? {} : { submissions }), out, settings, replace }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowTaskTimeout,
      memo: { archive, dataset },
      staticSummary: archive,
      priority: largeJobPriority(bytes),
    });
    onStarted(child);
    const { metrics } = readable(await child.result());
    return { error: null, retries: metrics.retries };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'taken';
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    return { error: errorOf(jobId, error), retries: 0 };
  }
}

function errorOf(jobId: string, { cause }: ChildWorkflowFailure): CorpusError {
  if (cause instanceof ApplicationFailure) {
    const code = errorCodes.find((known) => known === cause.type) ?? 'JOB_FAILED';
    return { code, message: cause.message };
  }
  const how =
    cause instanceof TerminatedFailure ? 'terminated' : isCancellation(cause) ? 'cancelled' : 'ended';
  return { code: 'JOB_FAILED', message: `Job "${jobId}" was ${how}; run the same command again: it goes on` };
}
