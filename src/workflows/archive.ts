/** One archive, one job: inspect, then segment after segment, then publish. Decides and remembers; does nothing itself. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type {
  ArchiveJobInput,
  InspectionResult,
  JobProgress,
  JobResult,
  JobState,
  SegmentResult,
} from '../contract/job.ts';
import {
  absorbParts,
  absorbSegment,
  applyChange,
  beginJob,
  resumeJob,
  type JobChange,
} from '../contract/job-state.ts';
import { progressOf, resultOf } from '../contract/progress.ts';
import { isJobState } from '../contract/state-check.ts';
import { partsPerJobMax } from '../core/limits.ts';
import { registerCommands } from './commands.ts';
import { detailsMarkdown } from './details.ts';
import { committedBy, failureIn, isFinal, neverStarted } from './lost-segment.ts';
import { inspection, letGo, publication, segmentOptions } from './options.ts';
import { KeyMissing, readable } from './readable.ts';
import { SearchMarks } from './search-marks.ts';

/**
 * Turns `input.archive` into a dataset. History: six events a segment of about ten seconds, and one more at each tenth
 * of the way; continues as new after `maxCheckpointsPerJob` segments, or when the server suggests it.
 */
export async function archiveWorkflow(input: ArchiveJobInput): Promise<JobResult> {
  checkInput(readable(input, { isNew: true }));
  const job = new ArchiveJob(input);
  try {
    await job.begin();
    await job.read();
    return await job.publish();
  } catch (error) {
    if (error instanceof KeyMissing) throw error;
    // whatever goes wrong in telling the end is our bug, and must end the job as well
    throw await job.ended(error).catch(failureIn);
  }
}

/** Anything may come through `temporal workflow start`; what is no job must fail at once and not be retried. */
function checkInput(input: unknown): asserts input is ArchiveJobInput {
  const { archive, out, state } = (typeof input === 'object' && input !== null ? input : {}) as Record<
    string,
    unknown
  >;
  if (typeof archive !== 'string' || archive === '') {
    throw ApplicationFailure.nonRetryable(
      'The input must be an object with "archive", the path of an archive, e.g. {"archive": "/data/RC_2015-01.zst"}',
      'USAGE',
    );
  }
  if (out !== undefined && typeof out !== 'string') {
    throw ApplicationFailure.nonRetryable('"out" must be the path of a folder', 'USAGE');
  }
  if (state !== undefined && !isJobState(state)) {
    throw ApplicationFailure.nonRetryable(
      '"state" is what one run of a job leaves to the next, and this is none; leave it out',
      'USAGE',
    );
  }
}

class ArchiveJob {
  private readonly input: ArchiveJobInput;
  private readonly info = workflowInfo();
  private phase: JobProgress['state'] = 'inspecting';
  private state: JobState | null;
  /** What was asked for so far: an inspection that ends takes it over. */
  private early: JobChange = {};
  private last: SegmentResult | null = null;
  private segment: CancellationScope | null = null;
  private segmentsThisRun = 0;
  private marks: SearchMarks | null = null;

  constructor(input: ArchiveJobInput) {
    this.input = input;
    this.state = input.state ?? null;
    // Last: signals that came before run as soon as their handler is set.
    registerCommands({
      state: () => this.state,
      change: (change) => {
        this.change(change);
      },
      progress: () => this.progress(),
      stats: () => this.last?.stats ?? null,
      canPause: () => this.phase !== 'publishing' && this.phase !== 'done',
    });
  }

  /** Looks at the archive, unless this run continues another. */
  async begin(): Promise<void> {
    const { input } = this;
    if (this.info.continuedFromExecutionRunId !== undefined && input.state !== undefined) {
      this.marks = new SearchMarks(input.state.searchable);
      this.show('running');
      return;
    }
    this.show('inspecting');
    const found = readable(
      await inspection.inspectArchive({
        archive: input.archive,
        out: input.out ?? null,
        settings: input.settings ?? {},
        replace: input.replace === true,
        startedMs: input.state?.startedMs ?? null,
      }),
    );
    if (input.state !== undefined) checkSame(input.state, found);
    const begun = input.state === undefined ? beginJob(found) : resumeJob(input.state, found);
    this.state = applyChange(begun, this.early);
    upsertMemo({
      archive: found.inspection.path,
      dataset: found.dataset,
      settings: found.settings,
      fingerprint: found.inspection.fingerprint,
    });
    this.marks = new SearchMarks(found.searchable);
    this.marks.begin(found.inspection);
    this.show('running');
  }

