/** A job that writes an archive anew as independent frames: what crosses a process, and how its memory grows. Pure. */
import { zeroCounters } from '../core/fates.ts';
import type { ArchiveInspection, JobProgress, SegmentHeartbeat } from './job.ts';
import { completionPercentage, secondsToGo } from './progress.ts';

export const reframeWorkflowType = 'reframeWorkflow';

/** Format: of the frames that reframe writes by default; see docs/frames.md for what was measured. */
export const frameMibDefault = 32;
export const frameMibMax = 256;
export const levelDefault = 10;
/** Above it zstd asks for memory that a worker's limit does not foresee. */
export const levelMax = 19;

/** Input of `reframeWorkflow`: `{"archive":"…"}` is enough. */
export interface ReframeInput {
  readonly archive: string;
  /** Default: `<archive>.frames.zst` beside it. */
  readonly out?: string;
  /** zstd's, 1–19. Default 10. */
  readonly level?: number;
  /** Decompressed MiB of a frame, 1–256. Default 32. */
  readonly frameMib?: number;
  /** Replace a file that stands there. */
  readonly replace?: boolean;
  /** Carried by continue-as-new and by resumeJob; never given by a user. */
  readonly state?: ReframeState;
}

/** What is decided once: result of `openReframe`. */
export interface ReframePlan {
  readonly inspection: ArchiveInspection;
  /** Absolute. */
  readonly output: string;
  /** Beside it, until all is written and compared. */
  readonly temporary: string;
  readonly level: number;
  readonly frameBytes: number;
  readonly searchable: boolean;
  readonly nowMs: number;
}

/** What is durable of the output. */
export interface ReframeCursor {
  readonly frames: number;
  /** Bytes of the archive's text in them. */
  readonly decompressed: number;
  /** Their own bytes. */
  readonly compressed: number;
  /** The zstd that made them: another one begins anew, because its bytes may be others. */
  readonly zstd: string;
}

export const nothingWritten: ReframeCursor = { frames: 0, decompressed: 0, compressed: 0, zstd: '' };

/** Figures of the moment. */
export interface ReframeFigures {
  /** How far the archive is read, bytes. */
  readonly compressedBytes: number;
  readonly decompressedBytes: number;
  readonly bytesPerSecond: number;
  /** Resident memory beyond the decoder's window, bytes. */
  readonly memoryBytes: number;
}

/** Input of `writeFrames`. */
export interface WriteFramesInput {
  readonly inspection: ArchiveInspection;
  readonly output: string;
  readonly temporary: string;
  readonly level: number;
  readonly frameBytes: number;
  readonly cursor: ReframeCursor;
}

/** What a heartbeat of `writeFrames` carries. */
export interface ReframeHeartbeat
  extends Pick<SegmentHeartbeat, 'failures' | 'since' | 'spoken'>, ReframeProgress {
  readonly figures: ReframeFigures;
}

/** What an attempt has done: its result, the details of its failure, and its heartbeat. */
export interface ReframeProgress {
  readonly cursor: ReframeCursor;
}

export interface WriteFramesResult extends ReframeProgress {
  readonly figures: ReframeFigures;
  /** Of the archive's whole text, in hex; null: it was asked to stop before its end. */
  readonly contentSha256: string | null;
  readonly retries: number;
}

/** Input of `finishReframe`. */
export interface FinishReframeInput extends WriteFramesInput {
  readonly contentSha256: string;
}

/** Result of `finishReframe`. */
export interface FinishedReframe {
  readonly frames: number;
  /** Of the file, with its seek table. */
  readonly bytes: number;
  readonly sha256: string;
}

/** The workflow's memory between runs. */
export interface ReframeState {
  readonly plan: ReframePlan;
  readonly cursor: ReframeCursor;
  readonly contentSha256: string | null;
  readonly paused: boolean;
  readonly retries: number;
}

/** Final result of a job. */
export interface ReframeResult {
  readonly jobId: string;
  readonly success: true;
  readonly archive: string;
  readonly output: string;
  readonly frames: number;
  readonly level: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentBytes: number;
  /** Of the text: that of the archive, and that of the output read back. */
  readonly contentSha256: string;
  readonly seconds: number;
  readonly retries: number;
}

/** A job after its inspection; one that goes on keeps what it had written. */
export function beginReframe(plan: ReframePlan, old: ReframeState | null): ReframeState {
  if (old !== null) return { ...old, plan, paused: false };
  return { plan, cursor: nothingWritten, contentSha256: null, paused: false, retries: 0 };
}

