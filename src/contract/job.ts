/** What crosses a process: plain JSON only. Everything a client needs to start, watch and steer a job. */
import type { ArchiveKind } from '../core/columns.ts';
import type { Counters } from '../core/fates.ts';
import type { PackedPart } from './part.ts';
import type { PackedThreads, ThreadCounts } from './threads.ts';
import type { RunRecord } from './run.ts';
import type { SelectionSettings } from './selection.ts';
import type { SplitKey } from './split.ts';

export type { PackedPart, PartEntry } from './part.ts';

/** `conversations` exists for threads only. */
export type OutputFormat = 'parquet' | 'jsonl.zst' | 'jsonl' | 'csv' | 'conversations';
export const outputFormats: readonly OutputFormat[] = [
  'parquet',
  'jsonl.zst',
  'jsonl',
  'csv',
  'conversations',
];

/** The settings that a job carries; every field optional in the input, filled from the worker's settings. */
export interface JobSettings extends SelectionSettings {
  // these decide bytes of the output and are part of the job's identity
  readonly format: OutputFormat;
  /** Decompressed input bytes of one part. */
  readonly partBytes: number;
  readonly keepRaw: boolean;
  /** Names of the columns that are wanted, in the order of their table. Absent: all. */
  readonly columns?: readonly string[];
  /** Fields without a column go into one of JSON. */
  readonly extra?: boolean;
  /** Files for each value of this. Absent: the rows are not split. */
  readonly splitBy?: SplitKey;
  readonly preserveThreads: boolean;
  /** `conversations`: a line for each path from the top to a leaf, not for each thread. */
  readonly paths: boolean;
  readonly validateTimestamps: boolean;
  readonly qualityMinScore: number;
  readonly excludeDeleted: boolean;
  readonly excludeRemoved: boolean;
  readonly salvage: boolean;
  /** Share of a part's lines, 0–1, above which the job stops. */
  readonly maxRejectRate: number;
  // these only tune the process
  readonly minBatchSize: number;
  readonly maxBatchSize: number;
  /** Lines; undefined: chosen by the archive's size on disk. */
  readonly baseBatchSize?: number;
  /** MB that the worker may use for the job beyond the decoder's window. */
  readonly maxMemoryUsage: number;
  readonly enableCheckpoints: boolean;
  readonly enableResourceMonitoring: boolean;
  readonly adaptiveBatchSizing: boolean;
  /** Lines between progress reports into the heartbeat. */
  readonly progressReportingInterval: number;
  readonly resourceCheckInterval: number;
  readonly memoryCheckInterval: number;
  /** Segments per run before the workflow continues as new. */
  readonly maxCheckpointsPerJob: number;
}

/** Input of `archiveWorkflow`: `{"archive":"…"}` is enough. `out` defaults to the worker's (`./out`). */
export interface ArchiveJobInput {
  readonly archive: string;
  /** The matching submissions archive, to be joined to `archive`, which then holds comments. */
  readonly submissions?: string;
  readonly out?: string;
  readonly settings?: Partial<JobSettings>;
  /** Replace a finished dataset that another job left in the folder. */
  readonly replace?: boolean;
  /** Carried by continue-as-new and by resumeJob; never given by a user. */
  readonly state?: JobState;
}

/** What `inspectArchive` finds; also what `threadmill inspect` prints. */
export interface ArchiveInspection {
  readonly path: string;
  readonly name: string;
  readonly kind: ArchiveKind;
  readonly container: 'zstd' | 'gzip' | 'plain' | 'zst_blocks';
  readonly compressedBytes: number;
  readonly mtimeMs: number;
  readonly fingerprint: string;
  /** What its server tells its versions apart by; absent for a file of this machine, and where the server tells nothing. */
  readonly version?: string;
  /** Decoder window in bytes (0 for gzip and plain). */
  readonly windowBytes: number;
  /** Frames seen in a bounded look, and whether that was all of them. */
  readonly frames: number;
  readonly framesComplete: boolean;
  /** What says where each frame begins, so that any can be entered; null or absent: it is read in order. */
  readonly entry?: 'seek-table' | 'frame-headers' | null;
  /** From the frame headers, where they declare it, or from a seek table; else null. */
  readonly contentBytes: number | null;
  /** Estimated from the archive's first decompressed MiB. */
  readonly estimatedBytes: number;
  readonly estimatedLines: number;
  readonly meanLineBytes: number;
  /** Worker memory needed: window + limit, bytes. */
  readonly memoryBytes: number;
}

export interface RejectExample {
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
  readonly raw: string;
}

/** A stretch of a damaged archive that `--salvage` went over. */
export interface Hole {
  readonly kind: 'truncated' | 'corrupt';
  /** Compressed bytes [from, to); `to` is the file's end where nothing could be read behind the damage. */
  readonly compressedFrom: number;
  readonly compressedTo: number;
  /** Decompressed offset at which it lies: the bytes that were lost are not counted. */
  readonly decompressed: number;
  readonly message: string;
}

