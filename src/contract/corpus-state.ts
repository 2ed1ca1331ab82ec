/** How a corpus's memory grows, and its progress. Pure steps, used by the workflow and by whoever watches it. */
import { addCounters, zeroCounters } from '../core/fates.ts';
import {
  concurrencyDefault,
  failuresShownMax,
  type CorpusFailure,
  type CorpusJob,
  type CorpusListing,
  type CorpusProgress,
  type CorpusResult,
  type CorpusState,
  type CorpusTally,
  type ListedPlace,
  type SmallBatch,
  type SmallBatchHeartbeat,
  type SmallBatchResult,
} from './corpus.ts';

export const zeroTally: CorpusTally = {
  done: 0,
  standing: 0,
  failed: 0,
  bytes: 0,
  idleBytes: 0,
  counters: zeroCounters,
  retries: 0,
};

/** The pace of the last so many batches and jobs decides the time to go: speed changes with size. */
const paceMax = 16;

export function addTallies(a: CorpusTally, b: CorpusTally): CorpusTally {
  return {
    done: a.done + b.done,
    standing: a.standing + b.standing,
    failed: a.failed + b.failed,
    bytes: a.bytes + b.bytes,
    idleBytes: a.idleBytes + b.idleBytes,
    counters: addCounters(a.counters, b.counters),
    retries: a.retries + b.retries,
  };
}

/** A corpus after its archives were listed. */
export function beginCorpus({ nowMs, ...listing }: CorpusListing, concurrency?: number): CorpusState {
  return {
    ...listing,
    nextLarge: 0,
    grown: [],
    tally: zeroTally,
    failures: [],
    concurrency: concurrency ?? concurrencyDefault,
    paused: false,
    startedMs: nowMs,
    pace: [[nowMs, 0]],
  };
}

function withTally(
  state: CorpusState,
  tally: CorpusTally,
  failures: readonly CorpusFailure[],
  nowMs: number,
): CorpusState {
  const total = addTallies(state.tally, tally);
  const worked = total.bytes - total.idleBytes;
  // the beginning gives way to what was lately
  const pace = [...state.pace, [nowMs, worked] as const].slice(-paceMax);
  return {
    ...state,
    tally: total,
    failures: [...state.failures, ...failures].slice(0, failuresShownMax),
    pace,
  };
}

/** The batch that is next, taken out; null: none is left. */
export function takeBatch(state: CorpusState): readonly [CorpusState, SmallBatch] | null {
  const [batch, ...batches] = state.batches;
  return batch === undefined ? null : [{ ...state, batches }, batch];
}

/** A corpus to which a batch is given back: from `from` on it is still to be done. */
export function giveBack(state: CorpusState, batch: SmallBatch, from = batch.from): CorpusState {
  return from >= batch.to ? state : { ...state, batches: [{ ...batch, from }, ...state.batches] };
}

/** A corpus after a batch, or the part of one that was done. */
export function absorbBatch(
  state: CorpusState,
  batch: SmallBatch,
  result: SmallBatchResult,
  nowMs: number,
): CorpusState {
  const { offset, length } = batch;
  const after = withTally(state, result.tally, result.failures, nowMs);
  const grown = [...after.grown, ...result.grown.map((index) => ({ index, offset, length }))];
  return giveBack({ ...after, grown }, batch, result.to);
}

/** The archive that is next to be a job of its own, taken out; null: none is left. */
export function takePlace(state: CorpusState): readonly [CorpusState, ListedPlace] | null {
  const { nextLarge, large, largeLength } = state;
  if (nextLarge < large) {
    return [
      { ...state, nextLarge: nextLarge + 1 },
      { index: nextLarge, offset: 0, length: largeLength },
    ];
  }
  const [place, ...grown] = state.grown;
  return place === undefined ? null : [{ ...state, grown }, place];
}

/** Whether anything is left that nobody has taken. */
export function hasMore({ nextLarge, large, grown, batches }: CorpusState): boolean {
  return nextLarge < large || grown.length > 0 || batches.length > 0;
}

/** A corpus after a large archive. */
export function absorbArchive(
  state: CorpusState,
  { tally, failure }: { readonly tally: CorpusTally; readonly failure: CorpusFailure | null },
  nowMs: number,
): CorpusState {
  return withTally(state, tally, failure === null ? [] : [failure], nowMs);
}

export interface CorpusView {
  readonly jobId: string;
  readonly phase: CorpusProgress['state'];
  readonly out: string;
  readonly state: CorpusState | null;
  readonly jobs: readonly CorpusJob[];
  /** First archive of each batch under way. */
  readonly batches: readonly number[];
  readonly nowMs: number;
}

