/** What the commands need of the rest of threadmill; loaded only when used, and replaced by fakes in tests. */
import type {
  ArchiveInspection,
  JobProgress,
  JobResult,
  JobSettings,
  ResourceStats,
} from '../contract/job.ts';
import type { ReframeResult } from '../contract/reframe.ts';
import type { Counters } from '../core/fates.ts';
import type { Sources } from '../engine/corpus/find-archives.ts';
import type { CorpusVerification, VerifyCorpusOptions } from '../engine/corpus/verify-corpus.ts';
import type { RejectedLine } from '../engine/dataset/rejects.ts';
import type { DatasetVerification } from '../engine/dataset/verify.ts';
import type { PeekRequest } from '../engine/peek/peek-archive.ts';
import type { CorpusClient } from '../library/corpus-client.ts';
import type { JobSummary } from '../library/job-summary.ts';
import type { ReframeOptions, StartedReframe } from '../library/reframe-jobs.ts';
import type { StartedJob, StartOptions, WaitOptions } from '../library/client-types.ts';
import type { ReportOptions, WrittenReport } from '../report/write-report.ts';
import type { SettingsValues } from '../settings.ts';
import type { WorkerHandle } from '../worker.ts';

export type { ReportOptions, WrittenReport };
export type {
  CorpusVerification,
  DatasetVerification,
  JobSummary,
  PeekRequest,
  RejectedLine,
  StartedJob,
  WaitOptions,
  WorkerHandle,
};

/** Of whatever job an id names. */
export type AnyResult = JobResult | ReframeResult;

/** The part of the library's client that the commands use. */
export interface Threadmill {
  readonly uiUrl: string | null;
  readonly namespace: string;
  /** Handed to `startWorker` as it is. */
  readonly server?: unknown;
  startJob(path: string, overrides?: Partial<JobSettings>, options?: StartOptions): Promise<StartedJob>;
  startReframe(path: string, options?: ReframeOptions): Promise<StartedReframe>;
  waitForJob(jobId: string, options?: WaitOptions): Promise<AnyResult>;
  listJobs(): Promise<readonly JobSummary[]>;
  /**
   * One job as the server knows it: strongly consistent, and answered without any worker.
   *
   * @throws {ThreadmillError} JOB_NOT_FOUND
   */
  describeJob(jobId: string): Promise<JobSummary>;
  getJobProgress(jobId: string): Promise<JobProgress>;
  getCurrentStats(jobId: string): Promise<ResourceStats>;
  getResult(jobId: string): Promise<AnyResult>;
  /** Goes on with a closed job from its last committed part and waits for its end; `onProgress` is of the new run. */
  resumeJob(jobId: string, options?: WaitOptions): Promise<AnyResult>;
  pauseJob(jobId: string): Promise<void>;
  unpauseJob(jobId: string): Promise<void>;
  cancelJob(jobId: string): Promise<void>;
  setBatchSize(jobId: string, lines: number): Promise<number>;
  setMaxMemory(jobId: string, mb: number): Promise<number>;
  readonly corpora: Corpora;
  close(): Promise<void>;
}

/** The part of the library's client for corpora that the commands use. */
export type Corpora = Pick<CorpusClient, 'start' | 'waitFor' | 'getProgress' | 'restart' | 'setConcurrency'>;

/** The embedded server, held by this process. */
export interface ServerHandle {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  /** false: it ran already, for another process, and is shared. */
  readonly owned: boolean;
  readonly logFile: string;
  /** Never resolves; rejects when the server is gone for good. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
}

export interface Ports {
  connectThreadmill(options: {
    readonly values: SettingsValues;
    readonly onProgress?: (message: string) => void;
  }): Promise<Threadmill>;
  startWorker(options: {
    readonly values: SettingsValues;
    readonly server: unknown;
    readonly failuresAreTold: boolean;
    /** Where its log goes, line by line, instead of to standard error. */
    readonly logTo?: ((line: string) => void) | undefined;
  }): Promise<WorkerHandle>;
  startServer(options: {
    readonly values: SettingsValues;
    readonly onProgress?: (message: string) => void;
  }): Promise<ServerHandle>;
  inspectArchive(path: string, options?: { readonly salvage: boolean }): Promise<ArchiveInspection>;
  /**
   * Sees that the selection and the columns fit an archive of this kind, and that files of names can be read.
   *
   * @throws {ThreadmillError} SETTINGS_INVALID
   */
  checkSelection(values: SettingsValues, kind: ArchiveInspection['kind'], joined: boolean): Promise<void>;
  peekArchive(path: string, request: PeekRequest): Promise<Counters>;
  verifyDataset(folder: string): Promise<DatasetVerification>;
  isCorpus(folder: string): Promise<boolean>;
  verifyCorpus(folder: string, options: VerifyCorpusOptions): Promise<CorpusVerification>;
  /** What names mean several archives: folders and patterns. */
  meansMany(source: string): Promise<boolean>;
  /** The archives that sources mean, absolute. @throws {ThreadmillError} where a folder or a pattern holds none */
  findArchives(sources: Sources): Promise<readonly string[]>;
  /** What comes from standard input, to its end. */
  readInput(): Promise<string>;
  readRejects(folder: string): AsyncIterable<RejectedLine>;
  writeReport(dataset: string, options: ReportOptions): Promise<WrittenReport>;
  /** Shows a file with the program that the desktop has for it; does not wait for it. */
  openFile(file: string): Promise<void>;
}
