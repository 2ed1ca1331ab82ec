/** One job: inspect, read segment after segment, assemble threads, publish. Decides and remembers; does nothing itself. */
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
import { assembliesInFlight, assemblyGroups, type AssemblyFigures } from '../contract/assembly.ts';
import type {
  ArchiveJobInput,
  JobProgress,
  JobResult,
  JobState,
  LiveFigures,
  ResourceStats,
} from '../contract/job.ts';
import {
  absorbAssembly,
  absorbBuckets,
  absorbParts,
  absorbSegment,
  applyChange,
  arrangementOf,
  beginJob,
  bucketsToDo,
  carriedState,
  finishedReading,
  publishInputOf,
  readBefore,
  resumeJob,
  sourceAt,
  sourcesOf,
  spillsOf,
  type JobChange,
} from '../contract/job-state.ts';
import { progressOf, resultOf } from '../contract/progress.ts';
import { partsPerJobMax } from '../core/limits.ts';
import { assemblyRound } from './assembly-round.ts';
import { registerCommands } from './commands.ts';
import { detailsMarkdown } from './details.ts';
import { checkInput, checkSame } from './job-input.ts';
import { builtBy, committedBy, failureIn, isFinal, neverStarted } from './lost-segment.ts';
import { assemblyOptions, inspection, letGo, publication, segmentOptions } from './options.ts';
import { KeyMissing, readable } from './readable.ts';
import { SearchMarks } from './search-marks.ts';

/**
 * Turns `input.archive` into a dataset. History: six events a segment of about ten seconds or a group of threads, and one
 * more at each tenth of the way; continues as new after `maxCheckpointsPerJob` of them, or when the server suggests it.
 */
export async function archiveWorkflow(input: ArchiveJobInput): Promise<JobResult> {
  checkInput(readable(input, { isNew: true }));
  const job = new ArchiveJob(input);
  try {
    await job.begin();
    await job.read();
    await job.assemble();
    return await job.publish();
  } catch (error) {
    if (error instanceof KeyMissing) throw error;
    // whatever goes wrong in telling the end is our bug, and must end the job as well
    throw await job.ended(error).catch(failureIn);
  }
}

class ArchiveJob {
  private readonly input: ArchiveJobInput;
  private readonly info = workflowInfo();
  private phase: JobProgress['state'] = 'inspecting';
  private state: JobState | null;
  /** What was asked for so far: an inspection that ends takes it over. */
  private early: JobChange = {};
  private live: LiveFigures | null = null;
  private assembly: AssemblyFigures | null = null;
  private stats: ResourceStats | null = null;
  /** The segment that runs, or the assemblies. */
  private work: CancellationScope | null = null;
  /** First bucket of each group that is assembled now. */
  private readonly groups = new Set<number>();
  /** Segments and assemblies. */
  private activitiesThisRun = 0;
  private marks: SearchMarks | null = null;