function percentOf(bytes: number, totalBytes: number, done: number, archives: number): number {
  // archives of nothing are something to do as well
  const share = totalBytes > 0 ? bytes / totalBytes : archives > 0 ? done / archives : 0;
  return Math.min(100, Math.round(share * 10_000) / 100);
}

/** Compressed bytes per second, lately, and seconds to go at that rate. `worked`: bytes that took time, until now. */
function timesOf(
  pace: CorpusState['pace'],
  { worked, left, nowMs }: { readonly worked: number; readonly left: number; readonly nowMs: number },
): Pick<CorpusProgress, 'bytesPerSecond' | 'estimatedTimeRemaining'> {
  const [since] = pace;
  const seconds = since === undefined ? 0 : (nowMs - since[0]) / 1000;
  const bytesPerSecond = since === undefined || seconds <= 0 ? 0 : Math.max(0, worked - since[1]) / seconds;
  return {
    bytesPerSecond: Math.round(bytesPerSecond),
    estimatedTimeRemaining: left <= 0 ? 0 : bytesPerSecond === 0 ? null : Math.round(left / bytesPerSecond),
  };
}

/** What the workflow knows: figures of the batches and jobs that have ended. */
export function corpusProgressOf({
  jobId,
  phase,
  out,
  state,
  jobs,
  batches,
  nowMs,
}: CorpusView): CorpusProgress {
  const tally = state?.tally ?? zeroTally;
  const totalBytes = state?.bytes ?? 0;
  const archives = state?.archives ?? 0;
  const through = tally.done + tally.failed;
  const over = phase === 'done';
  const pace = state?.pace ?? [];
  const times = timesOf(pace, {
    worked: tally.bytes - tally.idleBytes,
    left: totalBytes - tally.bytes,
    nowMs,
  });
  return {
    jobId,
    out: state?.out ?? out,
    state: phase,
    archives,
    ...{ done: tally.done, standing: tally.standing, failed: tally.failed },
    bytes: tally.bytes,
    totalBytes,
    completionPercentage: over ? 100 : percentOf(tally.bytes, totalBytes, through, archives),
    ...(over ? { ...times, estimatedTimeRemaining: 0 } : times),
    counters: tally.counters,
    retries: tally.retries,
    concurrency: state?.concurrency ?? 0,
    jobs,
    batches,
    failures: state?.failures ?? [],
    pace,
  };
}

/** What runs of large archives, as their own progress says. */
export interface LiveJob {
  readonly jobId: string;
  /** Compressed bytes read. */
  readonly bytes: number;
}

/** The workflow's progress with the newest heartbeats of its batches, and the progress of its jobs, laid over it. */
export function withLive(
  progress: CorpusProgress,
  beats: readonly SmallBatchHeartbeat[],
  { jobs, nowMs }: { readonly jobs: readonly LiveJob[]; readonly nowMs: number },
): CorpusProgress {
  // one that has ended since the heartbeats were looked up is in the progress already
  const tally = beats
    .filter(({ from }) => progress.batches.includes(from))
    .reduce((sum, beat) => addTallies(sum, beat.tally), zeroTally);
  const running = jobs.reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = Math.min(progress.totalBytes, progress.bytes + tally.bytes + running);
  const done = progress.done + tally.done;
  const failed = progress.failed + tally.failed;
  const worked = (progress.pace.at(-1)?.[1] ?? 0) + tally.bytes - tally.idleBytes + running;
  return {
    ...progress,
    ...{ done, failed, bytes },
    standing: progress.standing + tally.standing,
    completionPercentage: percentOf(bytes, progress.totalBytes, done + failed, progress.archives),
    ...timesOf(progress.pace, { worked, left: progress.totalBytes - bytes, nowMs }),
    counters: addCounters(progress.counters, tally.counters),
    retries: progress.retries + tally.retries,
  };
}

/** The result of a corpus that is through. `nowMs`: its end. */
export function corpusResultOf(
  jobId: string,
  state: CorpusState,
  { manifest, ledger, nowMs }: { readonly manifest: string; readonly ledger: string; readonly nowMs: number },
): CorpusResult {
  const { tally, archives, out, failures } = state;
  const { done, standing, failed, bytes, retries } = tally;
  const { lines, kept, excluded, rejected, blank } = tally.counters;
  const seconds = Math.max(0.001, (nowMs - state.startedMs) / 1000);
  return {
    jobId,
    success: failed === 0,
    ...{ out, manifest, ledger, archives, done, standing, failed },
    metrics: {
      totalProcessedLines: lines,
      ...{ kept, excluded, rejected, blank, bytes },
      seconds: Math.round(seconds * 1000) / 1000,
      archivesPerSecond: Math.round(((done - standing) / seconds) * 10) / 10,
      retries,
    },
    failures,
  };
}
