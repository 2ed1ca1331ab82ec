/** What crosses a process when threads are assembled: plain JSON, as in `job.ts`. */
import type { JobSettings, ResourceStats } from './job.ts';
import type { PackedThreads } from './threads.ts';

/** A group of buckets, so that their entries fit one heartbeat of `heartbeatBytesMax`. */
export const groupBucketsMax = 12;
/** A smaller group costs more in starting than several workers can win. */
const groupBucketsMin = 4;
/** Activities of one job at a time: workers that are there share the work, and a job takes no more of a cluster. */
export const assembliesInFlight = 3;

/** Sizes of the spill files in bytes; their names follow from where they stand here. */
export interface SpillSizes {
  readonly comments: readonly number[];
  readonly submissions: readonly number[];
}

/** Input of `assembleThreads`. */
export interface AssemblyInput {
  readonly settings: JobSettings;
  readonly dataset: string;
  /** As in `JobState`. */
  readonly buckets: number;
  /** As in `SegmentInput`. */
  readonly arranged?: boolean | undefined;
  readonly joined: boolean;
  readonly spills: SpillSizes;
  /** The buckets to build. */
  readonly todo: readonly number[];
}

/** What an assembly has done so far: its result, the details of its failure, and its heartbeat. */
export interface AssemblyProgress {
  readonly built: readonly PackedThreads[];
}

/** Figures of the moment, of one assembly. */
export interface AssemblyFigures {
  /** 0 until one is done. */
  readonly bucketsPerSecond: number;
  /** What the job uses beyond the idle worker, bytes. */
  readonly memoryBytes: number;
}

/** What a heartbeat of `assembleThreads` carries (under `heartbeatBytesMax`). */
export interface AssemblyHeartbeat extends AssemblyProgress {
  /** The first bucket to be built: which of the job's groups this is. */
  readonly group: number;
  readonly figures: AssemblyFigures;
  readonly stats: ResourceStats | null;
  /** Attempts that failed by an error which is retried only so often. */
  readonly failures: number;
  /** As in `SegmentHeartbeat`. */
  readonly since?: number;
  readonly spoken?: number;
}

export interface AssemblyResult extends AssemblyProgress {
  readonly figures: AssemblyFigures;
  readonly stats: ResourceStats | null;
  /** Attempts that were lost before this one. */
  readonly retries: number;
  readonly peakMemoryBytes: number;
}

/** Buckets in groups for one activity each: as evenly as `assembliesInFlight` workers would like it, within bounds. */
export function assemblyGroups(todo: readonly number[]): readonly (readonly number[])[] {
  const even = Math.ceil(todo.length / assembliesInFlight);
  const size = Math.min(groupBucketsMax, Math.max(groupBucketsMin, even));
  return Array.from({ length: Math.ceil(todo.length / size) }, (_, at) =>
    todo.slice(at * size, (at + 1) * size),
  );
}

/** Whether what came out of a failure's details or a heartbeat is an assembly's progress. */
export function isAssemblyProgress(value: unknown): value is AssemblyProgress {
  return typeof value === 'object' && value !== null && 'built' in value && Array.isArray(value.built);
}
