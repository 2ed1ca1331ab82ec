/** The library: starts jobs, watches and steers them. Needs a Temporal connection and nothing else. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import {
  commandNames,
  workflowTypes,
  type ArchiveJobInput,
  type JobProgress,
  type JobResult,
  type JobSettings,
  type ResourceStats,
} from '../contract/job.ts';
import { reframeWorkflowType, type ReframeResult } from '../contract/reframe.ts';
import { corpusWorkflowType } from '../contract/corpus.ts';
import { sourcesOf } from '../contract/job-state.ts';
import { jobPriority } from '../contract/priority.ts';
import { progressOf } from '../contract/progress.ts';
import { ThreadmillError } from '../core/errors.ts';
import { withoutSecrets } from '../core/places.ts';
import { finishedJob } from '../engine/dataset/finished-job.ts';
import { readNameFiles } from '../engine/selection/name-files.ts';
import { validateJobOverrides } from '../settings/job-settings.ts';
import { about, grpcCodeOf, jobError, nobodyAnswered } from './failures.ts';
import { identifyJob } from './identify-job.ts';
import { inputToGoOn } from './closed-job.ts';
import type { JobIdentity } from '../engine/dataset/job-id.ts';
import { historyFacts, progressNow, statsNow } from './job-view.ts';
import { summaryOf, type JobSummary } from './job-summary.ts';
import type { ActiveJob, ClientOptions, StartedJob, StartOptions, WaitOptions } from './client-types.ts';
import { CorpusClient } from './corpus-client.ts';
import { tolerantClient } from './tolerant-client.ts';
import { restartReframe, startReframe, type ReframeOptions, type StartedReframe } from './reframe-jobs.ts';
import { waitForEnd } from './wait.ts';

/** A worker's answer to an update takes a workflow task; this is for one that is busy. */
const updateMs = 10_000;
/** A task takes milliseconds; one that is lost with its worker would cost the 10 s that are the default. */
const workflowTaskTimeout = '5s';
/** Looked up by `listJobs`, newest first. */
const jobsListedMax = 200;

export class ThreadmillClient {
  readonly client: Client;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Many archives as one job. */
  readonly corpora: CorpusClient;
  private readonly taskQueue: string;
  private readonly settings: JobSettings;
  private readonly out: string;
  private readonly active = new Map<string, ActiveJob>();

  constructor({ client, taskQueue, settings, out = './out', uiUrl = null }: ClientOptions) {
    this.client = client;
    this.namespace = client.options.namespace;
    this.taskQueue = taskQueue;
    this.settings = settings;
    this.out = out;
    this.uiUrl = uiUrl;
    this.corpora = new CorpusClient({
      ...{ client, taskQueue, out },
      settingsWith: (overrides) => this.settingsWith(overrides),
      webUrlOf: (jobId) => this.webUrlOf(jobId),
      update: (jobId, name, value) => this.update(jobId, name, value),
    });
  }

  /**
   * Processes an archive and waits for its end. The same archive, settings and output folder are the same job: one that
   * runs is joined, one that was interrupted goes on, one that is done gives its result.
   *
   * @throws {ThreadmillError} by its code: what is wrong with the archive, the output, the settings, or the job
   */
  async processArchiveFile(
    path: string,
    overrides: Partial<JobSettings> = {},
    options: StartOptions & WaitOptions = {},
  ): Promise<JobResult> {
    const settings = this.settingsWith(overrides);
    // before anything is awaited, so that getActiveJobs() knows the job at once; what is elsewhere has to be asked first
    const known = identifyJob(this.client, { path, out: this.out, settings, ...options });
    const identity = known instanceof Promise ? await known : known;
    const { jobId, archive } = identity;
    this.active.set(jobId, { jobId, archive, startedMs: Date.now() });
    try {
      const started = await this.begin(identity, settings, options.again === true);
      return started.alreadyDone ? await this.getResult(jobId) : await this.waitForJob(jobId, options);
    } finally {
      this.active.delete(jobId);
    }
  }

  /** Starts a job, or finds the one that does the same, and does not wait. @throws as processArchiveFile */
  async startJob(
    path: string,
    overrides: Partial<JobSettings> = {},
    options: StartOptions = {},
  ): Promise<StartedJob> {
    const settings = this.settingsWith(overrides);
    const identity = await identifyJob(this.client, { path, out: this.out, settings, ...options });
    return this.begin(identity, settings, options.again === true);
  }

  /** The jobs that this client is waiting for, in the order of their start. `listJobs` knows everybody's. */
  getActiveJobs(): readonly ActiveJob[] {
    return [...this.active.values()];
  }

  /**
   * Starts a job that writes an archive anew as independent frames, or finds the one that does the same, and does not wait;
   * `waitForReframe` does.
   *
   * @throws {ThreadmillError} by its code: what is wrong with the archive or the output
   */
  startReframe(path: string, options: ReframeOptions = {}): Promise<StartedReframe> {
    const { client, taskQueue } = this;
    return startReframe({ client, taskQueue, webUrlOf: (jobId) => this.webUrlOf(jobId) }, path, options);
  }

