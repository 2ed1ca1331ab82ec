/** A corpus: lists its archives, keeps a window of them under way, and publishes. Names stay in the list; here are ranges. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type {
  CorpusError,
  CorpusJob,
  CorpusJobInput,
  CorpusProgress,
  CorpusResult,
  CorpusState,
  CorpusWhere,
  ListedPlace,
  SmallBatch,
} from '../contract/corpus.ts';
import {
  absorbArchive,
  absorbBatch,
  beginCorpus,
  corpusProgressOf,
  corpusResultOf,
  giveBack,
  hasMore,
  takeBatch,
  takePlace,
} from '../contract/corpus-state.ts';
import { commandNames, type JobSettings } from '../contract/job.ts';
import { registerCorpusCommands, type CorpusChange } from './corpus-commands.ts';
import { corpusDetails } from './corpus-details.ts';
import { checkCorpusInput } from './corpus-input.ts';
import { runArchiveJob, type ArchiveJobHandle } from './corpus-child.ts';
import { batchOptions, corpusListing, corpusPublication, largeArchives, letGo } from './options.ts';
import { failureIn } from './lost-segment.ts';
import { KeyMissing, readable } from './readable.ts';
import { SearchMarks } from './search-marks.ts';

/** Half of what a history may have with ease; a job and a batch are under twenty events each. */
const eventsMax = 1_500;
/** Between two looks at a job that somebody else has started; the first is soon, the later ones are rarer. */
const waitSeconds = [5, 15, 30, 60, 120, 300] as const;

/**
 * Turns archives into datasets. History: six events a batch of up to 250 small archives, under twenty a large one; after
 * `maxCheckpointsPerJob` of them what is under way is waited for, and it continues as new. An archive that fails stops no
 * other: the result says what failed, and the same corpus begun again does only what is not done.
 */
export async function corpusWorkflow(input: CorpusJobInput): Promise<CorpusResult> {
  checkCorpusInput(readable(input, { isNew: true }));
  const corpus = new Corpus(input);
  try {
    await corpus.begin();
    await corpus.work();
    return await corpus.publish();
  } catch (error) {
    if (error instanceof KeyMissing) throw error;
    throw await corpus.ended(error).catch(failureIn);
  }
}

class Corpus {
  private readonly input: CorpusJobInput;
  private readonly info = workflowInfo();
  private phase: CorpusProgress['state'] = 'listing';
  private state: CorpusState | null;
  /** What was asked for before the list was there. */
  private early: CorpusChange = {};
  private readonly batches = new Map<number, CancellationScope>();
  private readonly jobs = new Map<string, CorpusJob>();
  private readonly children = new Map<string, ChildWorkflowHandle<ArchiveJobHandle>>();
  /** What is under way. */
  private readonly units = new Set<Promise<void>>();
  private largeUnderWay = 0;
  private unitsThisRun = 0;
  /** Ends the corpus: nothing that one archive is at fault for. */
  private fatal: { readonly error: unknown } | null = null;
  private stirred = false;
  private marks: SearchMarks | null = null;

  constructor(input: CorpusJobInput) {
    this.input = input;
    this.state = input.state ?? null;
    // Last: signals that came before run as soon as their handler is set.
    registerCorpusCommands({
      change: (change) => {
        this.change(change);
      },
      progress: () => this.progress(),
      settings: () => this.state?.settings ?? null,
      canPause: () => this.phase !== 'publishing' && this.phase !== 'done',
    });
  }

  async begin(): Promise<void> {
    const { input, state } = this;
    if (this.info.continuedFromExecutionRunId !== undefined && state !== null) {
      this.marks = new SearchMarks(state.searchable);
      this.show(state.paused ? 'paused' : 'running');
      return;
    }
    this.show('listing');
    const { state: _state, ...given } = input;
    const listing = readable(await corpusListing.listCorpus(given));
    this.state = changed(beginCorpus(listing, input.concurrency), this.early);
    const { out, archives, settings } = listing;
    upsertMemo({ archive: `${archives} archives`, dataset: out, settings });
    this.marks = new SearchMarks(listing.searchable);
    this.marks.begin({ kind: 'corpus', name: '' });
    this.show('running');
  }

