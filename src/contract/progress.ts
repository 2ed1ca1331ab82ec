/** Progress and the final figures of a job. Pure arithmetic on what the workflow remembers and the worker beats. */
import { addCounters, zeroCounters, type Counters } from '../core/fates.ts';
import type { AssemblyFigures, AssemblyHeartbeat } from './assembly.ts';
import type {
  Hole,
  JobProgress,
  JobResult,
  JobState,
  LiveFigures,
  ReadBefore,
  SegmentHeartbeat,
  SourceState,
} from './job.ts';
import { finishedReading, sourceAt, sourcesOf } from './job-state.ts';
import { packedCounters } from './part.ts';
import {
  addThreadCounts,
  makesThreads,
  packedThreadCounts,
  packedValues,
  zeroThreadCounts,
  type ThreadCounts,
} from './threads.ts';

const megabyte = 1_000_000;
/** Of the work of a job that makes threads, about: assembling takes somewhat less than reading. */
const readingShare = 2 / 3;

export interface JobView {
  readonly jobId: string;
  readonly phase: JobProgress['state'];
  /** As the user gave it, until it is inspected. */
  readonly archive: string;
  readonly state: JobState | null;
  /** Of the last segment; null before one has ended. */
  readonly live: LiveFigures | null;
  /** Of the last assembly; absent before one has ended. */
  readonly assembly?: AssemblyFigures | null;
  /** First bucket of each group under way; absent: not known. */
  readonly groups?: readonly number[];
}

/** How far the files of threads are; `buckets` is 0 where there are none to be made. */
type Buckets = Pick<JobProgress, 'buckets' | 'bucketsDone'>;

const noBuckets: Buckets = { buckets: 0, bucketsDone: 0 };

/** Share of the work that is done, 0–100: the archives by compressed offset, then the files of threads. */
export function completionPercentage(
  compressedBytes: number,
  totalBytes: number,
  { buckets, bucketsDone }: Buckets = noBuckets,
): number {
  if (totalBytes <= 0) return 0;
  const read = Math.min(1, compressedBytes / totalBytes);
  const share = buckets === 0 ? read : readingShare * read + (1 - readingShare) * (bucketsDone / buckets);
  return Math.min(100, Math.round(share * 10_000) / 100);
}

/**
 * Seconds to go at the present rate of decompressed bytes, assuming that the rest compresses as what was read did, and
 * that assembling threads takes its usual share; null until there is a rate.
 */
export function secondsToGo(
  live: LiveFigures,
  totalBytes: number,
  { buckets }: Pick<Buckets, 'buckets'> = noBuckets,
): number | null {
  const { compressedBytes, processedBytes, bytesPerSecond } = live;
  if (buckets === 0 && compressedBytes >= totalBytes) return 0;
  if (bytesPerSecond <= 0 || compressedBytes <= 0) return null;
  const ratio = processedBytes / compressedBytes;
  const restBytes = ratio * Math.max(0, totalBytes - compressedBytes);
  const assemblyBytes = buckets === 0 ? 0 : ratio * totalBytes * (1 / readingShare - 1);
  return Math.round((restBytes + assemblyBytes) / bytesPerSecond);
}

/** Seconds until the last file of threads; null until there is a rate. */
function secondsToAssemble({ buckets, bucketsDone }: Buckets, bucketsPerSecond: number): number | null {
  if (bucketsDone >= buckets) return 0;
  return bucketsPerSecond <= 0 ? null : Math.round((buckets - bucketsDone) / bucketsPerSecond);
}

function sumOf(state: JobState | null, of: (source: SourceState) => number): number {
  return state === null ? 0 : sourcesOf(state).reduce((sum, source) => sum + of(source), 0);
}

/** Counters of all archives of a job. */
function countersOf(state: JobState | null): Counters {
  if (state === null) return zeroCounters;
  return sourcesOf(state).reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters);
}

/** What the workflow knows: figures of the end of the last segment, or of the last assembly. */
export function progressOf({ jobId, phase, archive, state, live, assembly, groups }: JobView): JobProgress {
  const done = phase === 'done';
  const allRead = state !== null && finishedReading(state);
  const buckets: Buckets = { buckets: state?.buckets ?? 0, bucketsDone: state?.threads.length ?? 0 };
  const total = sumOf(state, ({ inspection }) => inspection.compressedBytes);
  const read = sumOf(state, (source) =>
    source.finishedReading ? source.inspection.compressedBytes : (source.compressedBytes ?? 0),
  );
  const compressedBytes = allRead ? total : Math.max(read, live?.compressedBytes ?? 0);
  const assembling = allRead && buckets.buckets > 0;
  const counters = countersOf(state);
  const toGo = assembling
    ? secondsToAssemble(buckets, assembly?.bucketsPerSecond ?? 0)
    : live === null
      ? null
      : secondsToGo(live, total, buckets);
  return {
    jobId,
    archive: state?.inspection.path ?? archive,
    dataset: state?.dataset ?? '',
    state: phase,
    completionPercentage: done ? 100 : completionPercentage(compressedBytes, total, buckets),
    estimatedTimeRemaining: done ? 0 : toGo,
    processedLines: Math.max(counters.lines, live?.processedLines ?? 0),
    processedBytes: Math.max(
      sumOf(state, ({ next }) => next.offset),
      live?.processedBytes ?? 0,
    ),
    compressedBytes,
    compressedTotalBytes: total,
    // nothing is read any more
    linesPerSecond: assembling ? 0 : (live?.linesPerSecond ?? 0),
    bytesPerSecond: assembling ? 0 : (live?.bytesPerSecond ?? 0),
    counters,
    parts: sumOf(state, ({ parts }) => parts.length),
    ...buckets,
    ...(groups === undefined ? {} : { groups }),
    batchSize: state?.batchSize ?? 0,
    memoryBytes: (assembling ? assembly?.memoryBytes : live?.memoryBytes) ?? 0,
    memoryLimitBytes: (state?.settings.maxMemoryUsage ?? 0) * megabyte,
    windowBytes: state === null || assembling ? 0 : sourceAt(state).inspection.windowBytes,
    retries: state?.retries ?? 0,
    segments: state?.segments ?? 0,
    warnings: state?.warnings ?? [],
  };
}

