/** A job in a list: what the server knows of it without asking anybody. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { corpusWorkflowType } from '../contract/corpus.ts';

export interface JobSummary {
  readonly jobId: string;
  readonly runId: string;
  /** `corpus`: many archives as one job. */
  readonly kind: 'job' | 'corpus';
  /** `running`, `paused`, `completed`, `failed`, `cancelled`, `terminated` or `timed-out`. */
  readonly status: string;
  /** Of a corpus: how many there are. */
  readonly archive: string;
  readonly startedMs: number;
  readonly closedMs: number | null;
  /** 0–100, to a tenth of the way; null where it is not known. */
  readonly percent: number | null;
}

const statuses: Readonly<Record<string, string>> = {
  CANCELED: 'cancelled',
  TIMED_OUT: 'timed-out',
};

/** From a listing, or from a description, whose raw answer is another. */
export function summaryOf(job: Omit<WorkflowExecutionInfo, 'raw'>): JobSummary {
  const attributes = job.typedSearchAttributes.getAll();
  const find = (name: string): unknown => attributes.find(({ key }) => key.name === name)?.value;
  const percent = find('ThreadmillPercent');
  const status = statuses[job.status.name] ?? job.status.name.toLowerCase();
  const archive = job.memo?.['archive'];
  return {
    jobId: job.workflowId,
    runId: job.runId,
    kind: job.type === corpusWorkflowType ? 'corpus' : 'job',
    status: status === 'running' && find('ThreadmillState') === 'paused' ? 'paused' : status,
    archive: typeof archive === 'string' ? archive : '',
    startedMs: job.startTime.getTime(),
    closedMs: job.closeTime?.getTime() ?? null,
    percent: status === 'completed' ? 100 : typeof percent === 'number' ? percent : null,
  };
}
