/** Progress and the final figures of a job. Pure arithmetic on what the workflow remembers and the worker beats. */
import { addCounters, zeroCounters } from '../core/fates.ts';
import type { JobProgress, JobResult, JobState, LiveFigures, SegmentHeartbeat } from './job.ts';
import { packedCounters } from './part.ts';

const megabyte = 1_000_000;

export interface JobView {
  readonly jobId: string;
  readonly phase: JobProgress['state'];
  /** As the user gave it, until it is inspected. */
  readonly archive: string;
  readonly state: JobState | null;
  /** Of the last segment; null before one has ended. */
  readonly live: LiveFigures | null;
}

/** Share of the archive that has been read, 0–100, by compressed offset. */
export function completionPercentage(compressedBytes: number, totalBytes: number): number {
  if (totalBytes <= 0) return 0;
  return Math.min(100, Math.round((compressedBytes / totalBytes) * 10_000) / 100);
}

/**
 * Seconds to go at the present rate of decompressed bytes, assuming that the rest compresses as what was read did; null
 * until there is a rate.
 */
export function secondsToGo(live: LiveFigures, totalBytes: number): number | null {
  const { compressedBytes, processedBytes, bytesPerSecond } = live;
  if (compressedBytes >= totalBytes) return 0;
  if (bytesPerSecond <= 0 || compressedBytes <= 0) return null;
  const restBytes = (processedBytes / compressedBytes) * (totalBytes - compressedBytes);
  return Math.round(restBytes / bytesPerSecond);
}

/** What the workflow knows: figures of the last segment's end. */
export function progressOf({ jobId, phase, archive, state, live }: JobView): JobProgress {
  const total = state?.inspection.compressedBytes ?? 0;
  const done = phase === 'done';
  const read = live?.compressedBytes ?? state?.compressedBytes ?? 0;
  const compressedBytes = state?.finishedReading === true ? total : read;
  return {
    jobId,
    archive: state?.inspection.path ?? archive,
    dataset: state?.dataset ?? '',
    state: phase,
    completionPercentage: done ? 100 : completionPercentage(compressedBytes, total),
    estimatedTimeRemaining: done ? 0 : live === null ? null : secondsToGo(live, total),
    processedLines: Math.max(state?.counters.lines ?? 0, live?.processedLines ?? 0),
    processedBytes: Math.max(state?.next.offset ?? 0, live?.processedBytes ?? 0),
    compressedBytes,
    compressedTotalBytes: total,
    linesPerSecond: live?.linesPerSecond ?? 0,
    bytesPerSecond: live?.bytesPerSecond ?? 0,
    counters: state?.counters ?? zeroCounters,
    parts: state?.parts.length ?? 0,
    batchSize: state?.batchSize ?? 0,
    memoryBytes: live?.memoryBytes ?? 0,
    memoryLimitBytes: (state?.settings.maxMemoryUsage ?? 0) * megabyte,
    windowBytes: state?.inspection.windowBytes ?? 0,
    retries: state?.retries ?? 0,
    segments: state?.segments ?? 0,
    warnings: state?.warnings ?? [],
  };
}

/** The workflow's progress with the newest heartbeat of the running segment laid over it. */
export function withHeartbeat(
  progress: JobProgress,
  beat: SegmentHeartbeat,
  lostAttempts: number,
): JobProgress {
  const { live } = beat;
  const total = progress.compressedTotalBytes;
  // parts are numbered from 0 without a gap
  const fresh = beat.parts.filter(([index]) => index >= progress.parts);
  // an attempt that starts over is behind what was committed: never show less than that
  const behind = live.processedBytes < progress.processedBytes;
  return {
    ...progress,
    ...(behind
      ? {}
      : {
          completionPercentage: completionPercentage(live.compressedBytes, total),
          estimatedTimeRemaining: secondsToGo(live, total),
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

/** The result of a job that is done. `nowMs`: its end. */
export function resultOf(jobId: string, state: JobState, nowMs: number): JobResult {
  const seconds = Math.max(0.001, (nowMs - state.startedMs) / 1000);
  const { lines, kept, excluded, rejected, blank } = state.counters;
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
      seconds: Math.round(seconds * 1000) / 1000,
      linesPerSecond: Math.round(lines / seconds),
      peakMemoryMb: Math.round(state.peakMemoryBytes / megabyte),
      retries: state.retries,
    },
    warnings: [
      ...state.warnings,
      ...state.holes.map(
        ({ kind, compressedFrom, compressedTo, decompressed }) =>
          `The archive is ${kind} at compressed byte ${compressedFrom} (decompressed byte ${decompressed}): ` +
          (compressedTo > compressedFrom
            ? `up to byte ${compressedTo} it could not be read, and what it held there is missing`
            : 'what should follow is missing'),
      ),
    ],
  };
}