  /** Keeps as much under way as may be, until all archives are through. */
  async work(): Promise<void> {
    for (;;) {
      this.stirred = false;
      if (this.fatal === null && !this.corpus.paused && this.hasRoom()) this.fill();
      if (this.units.size === 0) {
        if (this.fatal !== null) throw this.fatal.error as Error;
        if (!hasMore(this.corpus)) break;
        if (!this.corpus.paused) await this.continueAsNew();
      }
      const phase = this.corpus.paused ? 'paused' : 'running';
      if (this.phase !== phase) this.show(phase);
      await condition(() => this.stirred);
      this.show(this.phase);
    }
    // the pause may have come with the last of them
    if (!this.corpus.paused) return;
    this.show('paused');
    await condition(() => !this.corpus.paused);
  }

  async publish(): Promise<CorpusResult> {
    this.show('publishing');
    const { corpus, info } = this;
    const { out, archives } = corpus;
    // Short, and half a publication helps nobody: a cancellation comes too late now.
    await CancellationScope.nonCancellable(() =>
      corpusPublication.publishCorpus({ ...this.where(), archives }),
    );
    this.show('done');
    const [manifest, ledger] = [`${out}/corpus.json`, `${out}/corpus.ndjson`];
    return corpusResultOf(info.workflowId, corpus, { manifest, ledger, nowMs: Date.now() });
  }

  /** What to throw for an error that ends this run: what is under way has ended, and the folder is let go of. */
  async ended(error: unknown): Promise<unknown> {
    if (error instanceof ContinueAsNew) return error;
    const cancelled = isCancellation(error);
    const { state } = this;
    await CancellationScope.nonCancellable(async () => {
      await Promise.allSettled(this.units);
      this.show(cancelled ? 'cancelled' : 'failed');
      if (state === null) return;
      try {
        await letGo(null).letGo({ jobId: this.info.workflowId, dataset: state.folder });
      } catch {
        // no worker within seconds: the next job for the folder sees that this one is closed
      }
    });
    return cancelled ? error : failureIn(error);
  }

  private fill(): void {
    while (this.largeUnderWay < this.corpus.concurrency && this.hasRoom()) {
      const taken = takePlace(this.corpus);
      if (taken === null) break;
      const [state, place] = taken;
      this.state = state;
      this.largeUnderWay++;
      this.begun(
        this.large(place).finally(() => {
          this.largeUnderWay--;
        }),
      );
    }
    while (this.batches.size < this.corpus.concurrency && this.hasRoom()) {
      const taken = takeBatch(this.corpus);
      if (taken === null) break;
      const [state, batch] = taken;
      this.state = state;
      this.begun(this.small(batch));
    }
  }

  private begun(unit: Promise<void>): void {
    this.unitsThisRun++;
    const watched = unit
      .catch((error: unknown) => {
        this.fatal ??= { error };
      })
      .finally(() => {
        this.units.delete(watched);
        this.stirred = true;
      });
    this.units.add(watched);
  }

