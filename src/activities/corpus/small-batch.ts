/** The activity that makes many small archives into their datasets: what a workflow each would cost more than the work. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type {
  CorpusFailure,
  CorpusTally,
  ListedArchive,
  RecordedArchive,
  SmallBatchHeartbeat,
  SmallBatchInput,
  SmallBatchResult,
} from '../../contract/corpus.ts';
import { failuresShownMax } from '../../contract/corpus.ts';
import { addTallies, zeroTally } from '../../contract/corpus-state.ts';
import { ThreadmillError } from '../../core/errors.ts';
import {
  doneEntry,
  failedEntry,
  writePiece,
  type IndexedEntry,
  type LedgerEntry,
} from '../../engine/corpus/ledger.ts';
import { readList } from '../../engine/corpus/list.ts';
import { finishedManifest } from '../../engine/dataset/finished-job.ts';
import { identifyAnywhere } from '../../engine/dataset/job-id.ts';
import { readManifest, type Manifest } from '../../engine/dataset/manifest.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failureOf, retriedHow } from '../failures.ts';
import { recordOf, stoodBefore } from './tally.ts';

/** Heartbeats go out once a second at most (the worker's throttle); called more often, the newest is never old. */
const heartbeatMs = 250;
/** An archive over which attempts died is tried alone from this on: its neighbours are not to be taken for it. */
const aloneAfterDeaths = 2;
/** So many, and it is what kills them. */
const deathsMax = 5;
/** Tries at an archive that fails by what may pass. */
const triesMax = 3;
const retryMs = 1_000;
/** What is under way is ended, which takes two seconds at most. */
const neverAborted = new AbortController().signal;

/**
 * Makes the archives of `input.batch`, each into a dataset of its own, and writes their lines of the ledger. Idempotent by
 * archive: a dataset that stands is left alone, and its bytes are the same whoever makes it. An archive that fails is a
 * line, and stops nothing; a full disk stops all and is waited for. Heartbeats every second with counts and what is under
 * way. Cancelled, or asked by a worker that stops, it ends what is under way and returns how far it is.
 */
export async function processSmallArchives(
  deps: ActivityDependencies,
  input: SmallBatchInput,
): Promise<SmallBatchResult> {
  const beaten = Context.current().info.heartbeatDetails as Partial<SmallBatchHeartbeat> | undefined;
  const batch = new Batch(deps, input, beaten ?? {});
  const timer = setInterval(() => {
    batch.beat();
  }, heartbeatMs);
  try {
    batch.beat();
    return await batch.run();
  } catch (error) {
    throw batch.failure(error);
  } finally {
    clearInterval(timer);
  }
}

class Batch {
  private readonly deps: ActivityDependencies;
  private readonly input: SmallBatchInput;
  private readonly context = Context.current();
  /** Attempts that died over an archive, by its index. */
  private readonly deaths: ReadonlyMap<number, number>;
  private readonly doing = new Set<number>();
  /** By index. */
  private readonly through = new Map<number, RecordedArchive & { readonly entry: LedgerEntry }>();
  /** Indexes of what is to be a job of its own. */
  private readonly grown = new Set<number>();
  private tally: CorpusTally;
  private failed: number;
  private waiting: ListedArchive[] = [];
  /** What stops the batch. */
  private stop: { readonly error: unknown } | null = null;

  /** `beaten`: the last heartbeat of the attempt before this one. */
  constructor(deps: ActivityDependencies, input: SmallBatchInput, beaten: Partial<SmallBatchHeartbeat>) {
    this.deps = deps;
    this.input = input;
    this.deaths = new Map((beaten.doing ?? []).map(([index, deaths]) => [index, deaths + 1]));
    this.failed = beaten.failures ?? 0;
    this.tally = { ...zeroTally, retries: this.context.info.attempt - 1 };
  }

  beat(): void {
    const doing = [...this.doing].map((index) => [index, this.deaths.get(index) ?? 0] as const);
    this.context.heartbeat(this.heartbeat(doing));
  }

  async run(): Promise<SmallBatchResult> {
    const { folder, batch } = this.input;
    const listed = (await readList(folder, batch)).filter(({ index }) => index >= batch.from);
    const suspect = ({ index }: ListedArchive): boolean => (this.deaths.get(index) ?? 0) >= aloneAfterDeaths;
    const inOrder = [...listed.filter(suspect), ...listed.filter((each) => !suspect(each))];
    this.waiting = inOrder.filter(suspect);
    await this.lane();
    this.waiting = inOrder.filter((each) => !suspect(each));
    await Promise.all(Array.from({ length: this.deps.threads }, () => this.lane()));
    if (this.stop !== null) throw this.stop.error;
    const result = await this.written(listed);
    if (this.mustEnd) this.stopped();
    return result;
  }