  /** As `waitForJob`, of a job that `startReframe` gave. */
  async waitForReframe(jobId: string, options: WaitOptions = {}): Promise<ReframeResult> {
    return (await this.waitForJob(jobId, options)) as unknown as ReframeResult;
  }

  /** Open jobs and recently closed ones, newest first, at most 200. */
  async listJobs(): Promise<readonly JobSummary[]> {
    const jobs: JobSummary[] = [];
    const types = [workflowTypes.archive, corpusWorkflowType, reframeWorkflowType];
    const query = types.map((type) => `WorkflowType = '${type}'`).join(' OR ');
    for await (const job of tolerantClient(this.client).workflow.list({ query })) {
      if (jobs.push(summaryOf(job)) === jobsListedMax) break;
    }
    return jobs;
  }

  /** @throws {ThreadmillError} JOB_NOT_FOUND, as every method about one job */
  async describeJob(jobId: string): Promise<JobSummary> {
    return summaryOf(await this.describe(jobId));
  }

  /** How far a job is: fresh to a second while it runs, and known without any worker. */
  async getJobProgress(jobId: string): Promise<JobProgress> {
    try {
      return await about(jobId, () => progressNow(this.client, jobId));
    } catch (error) {
      const asked = this.active.get(jobId);
      if (asked === undefined || !(error instanceof ThreadmillError) || error.code !== 'JOB_NOT_FOUND')
        throw error;
      // this very client is about to start it: the guide's example asks at once
      return progressOf({ jobId, phase: 'inspecting', archive: asked.archive, state: null, live: null });
    }
  }

  /** The last resource sample. @throws {ThreadmillError} JOB_FAILED where there is none: no monitoring, or no segment yet */
  async getCurrentStats(jobId: string): Promise<ResourceStats> {
    const stats = await about(jobId, () => statsNow(this.client, jobId));
    if (stats !== null) return stats;
    throw new ThreadmillError(
      'JOB_FAILED',
      `Job "${jobId}" has no resource statistics: it has not begun to read, no worker answers, or ` +
        'PUSHSHIFT_ENABLE_RESOURCE_MONITORING is false',
      { facts: { jobId } },
    );
  }

  /** The result of a job that is done. @throws {ThreadmillError} its failure; JOB_FAILED where it still runs */
  async getResult(jobId: string): Promise<JobResult> {
    const description = await this.describe(jobId).catch((error: unknown) => {
      // Temporal forgets closed jobs after their retention; the dataset does not
      const kept = this.forgotten.get(jobId);
      if (kept === undefined) throw error;
      return kept;
    });
    if ('success' in description) return description;
    if (description.status.name === 'RUNNING' || description.status.name === 'PAUSED') {
      throw new ThreadmillError(
        'JOB_FAILED',
        `Job "${jobId}" is still running; threadmill watch ${jobId} follows it`,
        {
          facts: { jobId },
        },
      );
    }
    return about(jobId, () => this.client.workflow.getHandle(jobId).result() as Promise<JobResult>);
  }

  /**
   * Waits for a job's end, over outages of the server.
   *
   * @throws {ThreadmillError} the job's failure; where `signal` aborts, its reason
   */
  async waitForJob(jobId: string, options: WaitOptions = {}): Promise<JobResult> {
    return waitForEnd(this.client, jobId, { ...options, look: () => progressNow(this.client, jobId) });
  }

  /**
   * Goes on with a job from its last committed part, and waits for its end: a paused one is let go on, one that failed, was
   * cancelled or terminated gets a new run, one that runs is joined, one that is done gives its result.
   */
  async resumeJob(jobId: string, options: WaitOptions = {}): Promise<JobResult> {
    const { status } = await this.describe(jobId);
    if (status.name === 'RUNNING' || status.name === 'PAUSED') await this.unpauseJob(jobId);
    else if (status.name !== 'COMPLETED') await this.restart(jobId);
    return this.waitForJob(jobId, options);
  }

  /** Stops a job after what it has committed; `unpauseJob` lets it go on. Needs no worker to be there. */
  async pauseJob(jobId: string): Promise<void> {
    await about(jobId, () => this.client.workflow.getHandle(jobId).signal(commandNames.pause));
  }

  async unpauseJob(jobId: string): Promise<void> {
    await about(jobId, () => this.client.workflow.getHandle(jobId).signal(commandNames.resume));
  }

  /** Ends a job; what is committed stays, and `resumeJob` goes on from there. */
  async cancelJob(jobId: string): Promise<void> {
    await about(jobId, () => this.client.workflow.getHandle(jobId).cancel());
  }

  /** Sets the batch size, lines; gives what took effect, which the job's bounds may have moved. */
  setBatchSize(jobId: string, lines: number): Promise<number> {
    return this.update(jobId, commandNames.setBatchSize, lines);
  }