/** One archive of a job, and what was read of it. */
export interface SourceState {
  readonly inspection: ArchiveInspection;
  readonly parts: readonly PackedPart[];
  readonly counters: Counters;
  /** What `--salvage` went over. */
  readonly holes: readonly Hole[];
  /** Where the next part's first line starts, and the frame to enter for it. */
  readonly next: ResumePoint;
  readonly finishedReading: boolean;
  /** How far the archive was read, for progress; absent in states of early runs. */
  readonly compressedBytes?: number;
}

/** A workflow's memory between runs: everything that a new worker needs to go on. Its own source is `archive`. */
export interface JobState extends SourceState {
  /** The submissions archive that is joined to it, read after it; null where there is none. */
  readonly joined: SourceState | null;
  readonly settings: JobSettings;
  /** Absolute dataset folder. */
  readonly dataset: string;
  /** Buckets that the rows are shuffled into, for threads or a split; 0: flat parts. Decided once, since it decides bytes. */
  readonly buckets: number;
  /** The finished ones, in no order: of a split dataset their values. */
  readonly threads: readonly PackedThreads[];
  readonly batchSize: number;
  readonly batchCeiling: number | null;
  readonly paused: boolean;
  readonly retries: number;
  readonly segments: number;
  readonly peakMemoryBytes: number;
  readonly rejectExamples: readonly RejectExample[];
  readonly startedMs: number;
  readonly searchable: boolean;
  /** Task queue of the worker that keeps the decoder open; a hint. */
  readonly workerQueue: string | null;
  readonly warnings: readonly string[];
  /** How it went so far; absent in states of early runs. */
  readonly run?: RunRecord;
}

export interface ResumePoint {
  /** Index of the next part. */
  readonly part: number;
  /** Decompressed offset of its first line. */
  readonly offset: number;
  /** Lines before it. */
  readonly line: number;
  /** Latest frame start before `offset`: where the decoder enters. */
  readonly frame: { readonly compressed: number; readonly decompressed: number };
}

/** Answer of the `progress` query, merged with the live heartbeat by the client. */
export interface JobProgress {
  readonly jobId: string;
  readonly archive: string;
  readonly dataset: string;
  readonly state:
    'inspecting' | 'running' | 'paused' | 'assembling' | 'publishing' | 'done' | 'failed' | 'cancelled';
  /** 0–100, by compressed offset; of a job that makes threads reading is two thirds, assembling them the rest. */
  readonly completionPercentage: number;
  /** Seconds; null until there is a rate. */
  readonly estimatedTimeRemaining: number | null;
  readonly processedLines: number;
  readonly processedBytes: number;
  readonly compressedBytes: number;
  readonly compressedTotalBytes: number;
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Of all archives of the job, like the figures above. */
  readonly counters: Counters;
  readonly parts: number;
  /** Files of threads that there will be; 0: flat parts. */
  readonly buckets: number;
  readonly bucketsDone: number;
  /** Of a job that writes an archive anew as frames: those that are written. Absent: it makes a dataset. */
  readonly frames?: number;
  /** First bucket of each group that is under way; absent: not known. */
  readonly groups?: readonly number[];
  readonly batchSize: number;
  /** What the job uses beyond the decoder's window and the idle worker: what its limit is about. */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly windowBytes: number;
  readonly retries: number;
  readonly segments: number;
  readonly warnings: readonly string[];
  /** Identity of the worker that is at it, as Temporal knows it; absent: nobody is, or it is not known. */
  readonly worker?: string;
  /** Why the last attempt failed, while the next one is waited for: a full disk, say. Absent: nothing is the matter. */
  readonly trouble?: string;
}

/** Answer of the `stats` query (guide: resource statistics). Rates are per second, sizes bytes unless named. */
export interface ResourceStats {
  /** Share of the job's memory limit in use beyond the window, 0–100 and more. */
  readonly memoryUsagePercentage: number;
  /** Lines per second over the last sample. */
  readonly processingRate: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly peakResidentBytes: number;
  readonly windowBytes: number;
  readonly limitBytes: number;
  readonly cpuPercentage: number;
  readonly eventLoopDelayMs: number;
  readonly batchSize: number;
  /** Mean time of a batch on a mill thread, ms. */
  readonly batchMs: number;
  /** Rejected lines per batch. */
  readonly errorsPerBatch: number;
  readonly blocksInFlight: number;
  readonly warnings: number;
  readonly adjustments: number;
  readonly decoderHeld: boolean;
}