  constructor(input: ArchiveJobInput) {
    this.input = input;
    const { state } = input;
    // a queue of another run may be no queue at all, and only the inspection says so
    const own = this.info.continuedFromExecutionRunId === undefined ? { workerQueue: null } : {};
    this.state = state === undefined ? null : { ...carriedState(state), ...own };
    // Last: signals that came before run as soon as their handler is set.
    registerCommands({
      state: () => this.state,
      change: (change) => {
        this.change(change);
      },
      progress: () => this.progress(),
      stats: () => this.stats,
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
        submissions: input.submissions ?? null,
        out: input.out ?? null,
        settings: input.settings ?? {},
        replace: input.replace === true,
        startedMs: input.state?.startedMs ?? null,
      }),
    );
    const { state } = this;
    if (state !== null) checkSame(state, found);
    this.state = applyChange(state === null ? beginJob(found) : resumeJob(state, found), this.early);
    upsertMemo({
      archive: found.inspection.path,
      ...(found.joined == null ? {} : { submissions: found.joined.path }),
      dataset: found.dataset,
      settings: found.settings,
      fingerprint: found.inspection.fingerprint,
    });
    this.marks = new SearchMarks(found.searchable);
    this.marks.begin(found.inspection);
    this.show('running');
  }

  /** Segment after segment, until the end of the last archive. */
  async read(): Promise<void> {
    while (!finishedReading(this.job)) {
      await this.between('running');
      await this.readSegment();
      this.checkParts();
      this.show('running');
      endIfCancelled();
    }
  }

  /** Bucket after bucket, where the output is threads. */
  async assemble(): Promise<void> {
    while (bucketsToDo(this.job).length > 0) {
      await this.between('assembling');
      await this.assembleSome();
      endIfCancelled();
    }
    // the pause may have come with the last of them
    if (this.job.paused) await this.paused();
  }

  private async paused(): Promise<void> {
    this.show('paused');
    await condition(() => !this.job.paused);
  }

  async publish(): Promise<JobResult> {
    this.show('publishing');
    const { jobId, job } = this;
    // Short, and half a publication helps nobody: a cancellation comes too late now.
    await CancellationScope.nonCancellable(() => publication.publishDataset(publishInputOf(jobId, job)));
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

  /** What may have to happen between two activities: a pause, or another run. */
  private async between(phase: 'running' | 'assembling'): Promise<void> {
    if (this.job.paused) await this.paused();
    if (this.phase !== phase) this.show(phase);
    if (this.hasRoom()) return;
    await condition(allHandlersFinished);
    await continueAsNew<typeof archiveWorkflow>({ ...this.input, state: this.job });
  }

  /** Whether this run's history may hold another activity. */
  private hasRoom(): boolean {
    const { maxCheckpointsPerJob } = this.job.settings;
    return this.activitiesThisRun < maxCheckpointsPerJob && !this.info.continueAsNewSuggested;
  }

  private async readSegment(): Promise<void> {
    const begun = this.job;
    const source = sourceAt(begun);
    const { workerQueue } = begun;
    const what = source === begun ? 'part' : 'submissions, part';
    const at = `${what} ${source.next.part}, ${this.progress().completionPercentage.toFixed(0)} %`;
    const activities = proxyActivities<Activities>({
      ...segmentOptions(workerQueue, at),
      // the activity commits what it has and returns it
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    const segment = new CancellationScope({ cancellable: true });
    this.work = segment;
    try {
      const result = readable(
        await segment.run(() =>
          activities.processSegment({
            inspection: source.inspection,
            buckets: begun.buckets,
            ...arrangementOf(begun),
            before: readBefore(begun),
            settings: begun.settings,
            dataset: begun.dataset,
            next: source.next,
            segment: begun.segments,
            batchSize: begun.batchSize,
            batchCeiling: begun.batchCeiling,
            nowSeconds: Math.floor(begun.startedMs / 1000),
            ...(this.input.replace === true ? { anew: true } : {}),
          }),
        ),
      );
      this.live = result.live;
      this.stats = result.stats;
      this.state = absorbSegment(this.job, begun, result);
    } catch (error) {
      if (error instanceof KeyMissing) throw error;
      this.segmentLost(error, workerQueue !== null);
    } finally {
      this.work = null;
      this.activitiesThisRun++;
    }
  }

  /** As much as may be done before somebody or something wants another way of going on. */
  private async assembleSome(): Promise<void> {
    const scope = new CancellationScope({ cancellable: true });
    this.work = scope;
    try {
      await assemblyRound(assemblyGroups(bucketsToDo(this.job)), {
        scope,
        lanes: assembliesInFlight,
        mayStart: () => this.hasRoom(),
        assemble: (group) => this.assembleGroup(group),
      });
    } finally {
      this.work = null;
    }
  }

  private async assembleGroup(todo: readonly number[]): Promise<void> {
    this.activitiesThisRun++;
    const { job } = this;
    const [first = 0] = todo;
    this.groups.add(first);
    const activities = proxyActivities<Activities>({
      ...assemblyOptions(`threads, buckets ${first} to ${todo.at(-1) ?? 0} of ${job.buckets}`),
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    try {
      const result = readable(
        await activities.assembleThreads({
          settings: job.settings,
          dataset: job.dataset,
          buckets: job.buckets,
          ...arrangementOf(job),
          joined: job.joined !== null,
          spills: spillsOf(job),
          todo,
        }),
      );
      this.assembly = result.figures;
      this.stats = result.stats;
      this.state = absorbAssembly(this.job, result);
    } catch (error) {
      if (error instanceof KeyMissing) throw error;
      const built = builtBy(error);
      if (built !== null) this.state = absorbBuckets(this.job, built);
      // cancelled before a worker took it: as in segmentLost
      if (!isCancellation(error)) throw error;
    } finally {
      this.groups.delete(first);
    }
    this.show(this.phase);
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
    const parts = sourcesOf(this.job).reduce((sum, source) => sum + source.parts.length, 0);
    if (parts <= partsPerJobMax) return;
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
    this.work?.cancel();
  }

  private progress(): JobProgress {
    return progressOf({
      jobId: this.jobId,
      phase: this.phase,
      archive: this.input.archive,
      state: this.state,
      live: this.live,
      assembly: this.assembly,
      groups: [...this.groups],
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

/** A cancelled job lets its activities return what they have; then it ends. */
function endIfCancelled(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('The job was cancelled');
}