/** A job after an attempt that ended, or what a lost one had made durable. */
export function absorbFrames(
  state: ReframeState,
  { cursor, contentSha256 = null, retries = 0 }: ReframeProgress & Partial<WriteFramesResult>,
): ReframeState {
  // a lost attempt may be behind one that came after it, unless that one began anew
  const behind = cursor.zstd === state.cursor.zstd && cursor.compressed < state.cursor.compressed;
  return {
    ...state,
    cursor: behind ? state.cursor : cursor,
    contentSha256: contentSha256 ?? state.contentSha256,
    retries: state.retries + retries,
  };
}

/** Whether what came out of a failure's details or a heartbeat is such progress. */
export function isReframeProgress(value: unknown): value is ReframeProgress {
  if (typeof value !== 'object' || value === null || !('cursor' in value)) return false;
  const { cursor } = value;
  return typeof cursor === 'object' && cursor !== null && 'frames' in cursor && 'zstd' in cursor;
}

export interface ReframeView {
  readonly jobId: string;
  readonly phase: JobProgress['state'];
  readonly archive: string;
  readonly state: ReframeState | null;
  readonly figures: ReframeFigures | null;
}

/** As of any job; `dataset` is the output, `parts` its frames. */
export function reframeProgress({ jobId, phase, archive, state, figures }: ReframeView): JobProgress {
  const inspection = state?.plan.inspection;
  const total = inspection?.compressedBytes ?? 0;
  const done = phase === 'done';
  const live = { ...nothingSeen, ...figures };
  const all = done || phase === 'publishing';
  const compressedBytes = all ? total : live.compressedBytes;
  return {
    jobId,
    archive: inspection?.path ?? archive,
    dataset: state?.plan.output ?? '',
    state: phase,
    completionPercentage: done ? 100 : completionPercentage(compressedBytes, total),
    estimatedTimeRemaining: done ? 0 : figures === null ? null : secondsToGo({ ...noLines, ...live }, total),
    processedLines: 0,
    processedBytes: Math.max(live.decompressedBytes, state?.cursor.decompressed ?? 0),
    compressedBytes,
    compressedTotalBytes: total,
    linesPerSecond: 0,
    bytesPerSecond: all ? 0 : live.bytesPerSecond,
    counters: zeroCounters,
    parts: state?.cursor.frames ?? 0,
    frames: state?.cursor.frames ?? 0,
    buckets: 0,
    bucketsDone: 0,
    batchSize: 0,
    memoryBytes: live.memoryBytes,
    memoryLimitBytes: 0,
    windowBytes: inspection?.windowBytes ?? 0,
    retries: state?.retries ?? 0,
    segments: 0,
    warnings: [],
  };
}

const nothingSeen = { compressedBytes: 0, decompressedBytes: 0, bytesPerSecond: 0, memoryBytes: 0 };
const noLines = { processedLines: 0, processedBytes: 0, linesPerSecond: 0, batchSize: 0 };

/** The workflow's progress with the newest heartbeat of the running attempt laid over it. */
export function withReframeHeartbeat(
  progress: JobProgress,
  { cursor, figures }: ReframeHeartbeat,
  lostAttempts: number,
): JobProgress {
  const total = progress.compressedTotalBytes;
  const { compressedBytes, bytesPerSecond, memoryBytes, decompressedBytes: processedBytes } = figures;
  const frames = Math.max(progress.parts, cursor.frames);
  return {
    ...progress,
    completionPercentage: completionPercentage(compressedBytes, total),
    estimatedTimeRemaining: secondsToGo({ ...noLines, ...figures, processedBytes }, total),
    ...{ compressedBytes, processedBytes, bytesPerSecond, memoryBytes, frames, parts: frames },
    retries: progress.retries + lostAttempts,
  };
}

/** A plan as a stranger may write it. */
interface DeepPartial {
  readonly inspection?: { readonly fingerprint?: unknown };
}

/** Whether what came as a job's state is one, as far as the workflow uses it without asking again. */
export function isReframeState(value: unknown): value is ReframeState {
  if (!isReframeProgress(value)) return false;
  const { plan } = value as Partial<ReframeState>;
  return typeof (plan as DeepPartial | undefined)?.inspection?.fingerprint === 'string';
}