  /** Writes the lines of what is through, up to the first archive that is not: what stands behind it is found again. */
  private async written(listed: readonly ListedArchive[]): Promise<SmallBatchResult> {
    const { folder, batch } = this.input;
    const entries: IndexedEntry[] = [];
    const failures: CorpusFailure[] = [];
    const grown: number[] = [];
    let tally: CorpusTally = { ...zeroTally, retries: this.context.info.attempt - 1 };
    let to = batch.from;
    for (const { index } of listed) {
      const through = this.through.get(index);
      if (through === undefined && !this.grown.has(index)) break;
      to = index + 1;
      if (through === undefined) {
        grown.push(index);
        continue;
      }
      entries.push([index, through.entry]);
      tally = addTallies(tally, through.tally);
      if (through.failure !== null && failures.length < failuresShownMax) failures.push(through.failure);
    }
    if (entries.length > 0) await writePiece(folder, batch.from, entries);
    return { to, tally, failures, grown };
  }

  /** What to throw for an error; the next attempt learns from the last heartbeat that this one spoke. */
  failure(error: unknown): Error {
    const asked = error instanceof CancelledFailure;
    if (!asked && retriedHow(error) !== 'forever') this.failed++;
    this.context.heartbeat(this.heartbeat([]));
    return asked ? error : failureOf(error, this.failed);
  }

  private heartbeat(doing: SmallBatchHeartbeat['doing']): SmallBatchHeartbeat {
    return { from: this.input.batch.from, tally: this.tally, doing, failures: this.failed };
  }

  private get mustEnd(): boolean {
    return this.context.cancellationSignal.aborted;
  }

  /** One archive after the other, until none is waiting or something stops the batch. */
  private async lane(): Promise<void> {
    while (this.stop === null && !this.mustEnd) {
      const listed = this.waiting.shift();
      if (listed === undefined) return;
      this.doing.add(listed.index);
      try {
        await this.one(listed);
      } catch (error) {
        this.stop ??= { error };
      } finally {
        this.doing.delete(listed.index);
      }
    }
  }

  private async one(listed: ListedArchive): Promise<void> {
    try {
      const manifest = await this.dataset(listed);
      this.take(listed, doneEntry(listed, manifest), stoodBefore(manifest, this.input));
    } catch (error) {
      const how = retriedHow(error);
      if (how === 'forever') throw error;
      if (error instanceof ThreadmillError && error.code === 'ARCHIVE_NOT_SMALL') {
        this.grown.add(listed.index);
        return;
      }
      // the next call tries it again
      if (how === 'some' && this.mustEnd) return;
      const known = error instanceof ThreadmillError ? error : null;
      const said = {
        code: known?.code ?? ('BUG' as const),
        message: error instanceof Error ? error.message : String(error),
      };
      this.context.log.warn(`${said.code}: ${said.message}`, { archive: listed.archive });
      this.take(listed, failedEntry(listed, said), false);
    }
  }

  private take(listed: ListedArchive, entry: LedgerEntry, standing: boolean): void {
    const recorded = recordOf(listed, entry, standing);
    this.through.set(listed.index, { entry, ...recorded });
    this.tally = addTallies(this.tally, recorded.tally);
  }

  /** The manifest of the archive's dataset, which is made where it does not stand. */
  private async dataset(listed: ListedArchive): Promise<Manifest> {
    const { archive, submissions, problem, index } = listed;
    if (problem !== undefined) {
      const { code, message } = problem;
      throw code === 'BUG' ? new TypeError(message) : new ThreadmillError(code, message);
    }
    const { out, settings, replace, startedMs } = this.input;
    const { jobId, dataset } = await identifyAnywhere(archive, out, settings, submissions ?? null);
    const standing = await finishedManifest(dataset, jobId);
    if (standing !== null && !(replace && stoodBefore(standing, this.input))) return standing;
    const deaths = this.deaths.get(index) ?? 0;
    if (deaths >= deathsMax) throw killed(archive, deaths);
    const job = {
      jobId,
      archive,
      submissions: submissions ?? null,
      out,
      settings,
      replace: replace || standing !== null,
      startedMs,
    };
    for (let tries = 1; ; tries++) {
      try {
        await this.deps.small.mill(job, neverAborted);
        return await readManifest(dataset);
      } catch (error) {
        if (retriedHow(error) !== 'some' || tries === triesMax || this.mustEnd) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Returns where what is done is the result; else the server must hear of it as the SDK says it. */
  private stopped(): void {
    const { context } = this;
    const details = context.cancellationDetails;
    if (details?.cancelRequested === true || details?.workerShutdown === true) return;
    const { reason } = context.cancellationSignal as { readonly reason: unknown };
    throw reason instanceof Error ? reason : new CancelledFailure('CANCELLED');
  }
}

function killed(archive: string, deaths: number): ThreadmillError {
  return new ThreadmillError(
    'WORKER_LOST',
    `Cannot process archive "${archive}": ${deaths} attempts died while it was processed. Where memory ran out (the ` +
      'system log tells), give the workers more, or lower --max-memory and --threads; then run the same command again',
    { facts: { path: archive, attempts: deaths } },
  );
}
