/** The library's part for corpora: many archives as one job. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import {
  concurrencyMax,
  corpusCommandNames,
  corpusWorkflowType,
  type CorpusJobInput,
  type CorpusProgress,
  type CorpusResult,
} from '../contract/corpus.ts';
import type { JobSettings } from '../contract/job.ts';
import { joinProblem } from '../contract/join.ts';
import { corpusPriority } from '../contract/priority.ts';
import { ThreadmillError } from '../core/errors.ts';
import { corpusId, travelling, type CorpusRequest } from '../engine/corpus/corpus-id.ts';
import { resolvePlace } from '../engine/storage/place.ts';
import { corpusProgressNow } from './corpus-view.ts';
import { about } from './failures.ts';
import { waitForEnd } from './wait.ts';

/** As of a job: a task that is lost with its worker would cost the 10 s that are the default. */
const workflowTaskTimeout = '5s';

export interface CorpusOptions {
  readonly out?: string;
  /** A file with more archives, one a line. */
  readonly list?: string;
  /** Comments and submissions archives of one name (`RC_2019-04` and `RS_2019-04`) are one job. */
  readonly join?: boolean;
  /** Make anew what is done. */
  readonly again?: boolean;
  /** Large archives at a time, and batches of small ones, from 1 to 500; default 4. */
  readonly concurrency?: number;
}

export interface StartedCorpus {
  readonly jobId: string;
  readonly runId: string;
  readonly alreadyRunning: boolean;
  /** Absolute. */
  readonly out: string;
  readonly webUrl: string | null;
}

export interface WaitForCorpusOptions {
  readonly onProgress?: (progress: CorpusProgress) => void;
  /** Between two looks at the progress, ms; default 500. */
  readonly intervalMs?: number;
  /** Stops waiting; the corpus goes on. */
  readonly signal?: AbortSignal;
}

/** What it needs of the client that it belongs to. */
export interface CorpusClientOptions {
  readonly client: Client;
  readonly taskQueue: string;
  readonly out: string;
  readonly settingsWith: (overrides: Partial<JobSettings>) => JobSettings;
  readonly webUrlOf: (jobId: string) => string | null;
  readonly update: (jobId: string, name: string, value: number) => Promise<number>;
}

export class CorpusClient {
  private readonly with: CorpusClientOptions;

  constructor(options: CorpusClientOptions) {
    this.with = options;
  }

  /**
   * Processes archives and waits for the end. `archives`: files, folders (all archives below them) and patterns. The result
   * tells of those that failed; only what concerns all of them rejects.
   *
   * @throws {ThreadmillError} by its code: the settings, the names, the output folder, the server
   */
  async process(
    archives: readonly string[],
    overrides: Partial<JobSettings> = {},
    options: CorpusOptions & WaitForCorpusOptions = {},
  ): Promise<CorpusResult> {
    const { jobId } = await this.start(archives, overrides, options);
    return this.waitFor(jobId, options);
  }

  /** Starts a corpus, or finds the same one running, and does not wait. @throws as {@link process} */
  async start(
    archives: readonly string[],
    overrides: Partial<JobSettings> = {},
    { out, list, join = false, again = false, concurrency }: CorpusOptions = {},
  ): Promise<StartedCorpus> {
    const settings = this.with.settingsWith(overrides);
    const problem = join ? joinProblem(settings) : null;
    if (problem !== null) throw problem;
    if (concurrency !== undefined) checkConcurrency(concurrency);
    const request: CorpusRequest = {
      archives: archives.map(resolvePlace),
      list: list === undefined ? null : resolvePlace(list),
      join,
      out: resolvePlace(out ?? this.with.out),
    };
    const jobId = corpusId(request, settings);
    const input: CorpusJobInput = {
      ...(await travelling(request)),
      ...{ out: request.out, settings, join, replace: again },
      ...(concurrency === undefined ? {} : { concurrency }),
    };
    const started = { jobId, out: request.out, webUrl: this.with.webUrlOf(jobId) };
    const { workflow } = this.with.client;
    try {
      const { firstExecutionRunId: runId } = await workflow.start(corpusWorkflowType, {
        workflowId: jobId,
        taskQueue: this.with.taskQueue,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowTaskTimeout,
        memo: { archive: 'a corpus', dataset: request.out },
        staticSummary: `corpus in ${request.out}`,
        priority: corpusPriority,
      });
      return { ...started, runId, alreadyRunning: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const { runId } = await about(jobId, () => workflow.getHandle(jobId).describe());
      return { ...started, runId, alreadyRunning: true };
    }
  }

  /** Waits for a corpus's end, over outages of the server. @throws as a job's wait */
  waitFor(jobId: string, options: WaitForCorpusOptions = {}): Promise<CorpusResult> {
    const { client } = this.with;
    return waitForEnd(client, jobId, { ...options, look: () => corpusProgressNow(client, jobId) });
  }

  /** How far a corpus is: fresh to a second while it runs. @throws {ThreadmillError} JOB_NOT_FOUND */
  getProgress(jobId: string): Promise<CorpusProgress> {
    return about(jobId, () => corpusProgressNow(this.with.client, jobId));
  }

  /** Begins a closed corpus again: what is done is left alone, the rest is done. Does not wait. @throws as {@link start} */
  async restart(jobId: string): Promise<void> {
    const { client, taskQueue } = this.with;
    const handle = client.workflow.getHandle(jobId);
    const { events } = await about(jobId, () => handle.fetchHistory());
    const { corpusFromHistory } = await import('./corpus-history.ts');
    const { decoderOf } = await import('./job-view.ts');
    const { input } = await corpusFromHistory(events ?? [], decoderOf(client));
    if (input === null)
      throw new ThreadmillError('JOB_FAILED', `Corpus "${jobId}" has no input to go on with`, {
        facts: { jobId },
      });
    const { state: _state, ...given } = input;
    await client.workflow.start(corpusWorkflowType, {
      workflowId: jobId,
      taskQueue,
      args: [{ ...given, replace: false }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowTaskTimeout,
      memo: { archive: 'a corpus', dataset: given.out ?? '' },
      priority: corpusPriority,
    });
  }

  /** Sets how many large archives, and batches of small ones, are under way at a time. */
  async setConcurrency(jobId: string, concurrency: number): Promise<number> {
    checkConcurrency(concurrency);
    return this.with.update(jobId, corpusCommandNames.setConcurrency, concurrency);
  }
}

function checkConcurrency(value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= concurrencyMax) return;
  throw new ThreadmillError(
    'USAGE',
    `The concurrency of a corpus is ${value}, but must be a whole number from 1 to ${concurrencyMax}`,
  );
}
