/** What the library's client takes and gives. */
import type { Client } from '@temporalio/client';
import type { JobProgress, JobSettings } from '../contract/job.ts';

export interface ClientOptions {
  readonly client: Client;
  readonly taskQueue: string;
  /** Under every job's overrides. */
  readonly settings: JobSettings;
  /** Folder for datasets; default `./out`. */
  readonly out?: string;
  /** Of the Web UI; null where it is not known. */
  readonly uiUrl?: string | null;
}

export interface StartOptions {
  readonly out?: string;
  /** The submissions archive that belongs to a comments archive: each submission heads its thread. */
  readonly submissions?: string;
  /** Do it anew where it is done. */
  readonly again?: boolean;
}

export interface StartedJob {
  readonly jobId: string;
  readonly runId: string;
  readonly alreadyDone: boolean;
  readonly alreadyRunning: boolean;
  readonly dataset: string;
  readonly webUrl: string | null;
}

export interface WaitOptions {
  readonly onProgress?: (progress: JobProgress) => void;
  /** Between two looks at the progress, ms; default 500. */
  readonly intervalMs?: number;
  /** Stops waiting; the job goes on. */
  readonly signal?: AbortSignal;
}

/** A job that this client has started and that has not ended. */
export interface ActiveJob {
  readonly jobId: string;
  readonly archive: string;
  readonly startedMs: number;
}
