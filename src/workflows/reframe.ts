/** The job that writes an archive anew as independent frames: look, write, read back. Decides and remembers. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { commandNames, queryNames, type JobProgress } from '../contract/job.ts';
import {
  absorbFrames,
  beginReframe,
  isReframeProgress,
  isReframeState,
  reframeProgress,
  type FinishedReframe,
  type ReframeFigures,
  type ReframeInput,
  type ReframeResult,
  type ReframeState,
} from '../contract/reframe.ts';
import { failureIn, saidBy } from './lost-segment.ts';
import { frameOptions, reframeEnd, reframeOpening } from './options.ts';
import { KeyMissing, readable } from './readable.ts';
import { SearchMarks } from './search-marks.ts';

/**
 * Writes `input.archive` anew. History: six events for each of look, write and end, and six for each time that it is paused
 * or its worker stops; continues as new when the server suggests it.
 */
export async function reframeWorkflow(input: ReframeInput): Promise<ReframeResult> {
  const { archive } = readable(input, { isNew: true }) as Partial<ReframeInput>;
  if (typeof archive !== 'string' || archive === '') {
    throw ApplicationFailure.nonRetryable(
      'The input must be an object with "archive", the path of an archive, e.g. {"archive": "/data/RC_2015-01.zst"}',
      'USAGE',
    );
  }
  if (input.state !== undefined && !isReframeState(input.state)) {
    throw ApplicationFailure.nonRetryable(
      '"state" is what one run of a job leaves to the next, and this is none; leave it out',
      'USAGE',
    );
  }
  const job = new ReframeJob(input);
  try {
    await job.begin();
    const contentSha256 = await job.write();
    return await job.finish(contentSha256);
  } catch (error) {
    if (error instanceof KeyMissing || error instanceof ContinueAsNew) throw error;
    job.show(isCancellation(error) ? 'cancelled' : 'failed');
    throw isCancellation(error) ? error : failureIn(error);
  }
}

class ReframeJob {
  private readonly input: ReframeInput;
  private readonly info = workflowInfo();
  private phase: JobProgress['state'] = 'inspecting';
  private state: ReframeState | null;
  private paused = false;
  private figures: ReframeFigures | null = null;
  private work: CancellationScope | null = null;
  private marks: SearchMarks | null = null;

  constructor(input: ReframeInput) {
    this.input = input;
    this.state = input.state ?? null;
    // a closed job that is resumed goes on, whatever it was paused for
    this.paused = this.isContinued && this.state?.paused === true;
    // last: signals that came before run as soon as their handler is set
    const pause = (): boolean => this.pause(true);
    const resume = (): boolean => this.pause(false);
    setHandler(defineQuery<JobProgress>(queryNames.progress), () => this.progress());
    setHandler(defineUpdate<boolean>(commandNames.pause), pause);
    setHandler(defineUpdate<boolean>(commandNames.resume), resume);
    setHandler(defineSignal(commandNames.pause), () => void pause());
    setHandler(defineSignal(commandNames.resume), () => void resume());
  }

  async begin(): Promise<void> {
    const { input, state } = this;
    if (this.isContinued && state !== null) {
      this.marks = new SearchMarks(state.plan.searchable);
      return;
    }
    this.show('inspecting');
    const plan = readable(
      await reframeOpening.openReframe({
        archive: input.archive,
        out: input.out,
        level: input.level,
        frameMib: input.frameMib,
        replace: input.replace === true,
        startedMs: state?.plan.nowMs ?? null,
      }),
    );
    if (state !== null && state.plan.inspection.fingerprint !== plan.inspection.fingerprint) {
      throw ApplicationFailure.nonRetryable(
        `Cannot go on with archive "${plan.inspection.path}": it is not the file that the job began with; put the ` +
          'first one back, or start a new job',
        'ARCHIVE_CHANGED',
      );
    }
    this.state = beginReframe(plan, state);
    upsertMemo({ archive: plan.inspection.path, dataset: plan.output });
    this.marks = new SearchMarks(plan.searchable);
    this.marks.begin(plan.inspection);
  }

  /** All frames; gives the SHA-256 of the archive's text. */
  async write(): Promise<string> {
    for (;;) {
      if (this.paused) {
        this.show('paused');
        await condition(() => !this.paused);
      }
      const { contentSha256 } = this.job;
      if (contentSha256 !== null) return contentSha256;
      if (this.info.continueAsNewSuggested) {
        await condition(allHandlersFinished);
        const state = { ...this.job, paused: this.paused };
        await continueAsNew<typeof reframeWorkflow>({ ...this.input, state });
      }
      this.show('running');
      await this.writeSome();
      // a cancelled job lets its activity return what it has; then it ends
      if (CancellationScope.current().consideredCancelled)
        throw new CancelledFailure('The job was cancelled');
    }
  }

  async finish(contentSha256: string): Promise<ReframeResult> {
    this.show('publishing');
    const { plan, cursor, retries } = this.job;
    const finished: FinishedReframe = readable(
      await reframeEnd.finishReframe({ ...plan, cursor, contentSha256 }),
    );
    this.show('done');
    return {
      jobId: this.info.workflowId,
      success: true,
      archive: plan.inspection.path,
      output: plan.output,
      ...finished,
      level: plan.level,
      contentBytes: cursor.decompressed,
      contentSha256,
      seconds: Math.max(0.001, (Date.now() - plan.nowMs) / 1000),
      retries,
    };
  }

  show(phase: JobProgress['state']): void {
    this.phase = phase;
    const progress = this.progress();
    const { completionPercentage, archive, dataset, parts } = progress;
    setCurrentDetails(
      `**${phase}** ${completionPercentage.toFixed(1)} %, ${parts} frames\n\n\`${archive}\`\n\n\`${dataset}\``,
    );
    this.marks?.mark(progress);
  }

  private async writeSome(): Promise<void> {
    const { plan, cursor } = this.job;
    const activities = proxyActivities<Activities>({
      ...frameOptions(`frame ${cursor.frames}`),
      // the activity makes durable what it has and returns
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    const scope = new CancellationScope({ cancellable: true });
    this.work = scope;
    try {
      const result = readable(await scope.run(() => activities.writeFrames({ ...plan, cursor })));
      this.figures = result.figures;
      this.state = absorbFrames(this.job, result);
    } catch (error) {
      if (error instanceof KeyMissing) throw error;
      const said = saidBy(error);
      if (isReframeProgress(said)) this.state = absorbFrames(this.job, said);
      // cancelled before a worker took it
      if (!isCancellation(error)) throw error;
    } finally {
      this.work = null;
    }
  }

  private pause(paused: boolean): boolean {
    if (this.paused === paused) return paused;
    this.paused = paused;
    if (paused) this.work?.cancel();
    return paused;
  }

  private progress(): JobProgress {
    return reframeProgress({
      jobId: this.info.workflowId,
      phase: this.phase,
      archive: this.input.archive,
      state: this.state,
      figures: this.figures,
    });
  }

  private get isContinued(): boolean {
    return this.info.continuedFromExecutionRunId !== undefined;
  }

  private get job(): ReframeState {
    if (this.state === null) throw ApplicationFailure.nonRetryable('The job was not inspected', 'BUG');
    return this.state;
  }
}
