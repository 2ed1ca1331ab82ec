/** How a job's memory grows: pure steps, used by the workflow and by whoever rebuilds a closed job from its history. */
import { baseBatchSizeFor, clampBatchSize } from '../core/batch-size.ts';
import { addCounters, zeroCounters } from '../core/fates.ts';
import { rejectExamplesMax } from '../core/limits.ts';
import type { Hole, InspectionResult, JobState, SegmentProgress, SegmentResult } from './job.ts';
import { packedCounters } from './part.ts';
import { emptyRun, extendRun } from './run.ts';

/** More would be a log; the worker has one. */
const warningsMax = 10;

/** A job after its inspection, before its first segment. */
export function beginJob({ inspection, settings, dataset, searchable, nowMs }: InspectionResult): JobState {
  return {
    inspection,
    settings,
    dataset,
    parts: [],
    counters: zeroCounters,
    holes: [],
    next: { part: 0, offset: 0, line: 0, frame: { compressed: 0, decompressed: 0 } },
    finishedReading: false,
    batchSize:
      settings.baseBatchSize === undefined
        ? baseBatchSizeFor(inspection.compressedBytes, settings)
        : clampBatchSize(settings.baseBatchSize, settings),
    batchCeiling: null,
    paused: false,
    retries: 0,
    segments: 0,
    peakMemoryBytes: 0,
    rejectExamples: [],
    startedMs: nowMs,
    searchable,
    workerQueue: null,
    compressedBytes: 0,
    warnings: [],
  };
}

/** A closed job that begins again where it was: what it had committed, under what was inspected and set now. */
export function resumeJob(old: JobState, { settings, dataset, searchable }: InspectionResult): JobState {
  return { ...old, settings, dataset, searchable, paused: false, workerQueue: null, warnings: [] };
}

/** Parts that a segment, or a lost attempt at one, has committed; ones that are known already are passed over. */
export function absorbParts(state: JobState, { parts, next, holes = [] }: SegmentProgress): JobState {
  const known = state.parts.at(-1)?.[0] ?? -1;
  const fresh = parts.filter(([index]) => index > known);
  if (fresh.length === 0) return state;
  return {
    ...state,
    parts: [...state.parts, ...fresh],
    counters: fresh.reduce((sum, part) => addCounters(sum, packedCounters(part)), state.counters),
    holes: joinHoles(state.holes, holes),
    next,
  };
}

/** Holes that are known, and those found since: a frame that is entered again shows the ones in it again. */
export function joinHoles(known: readonly Hole[], found: readonly Hole[]): readonly Hole[] {
  const places = new Set(known.map(({ compressedFrom }) => compressedFrom));
  return [...known, ...found.filter(({ compressedFrom }) => !places.has(compressedFrom))];
}

/** A change that a person asks for, by signal or update. */
export interface JobChange {
  /** Lines. */
  readonly batchSize?: number;
  /** MB. */
  readonly maxMemoryUsage?: number;
  readonly paused?: boolean;
}

/** A job under a change; the very same state where it changes nothing. A batch size that was set is also a ceiling. */
export function applyChange(state: JobState, change: JobChange): JobState {
  const batchSize =
    change.batchSize === undefined ? undefined : clampBatchSize(change.batchSize, state.settings);
  const maxMemoryUsage = change.maxMemoryUsage ?? state.settings.maxMemoryUsage;
  const paused = change.paused ?? state.paused;
  const sameBatch =
    batchSize === undefined || (batchSize === state.batchSize && batchSize === state.batchCeiling);
  if (sameBatch && maxMemoryUsage === state.settings.maxMemoryUsage && paused === state.paused) return state;
  return {
    ...state,
    ...(batchSize === undefined ? {} : { batchSize, batchCeiling: batchSize }),
    settings: { ...state.settings, maxMemoryUsage },
    paused,
  };
}

/**
 * A job after one more segment. `begun`: the state that the segment was given; a batch size that was set meanwhile
 * stands, else the adaptive one is taken over.
 */
export function absorbSegment(state: JobState, begun: JobState, result: SegmentResult): JobState {
  const untouched = state.batchSize === begun.batchSize && state.batchCeiling === begun.batchCeiling;
  return {
    ...absorbParts(state, result),
    next: result.next,
    finishedReading: result.finished,
    batchSize: untouched ? result.live.batchSize : state.batchSize,
    workerQueue: result.workerQueue,
    compressedBytes: result.live.compressedBytes,
    retries: state.retries + result.retries,
    segments: state.segments + 1,
    peakMemoryBytes: Math.max(state.peakMemoryBytes, result.peakMemoryBytes),
    holes: joinHoles(state.holes, result.holes),
    rejectExamples: [...state.rejectExamples, ...result.rejectExamples].slice(0, rejectExamplesMax),
    warnings: [...state.warnings, ...result.warnings].slice(-warningsMax),
    run: extendRun(state.run ?? emptyRun, result.run ?? emptyRun),
  };
}

/** Whether what came out of a failure's details or a heartbeat is a segment's progress. */
export function isProgress(value: unknown): value is SegmentProgress {
  return typeof value === 'object' && value !== null && 'parts' in value && 'next' in value;
}