  /** Sets the memory limit beyond the window, MB; gives what took effect. */
  setMaxMemory(jobId: string, mb: number): Promise<number> {
    return this.update(jobId, commandNames.setMaxMemory, mb);
  }

  /** Where the Web UI shows a job; null where its address is not known. */
  webUrlOf(jobId: string): string | null {
    return this.uiUrl === null
      ? null
      : `${this.uiUrl}/namespaces/${encodeURIComponent(this.namespace)}/workflows/${encodeURIComponent(jobId)}`;
  }

  /** Results of jobs that Temporal has forgotten and whose datasets are there. */
  private readonly forgotten = new Map<string, JobResult>();

  private settingsWith(overrides: Partial<JobSettings>): JobSettings {
    return readNameFiles({
      ...this.settings,
      ...validateJobOverrides(overrides, { base: this.settings, from: 'the overrides' }),
    });
  }

  private async begin(identity: JobIdentity, settings: JobSettings, again: boolean): Promise<StartedJob> {
    const { jobId, dataset } = identity;
    if (settings.regex !== undefined) {
      const { compileRegex } = await import('../engine/selection/regex.ts');
      compileRegex(settings.regex); // what is wrong with it is told before anything begins
    }
    const started = {
      jobId,
      dataset,
      webUrl: this.webUrlOf(jobId),
      alreadyDone: false,
      alreadyRunning: false,
    };
    const found = await this.describe(jobId).catch((error: unknown) => {
      if (error instanceof ThreadmillError && error.code === 'JOB_NOT_FOUND') return null;
      throw error;
    });
    const status = found?.status.name;
    if (found !== null && (status === 'RUNNING' || status === 'PAUSED')) {
      return { ...started, runId: found.runId, alreadyRunning: true };
    }
    if (!again) {
      const finished = await finishedJob(dataset, jobId);
      if (finished !== null) {
        if (status !== 'COMPLETED') this.forgotten.set(jobId, finished);
        return { ...started, runId: found?.runId ?? '', alreadyDone: true };
      }
    }
    const resumable = !again && found !== null && status !== 'COMPLETED';
    const state = resumable ? (await historyFacts(this.client, jobId, found.runId)).state : null;
    const input: ArchiveJobInput = {
      archive: identity.archive,
      ...(identity.submissions === null ? {} : { submissions: identity.submissions }),
      out: identity.out,
      settings,
      ...(again ? { replace: true } : {}),
      ...(state === null ? {} : { state }),
    };
    return { ...started, ...(await this.start(jobId, dataset, { input, bytes: identity.bytes })) };
  }

  private async start(
    jobId: string,
    dataset: string,
    { input, bytes }: { readonly input: ArchiveJobInput; readonly bytes: number },
  ): Promise<{ readonly runId: string; readonly alreadyRunning: boolean }> {
    try {
      const handle = await this.client.workflow.start(workflowTypes.archive, {
        workflowId: jobId,
        taskQueue: this.taskQueue,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowTaskTimeout,
        memo: { archive: withoutSecrets(input.archive), dataset },
        staticSummary: withoutSecrets(input.archive),
        priority: jobPriority(bytes),
      });
      return { runId: handle.firstExecutionRunId, alreadyRunning: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return { runId: (await this.describe(jobId)).runId, alreadyRunning: true };
    }
  }

  /** A new run of a closed job, with what its last one had committed. */
  private async restart(jobId: string): Promise<void> {
    if ((await this.describe(jobId)).type === reframeWorkflowType) {
      await about(jobId, () => restartReframe(this.client, this.taskQueue, jobId));
      return;
    }
    const { state, input } = await about(jobId, () => historyFacts(this.client, jobId));
    if (input === null)
      throw new ThreadmillError('JOB_FAILED', `Job "${jobId}" has no input to go on with`, {
        facts: { jobId },
      });
    const bytes =
      state === null ? 0 : sourcesOf(state).reduce((sum, of) => sum + of.inspection.compressedBytes, 0);
    await this.start(jobId, state?.dataset ?? '', { input: inputToGoOn(input, state), bytes });
  }

  private describe(jobId: string): Promise<WorkflowExecutionDescription> {
    return about(jobId, () => this.client.workflow.getHandle(jobId).describe());
  }

  private async update(jobId: string, name: string, value: number): Promise<number> {
    const handle = this.client.workflow.getHandle(jobId);
    try {
      return await this.client.withDeadline(Date.now() + updateMs, () =>
        handle.executeUpdate<number, [number]>(name, { args: [value] }),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw jobError(jobId, error);
      if (grpcCodeOf(error) === 4 || grpcCodeOf(error) === 1) throw nobodyAnswered(jobId, error);
      const why =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new ThreadmillError('USAGE', why, { facts: { jobId }, cause: error });
    }
  }
}