/** What was read of a job's other archives before this one. */
export interface ReadBefore {
  readonly parts: number;
  readonly lines: number;
  /** Decompressed and compressed. */
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** Input of `processSegment`. */
export interface SegmentInput {
  readonly inspection: ArchiveInspection;
  /** As in `JobState`; rows are spilled into so many buckets. */
  readonly buckets: number;
  /** Whether that is to arrange them in threads. Absent: wherever there are buckets. */
  readonly arranged?: boolean;
  readonly before: ReadBefore;
  readonly settings: JobSettings;
  readonly dataset: string;
  readonly next: ResumePoint;
  /** From 0, over the whole job: for the logs. */
  readonly segment: number;
  readonly batchSize: number;
  /** Lines that a person set: adaptive sizing goes no higher. null: nobody did. */
  readonly batchCeiling: number | null;
  /** Upper bound of `created_utc` for records without a retrieval time: the job's first start, seconds. */
  readonly nowSeconds: number;
  /** All is to be made anew, whatever stands in the folder. Absent: no. */
  readonly anew?: boolean;
}

/** What a segment has done so far: its result, the details of its failure, and (as far as it is small) its heartbeat. */
export interface SegmentProgress {
  /** Parts committed since the segment's start. */
  readonly parts: readonly PackedPart[];
  /** Where the next part begins. */
  readonly next: ResumePoint;
  /** What was gone over before it; some may be known already. Absent: nothing. */
  readonly holes?: readonly Hole[];
}

/** What a heartbeat of `processSegment` carries (under `heartbeatBytesMax`). */
export interface SegmentHeartbeat extends SegmentProgress {
  readonly live: LiveFigures;
  readonly stats: ResourceStats | null;
  /** Parts of the job's other archives: the ones here are numbered behind them. Absent: none. */
  readonly partsBefore?: number;
  /** Attempts at this segment that failed by an error which is retried only so often. */
  readonly failures: number;
  /** The attempt that committed last (0: none), and the attempts after it that ended by their own word. */
  readonly since?: number;
  readonly spoken?: number;
  /** Of the attempts at this segment, as in `RunRecord`; the latest ones. */
  readonly resumptions?: readonly number[];
}

export interface SegmentResult extends SegmentProgress {
  /** The archive's end was reached. */
  readonly finished: boolean;
  readonly live: LiveFigures;
  readonly stats: ResourceStats | null;
  /** Task queue of the worker that keeps the decoder open; null where it does not. */
  readonly workerQueue: string | null;
  /** Attempts that were lost before this one. */
  readonly retries: number;
  readonly peakMemoryBytes: number;
  readonly holes: readonly Hole[];
  readonly rejectExamples: readonly RejectExample[];
  readonly warnings: readonly string[];
  /** What this segment saw of itself; absent in results of early versions. */
  readonly run?: RunRecord;
}

/** Result of `inspectArchive`. */
export interface InspectionResult {
  readonly inspection: ArchiveInspection;
  /** The submissions archive to be joined; absent: none. */
  readonly joined?: ArchiveInspection | null;
  /** As in `JobState`; absent: 0. */
  readonly buckets?: number;
  /** The worker's settings with the job's over them, checked. */
  readonly settings: JobSettings;
  readonly dataset: string;
  /** Whether the server knows the typed search attributes: upserting unknown ones fails the workflow task for ever. */
  readonly searchable: boolean;
  readonly nowMs: number;
}

/** An archive that was read to its end. */
export type ReadSource = Pick<SourceState, 'inspection' | 'parts' | 'counters' | 'holes'>;

/** Input of `publishDataset`. */
export interface PublishInput extends ReadSource {
  readonly jobId: string;
  readonly joined: ReadSource | null;
  readonly settings: JobSettings;
  readonly dataset: string;
  readonly buckets: number;
  readonly threads: readonly PackedThreads[];
  /** When the job first began: "now" for records without a retrieval time. */
  readonly startedMs: number;
  readonly run?: RunRecord;
}

/** Result of the clean-up workflow. */
export interface CleanUpResult {
  readonly folders: number;
  /** Files. */
  readonly removed: number;
}

/** Figures of the moment, of all that the job reads. */
export interface LiveFigures {
  readonly processedLines: number;
  readonly processedBytes: number;
  readonly compressedBytes: number;
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly batchSize: number;
  readonly memoryBytes: number;
}

/** Final result of a job. */
export interface JobResult {
  readonly jobId: string;
  readonly success: true;
  readonly archive: string;
  readonly dataset: string;
  readonly metrics: {
    readonly totalProcessedLines: number;
    readonly kept: number;
    readonly excluded: Counters['excluded'];
    readonly rejected: Counters['rejected'];
    readonly blank: number;
    /** null where the rows are not arranged in threads. */
    readonly threads: ThreadCounts | null;
    /** Of a dataset that is split; absent: it is not. */
    readonly values?: number;
    readonly seconds: number;
    readonly linesPerSecond: number;
    readonly peakMemoryMb: number;
    readonly retries: number;
  };
  readonly warnings: readonly string[];
}

export const taskQueueDefault = 'threadmill';
export const workflowTypes = { archive: 'archiveWorkflow', cleanUp: 'cleanUpWorkflow' } as const;
export const queryNames = {
  progress: 'progress',
  stats: 'stats',
  config: 'config',
  rejects: 'rejects',
} as const;
/** Signals and updates share these names; updates validate and answer with what took effect. */
export const commandNames = {
  setBatchSize: 'setBatchSize',
  setMaxMemory: 'setMaxMemory',
  pause: 'pause',
  resume: 'resume',
} as const;
/** Typed search attributes, registered on the embedded server at start. */
export const searchAttributes = {
  ThreadmillKind: 'Keyword',
  ThreadmillSubreddit: 'Keyword',
  ThreadmillState: 'Keyword',
  ThreadmillPercent: 'Double',
} as const;