/** Figures of all that a job reads: what was read before the archive that is read now comes first. */
export function figuresOfJob(before: ReadBefore, live: LiveFigures): LiveFigures {
  return {
    ...live,
    processedLines: before.lines + live.processedLines,
    processedBytes: before.bytes + live.processedBytes,
    compressedBytes: before.compressedBytes + live.compressedBytes,
  };
}

/** The workflow's progress with the newest heartbeat of the running segment laid over it. */
export function withHeartbeat(
  progress: JobProgress,
  beat: SegmentHeartbeat,
  lostAttempts: number,
): JobProgress {
  const { live, partsBefore = 0 } = beat;
  const total = progress.compressedTotalBytes;
  // parts are numbered from 0 without a gap
  const fresh = beat.parts.filter(([index]) => partsBefore + index >= progress.parts);
  // an attempt that starts over is behind what was committed: never show less than that
  const behind = live.processedBytes < progress.processedBytes;
  return {
    ...progress,
    ...(behind
      ? {}
      : {
          completionPercentage: completionPercentage(live.compressedBytes, total, progress),
          estimatedTimeRemaining: secondsToGo(live, total, progress),
          processedLines: Math.max(live.processedLines, progress.processedLines),
          processedBytes: live.processedBytes,
          compressedBytes: live.compressedBytes,
        }),
    counters: fresh.reduce((sum, part) => addCounters(sum, packedCounters(part)), progress.counters),
    parts: progress.parts + fresh.length,
    linesPerSecond: live.linesPerSecond,
    bytesPerSecond: live.bytesPerSecond,
    batchSize: live.batchSize,
    memoryBytes: live.memoryBytes,
    retries: progress.retries + lostAttempts,
  };
}

/** The workflow's progress with the newest heartbeats of the running assemblies laid over it. */
export function withAssemblies(
  progress: JobProgress,
  found: readonly AssemblyHeartbeat[],
  lostAttempts: number,
): JobProgress {
  // one that has ended since the heartbeats were looked up is in the progress already
  const beats = found.filter(({ group }) => progress.groups?.includes(group) ?? true);
  const sum = (of: (beat: AssemblyHeartbeat) => number): number =>
    beats.reduce((total, beat) => total + of(beat), 0);
  const bucketsDone = Math.min(progress.buckets, progress.bucketsDone + sum(({ built }) => built.length));
  const now = { buckets: progress.buckets, bucketsDone };
  const rate = sum(({ figures }) => figures.bucketsPerSecond);
  return {
    ...progress,
    bucketsDone,
    completionPercentage: completionPercentage(progress.compressedBytes, progress.compressedTotalBytes, now),
    estimatedTimeRemaining: rate > 0 ? secondsToAssemble(now, rate) : progress.estimatedTimeRemaining,
    // each is what one worker uses for the job
    memoryBytes: Math.max(0, ...beats.map(({ figures }) => figures.memoryBytes)),
    retries: progress.retries + lostAttempts,
  };
}

function threadCountsOf({ buckets, threads, settings, inspection }: JobState): ThreadCounts | null {
  if (buckets === 0 || (settings.splitBy !== undefined && !makesThreads(settings, inspection.kind)))
    return null;
  return threads.reduce((sum, entry) => addThreadCounts(sum, packedThreadCounts(entry)), zeroThreadCounts);
}

function holeWarning({ kind, compressedFrom, compressedTo, decompressed }: Hole, whose: string): string {
  return (
    `${whose} is ${kind} at compressed byte ${compressedFrom} (decompressed byte ${decompressed}): ` +
    (compressedTo > compressedFrom
      ? `up to byte ${compressedTo} it could not be read, and what it held there is missing`
      : 'what should follow is missing')
  );
}

/** The result of a job that is done. `nowMs`: its end. */
export function resultOf(jobId: string, state: JobState, nowMs: number): JobResult {
  const seconds = Math.max(0.001, (nowMs - state.startedMs) / 1000);
  const { lines, kept, excluded, rejected, blank } = countersOf(state);
  return {
    jobId,
    success: true,
    archive: state.inspection.path,
    dataset: state.dataset,
    metrics: {
      totalProcessedLines: lines,
      kept,
      excluded,
      rejected,
      blank,
      threads: threadCountsOf(state),
      ...(state.settings.splitBy === undefined
        ? {}
        : { values: state.threads.reduce((sum, entry) => sum + packedValues(entry), 0) }),
      seconds: Math.round(seconds * 1000) / 1000,
      linesPerSecond: Math.round(lines / seconds),
      peakMemoryMb: Math.round(state.peakMemoryBytes / megabyte),
      retries: state.retries,
    },
    warnings: [
      ...state.warnings,
      ...state.holes.map((hole) => holeWarning(hole, 'The archive')),
      ...(state.joined?.holes ?? []).map((hole) => holeWarning(hole, 'The submissions archive')),
    ],
  };
}