  /** Segment after segment, until the archive's end. */
  async read(): Promise<void> {
    while (!this.job.finishedReading) {
      await this.whilePaused();
      if (
        this.segmentsThisRun >= this.job.settings.maxCheckpointsPerJob ||
        this.info.continueAsNewSuggested
      ) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof archiveWorkflow>({ ...this.input, state: this.job });
      }
      await this.readSegment();
      this.checkParts();
      this.show('running');
      // A cancelled job lets its segment return what it has; then it ends.
      if (CancellationScope.current().consideredCancelled)
        throw new CancelledFailure('The job was cancelled');
    }
    // the pause may have come with the last segment
    await this.whilePaused();
  }

  private async whilePaused(): Promise<void> {
    if (!this.job.paused) return;
    this.show('paused');
    await condition(() => !this.job.paused);
    this.show('running');
  }

  async publish(): Promise<JobResult> {
    this.show('publishing');
    const { jobId, job } = this;
    // Short, and half a publication helps nobody: a cancellation comes too late now.
    await CancellationScope.nonCancellable(() =>
      publication.publishDataset({
        jobId,
        inspection: job.inspection,
        settings: job.settings,
        dataset: job.dataset,
        parts: job.parts,
        counters: job.counters,
        holes: job.holes,
        startedMs: job.startedMs,
      }),
    );
    this.show('done');
    return resultOf(jobId, job, Date.now());
  }

  /** What to throw for an error that ends this run; a job that ends early lets go of its folder and decoder first. */
  async ended(error: unknown): Promise<unknown> {
    if (error instanceof ContinueAsNew) return error;
    const cancelled = isCancellation(error);
    this.show(cancelled ? 'cancelled' : 'failed');
    const { jobId, state } = this;
    if (state !== null) {
      await CancellationScope.nonCancellable(async () => {
        try {
          await letGo(state.workerQueue).letGo({ jobId, dataset: state.dataset });
        } catch {
          // no worker within seconds: the next job for the folder sees that this one is closed
        }
      });
    }
    return cancelled ? error : failureIn(error);
  }

  private async readSegment(): Promise<void> {
    const begun = this.job;
    const { workerQueue } = begun;
    const at = `part ${begun.next.part}, ${this.progress().completionPercentage.toFixed(0)} %`;
    const activities = proxyActivities<Activities>({
      ...segmentOptions(workerQueue, at),
      // the activity commits what it has and returns it
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    const segment = new CancellationScope({ cancellable: true });
    this.segment = segment;
    try {
      const result = await segment.run(() =>
        activities.processSegment({
          inspection: begun.inspection,
          settings: begun.settings,
          dataset: begun.dataset,
          next: begun.next,
          segment: begun.segments,
          batchSize: begun.batchSize,
          batchCeiling: begun.batchCeiling,
          nowSeconds: Math.floor(begun.startedMs / 1000),
          ...(this.input.replace === true ? { anew: true } : {}),
        }),
      );
      this.last = readable(result);
      this.state = absorbSegment(this.job, begun, result);
    } catch (error) {
      if (error instanceof KeyMissing) throw error;
      this.segmentLost(error, workerQueue !== null);
    } finally {
      this.segment = null;
      this.segmentsThisRun++;
    }
  }

  /** Keeps what a failed segment had committed; throws what ends the job. */
  private segmentLost(error: unknown, onOwnQueue: boolean): void {
    const committed = committedBy(error);
    if (committed !== null) this.state = absorbParts(this.job, committed);
    // Cancelled before a worker took it: by a change, which the next segment carries out, or with the job (see read).
    if (isCancellation(error)) return;
    // Only the shared queue's retries are the last word.
    if (!onOwnQueue || isFinal(error)) throw error as Error;
    this.state = {
      ...this.job,
      workerQueue: null,
      retries: this.job.retries + (neverStarted(error) ? 0 : 1),
    };
  }

  /** The inspection had only an estimate. */
  private checkParts(): void {
    if (this.job.parts.length <= partsPerJobMax) return;
    throw ApplicationFailure.nonRetryable(
      `Stopped after ${partsPerJobMax} parts, the most that one job may have; start anew with a larger --part-mib`,
      'TOO_MANY_PARTS',
    );
  }

  private change(change: JobChange): void {
    this.early = { ...this.early, ...change };
    if (this.state === null) return;
    const changed = applyChange(this.state, change);
    if (changed === this.state) return;
    this.state = changed;
    this.segment?.cancel();
  }

  private progress(): JobProgress {
    return progressOf({
      jobId: this.jobId,
      phase: this.phase,
      archive: this.input.archive,
      state: this.state,
      live: this.last?.live ?? null,
    });
  }

  private show(phase: JobProgress['state']): void {
    this.phase = phase;
    const progress = this.progress();
    setCurrentDetails(detailsMarkdown(progress, this.state?.settings ?? null));
    this.marks?.mark(progress);
  }

  private get jobId(): string {
    return this.info.workflowId;
  }

  private get job(): JobState {
    if (this.state === null) throw ApplicationFailure.nonRetryable('The job was not inspected', 'BUG');
    return this.state;
  }
}

/** A job that goes on must find the archive that it began with. */
function checkSame(state: JobState, { inspection: found }: InspectionResult): void {
  if (state.inspection.fingerprint === found.fingerprint) return;
  throw ApplicationFailure.nonRetryable(
    `Cannot go on with archive "${found.path}": it is not the file that the job began with; put the first one back, or ` +
      'start a new job',
    'ARCHIVE_CHANGED',
  );
}
