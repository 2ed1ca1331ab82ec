/** How a job's memory grows: pure steps, used by the workflow and by whoever rebuilds a closed job from its history. */
import { baseBatchSizeFor, clampBatchSize } from '../core/batch-size.ts';
import { addCounters, zeroCounters } from '../core/fates.ts';
import { rejectExamplesMax } from '../core/limits.ts';
import type { AssemblyProgress, AssemblyResult, SpillSizes } from './assembly.ts';
import type {
  ArchiveInspection,
  Hole,
  InspectionResult,
  JobState,
  PublishInput,
  ReadBefore,
  SegmentProgress,
  SegmentResult,
  SourceState,
} from './job.ts';
import { packedCounters } from './part.ts';
import { makesThreads } from './threads.ts';
import { emptyRun, extendRun } from './run.ts';

/** More would be a log; the worker has one. */
const warningsMax = 10;

function unread(inspection: ArchiveInspection): SourceState {
  return {
    inspection,
    parts: [],
    counters: zeroCounters,
    holes: [],
    next: { part: 0, offset: 0, line: 0, frame: { compressed: 0, decompressed: 0 } },
    finishedReading: false,
    compressedBytes: 0,
  };
}

/** A job after its inspection, before its first segment. */
export function beginJob(found: InspectionResult): JobState {
  const { inspection, joined = null, settings, dataset, searchable, nowMs } = found;
  return {
    ...unread(inspection),
    joined: joined === null ? null : unread(joined),
    settings,
    dataset,
    buckets: found.buckets ?? 0,
    threads: [],
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
    warnings: [],
  };
}

/** A state that another run left, with what states of early runs lack. */
export function carriedState(state: JobState): JobState {
  const { joined, buckets, threads } = state as Partial<JobState>;
  return { ...state, joined: joined ?? null, buckets: buckets ?? 0, threads: threads ?? [] };
}

/** The archives of a job, in the order in which they are read. */
export function sourcesOf(job: JobState): readonly SourceState[] {
  return job.joined === null ? [job] : [job, job.joined];
}

/** The archive that is read now, or the last one. */
export function sourceAt(job: JobState): SourceState {
  return job.finishedReading ? (job.joined ?? job) : job;
}

/** Whether all archives were read to their end. */
export function finishedReading(job: JobState): boolean {
  return sourcesOf(job).every((source) => source.finishedReading);
}

/** What was read before the archive that is read now. */
export function readBefore(job: JobState): ReadBefore {
  if (sourceAt(job) === job) return { parts: 0, lines: 0, bytes: 0, compressedBytes: 0 };
  const { parts, counters, next, inspection } = job;
  return {
    parts: parts.length,
    lines: counters.lines,
    bytes: next.offset,
    compressedBytes: inspection.compressedBytes,
  };
}

function changeSource(job: JobState, at: SourceState, change: Partial<SourceState>): JobState {
  return at === job || job.joined === null
    ? { ...job, ...change }
    : { ...job, joined: { ...job.joined, ...change } };
}

/** A closed job that begins again where it was: what it had committed, under what was inspected and set now. */
export function resumeJob(old: JobState, { settings, dataset, searchable }: InspectionResult): JobState {
  return { ...old, settings, dataset, searchable, paused: false, workerQueue: null, warnings: [] };
}

/**
 * Parts that a segment of the archive being read, or a lost attempt at one, has committed; ones that are known already
 * are passed over.
 */
export function absorbParts(state: JobState, { parts, next, holes = [] }: SegmentProgress): JobState {
  const source = sourceAt(state);
  const known = source.parts.at(-1)?.[0] ?? -1;
  const fresh = parts.filter(([index]) => index > known);
  if (fresh.length === 0) return state;
  return changeSource(state, source, {
    parts: [...source.parts, ...fresh],
    counters: fresh.reduce((sum, part) => addCounters(sum, packedCounters(part)), source.counters),
    holes: joinHoles(source.holes, holes),
    next,
  });
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
  const absorbed = absorbParts(state, result);
  const source = sourceAt(absorbed);
  const read = changeSource(absorbed, source, {
    next: result.next,
    finishedReading: result.finished,
    compressedBytes: result.live.compressedBytes - readBefore(absorbed).compressedBytes,
    holes: joinHoles(source.holes, result.holes),
  });
  return {
    ...read,
    batchSize: untouched ? result.live.batchSize : state.batchSize,
    workerQueue: result.workerQueue,
    retries: state.retries + result.retries,
    segments: state.segments + 1,
    peakMemoryBytes: Math.max(state.peakMemoryBytes, result.peakMemoryBytes),
    rejectExamples: [...state.rejectExamples, ...result.rejectExamples].slice(0, rejectExamplesMax),
    warnings: [...state.warnings, ...result.warnings].slice(-warningsMax),
    run: extendRun(state.run ?? emptyRun, result.run ?? emptyRun),
  };
}

/** A job whose present archive was read to its end; `holes`: all that were gone over in it. */
export function endSource(job: JobState, holes: readonly Hole[]): JobState {
  return changeSource(job, sourceAt(job), { finishedReading: true, holes });
}

/** The buckets that are still to be built, in order; none where the output is flat parts. */
export function bucketsToDo({ buckets, threads }: JobState): readonly number[] {
  const done = new Set(threads.map(([index]) => index));
  return Array.from({ length: buckets }, (_, index) => index).filter((index) => !done.has(index));
}

/** Whether a job whose rows are split has them in threads too; nothing for others, as in early histories. */
export function arrangementOf({ settings, inspection }: JobState): { readonly arranged?: boolean } {
  return settings.splitBy === undefined ? {} : { arranged: makesThreads(settings, inspection.kind) };
}

/** Sizes of a job's spill files, once all is read. */
export function spillsOf({ inspection, parts, joined }: JobState): SpillSizes {
  const sizes = (of: SourceState['parts']): readonly number[] => of.map(([, , , , bytes]) => bytes);
  if (inspection.kind === 'submissions') return { comments: [], submissions: sizes(parts) };
  return { comments: sizes(parts), submissions: sizes(joined?.parts ?? []) };
}

/** What is published of a job whose rows all stand in their files. */
export function publishInputOf(jobId: string, job: JobState): PublishInput {
  return {
    jobId,
    inspection: job.inspection,
    settings: job.settings,
    dataset: job.dataset,
    parts: job.parts,
    counters: job.counters,
    holes: job.holes,
    joined: job.joined,
    buckets: job.buckets,
    threads: job.threads,
    startedMs: job.startedMs,
    ...(job.run === undefined ? {} : { run: job.run }),
  };
}

/** Buckets that an assembly, or a lost attempt at one, has committed; ones that are known already are passed over. */
export function absorbBuckets(state: JobState, { built }: AssemblyProgress): JobState {
  const known = new Set(state.threads.map(([index]) => index));
  const fresh = built.filter(([index]) => !known.has(index));
  return fresh.length === 0 ? state : { ...state, threads: [...state.threads, ...fresh] };
}

/** A job after one more assembly. */
export function absorbAssembly(state: JobState, result: AssemblyResult): JobState {
  return {
    ...absorbBuckets(state, result),
    retries: state.retries + result.retries,
    segments: state.segments + 1,
    peakMemoryBytes: Math.max(state.peakMemoryBytes, result.peakMemoryBytes),
  };
}

/** Whether what came out of a failure's details or a heartbeat is a segment's progress. */
export function isProgress(value: unknown): value is SegmentProgress {
  return typeof value === 'object' && value !== null && 'parts' in value && 'next' in value;
}