  private async small(batch: SmallBatch): Promise<void> {
    const scope = new CancellationScope({ cancellable: true });
    this.batches.set(batch.from, scope);
    const { processSmallArchives } = proxyActivities<Activities>({
      ...batchOptions(`archives ${batch.from + 1} to ${batch.to} of ${this.corpus.archives}`),
      // the activity ends what is under way and returns how far it is
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    try {
      const result = readable(await scope.run(() => processSmallArchives({ ...this.where(), batch })));
      this.state = absorbBatch(this.corpus, batch, result, Date.now());
    } catch (error) {
      this.state = giveBack(this.corpus, batch);
      // cancelled before a worker took it, by a pause or with the corpus
      if (!isCancellation(error)) throw error;
    } finally {
      this.batches.delete(batch.from);
    }
  }

  /** One archive, from the look at it to its line in the ledger. */
  private async large(place: ListedPlace): Promise<void> {
    const input = { ...this.where(), place };
    for (let looks = 0; ; looks++) {
      const found = readable(await largeArchives.prepareArchive(input));
      if (found.step === 'ended') {
        this.state = absorbArchive(this.corpus, found, Date.now());
        return;
      }
      const { jobId, archive, bytes } = found;
      this.jobs.set(jobId, { jobId, archive, bytes });
      this.stirred = true;
      try {
        if (found.step === 'running') {
          await sleep(`${waitSeconds[Math.min(looks, waitSeconds.length - 1)] ?? 300}s`);
          continue;
        }
        await condition(() => !this.corpus.paused);
        const { replace } = this.where();
        const end = await runArchiveJob(
          { ...found, replace, out: this.corpus.out, settings: this.corpus.settings },
          (child) => {
            this.children.set(jobId, child);
            // one that came while it was being started
            if (this.corpus.paused) void child.signal(commandNames.pause).catch(() => undefined);
          },
        );
        if (end === 'taken') continue;
        const recorded = await this.record(place, jobId, end);
        // read after the wait: others have ended meanwhile
        this.state = absorbArchive(this.corpus, recorded, Date.now());
        return;
      } finally {
        this.jobs.delete(jobId);
        this.children.delete(jobId);
      }
    }
  }

  private async record(
    place: ListedPlace,
    jobId: string,
    { error, retries }: { readonly error: CorpusError | null; readonly retries: number },
  ): ReturnType<Activities['recordArchive']> {
    return readable(await largeArchives.recordArchive({ ...this.where(), place, jobId, error, retries }));
  }

  /** Whether this run's history may hold more. */
  private hasRoom(): boolean {
    const { maxCheckpointsPerJob } = this.corpus.settings;
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return this.unitsThisRun < maxCheckpointsPerJob && historyLength < eventsMax && !continueAsNewSuggested;
  }

  private async continueAsNew(): Promise<never> {
    await condition(allHandlersFinished);
    return continueAsNew<typeof corpusWorkflow>({ ...this.input, state: this.corpus });
  }

  private change(change: CorpusChange): void {
    this.early = { ...this.early, ...change };
    if (this.state === null) return;
    this.state = changed(this.state, change);
    this.stirred = true;
    const { batchSize, maxMemoryUsage, paused } = change;
    if (paused === true) for (const scope of this.batches.values()) scope.cancel();
    for (const child of this.children.values()) {
      const passOn = (name: string, ...args: readonly number[]): void => {
        // one that has just ended needs it no more
        void child.signal(name, ...args).catch(() => undefined);
      };
      if (paused !== undefined) passOn(paused ? commandNames.pause : commandNames.resume);
      if (batchSize !== undefined) passOn(commandNames.setBatchSize, batchSize);
      if (maxMemoryUsage !== undefined) passOn(commandNames.setMaxMemory, maxMemoryUsage);
    }
  }

  private where(): CorpusWhere {
    const { out, folder, settings, startedMs } = this.corpus;
    return { out, folder, settings, startedMs, replace: this.input.replace === true };
  }

  private progress(): CorpusProgress {
    const { state, info, input, phase } = this;
    return corpusProgressOf({
      jobId: info.workflowId,
      phase,
      out: input.out ?? '',
      state,
      jobs: [...this.jobs.values()],
      batches: [...this.batches.keys()],
      nowMs: Date.now(),
    });
  }

  private show(phase: CorpusProgress['state']): void {
    this.phase = phase;
    const progress = this.progress();
    setCurrentDetails(corpusDetails(progress));
    this.marks?.mark(progress);
  }

  private get corpus(): CorpusState {
    if (this.state === null) throw ApplicationFailure.nonRetryable('The corpus was not listed', 'BUG');
    return this.state;
  }
}

/** A corpus under a change: settings are those of what begins from now on. */
function changed(state: CorpusState, change: CorpusChange): CorpusState {
  const { batchSize, maxMemoryUsage, paused, concurrency } = change;
  const settings: JobSettings = {
    ...state.settings,
    ...(batchSize === undefined ? {} : { baseBatchSize: batchSize }),
    ...(maxMemoryUsage === undefined ? {} : { maxMemoryUsage }),
  };
  return {
    ...state,
    settings,
    paused: paused ?? state.paused,
    concurrency: concurrency ?? state.concurrency,
  };
}
