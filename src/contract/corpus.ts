/** What crosses a process about a corpus: many archives under one configuration, as one job. Plain JSON only. */
import type { ErrorCode } from '../core/errors.ts';
import type { Counters } from '../core/fates.ts';
import type { ArchiveKind } from '../core/columns.ts';
import type { JobSettings } from './job.ts';

/** Input of `corpusWorkflow`: `{"archives": ["/data/reddit"]}` is enough. */
export interface CorpusJobInput {
  /** Files, folders (all archives below them), and patterns like `/data/RC_*.zst`. */
  readonly archives?: readonly string[];
  /** A file with more of them, one a line. */
  readonly list?: string;
  /** Folder for the datasets; default: the worker's. */
  readonly out?: string;
  readonly settings?: Partial<JobSettings>;
  /** Comments and submissions archives of one name are one job. */
  readonly join?: boolean;
  /** Make everything anew, whatever stands in the folder. */
  readonly replace?: boolean;
  /** Large archives at a time, and batches of small ones; default {@link concurrencyDefault}. */
  readonly concurrency?: number;
  /** Carried by continue-as-new; never given by a user. */
  readonly state?: CorpusState;
}

/** A line of the corpus's list. */
export interface ListedArchive {
  /** Its place in the list, from 0: largest first. */
  readonly index: number;
  /** Absolute. */
  readonly archive: string;
  /** The submissions archive that is joined to it. */
  readonly submissions?: string;
  /** Of its dataset. */
  readonly name: string;
  /** As far as the name tells. */
  readonly kind: ArchiveKind | null;
  /** On disk; of both where two are joined. */
  readonly bytes: number;
  /** It can't be processed, and why. */
  readonly problem?: CorpusError;
}

/** Why an archive has no dataset; the message ends in the way out. */
export interface CorpusError {
  readonly code: ErrorCode | 'BUG';
  readonly message: string;
}

/** An archive of a corpus that failed. */
export interface CorpusFailure extends CorpusError {
  readonly archive: string;
}

/** Small archives that one activity takes: indexes [from, to), and where their lines of the list are (bytes). */
export interface SmallBatch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly length: number;
}

/** Where an archive's line of the list is, for one that is a job of its own. */
export interface ListedPlace extends Pick<SmallBatch, 'offset' | 'length'> {
  readonly index: number;
}

/** What became of archives, added up. */
export interface CorpusTally {
  /** With a finished dataset. */
  readonly done: number;
  /** Of those, what stood there before this corpus was begun. */
  readonly standing: number;
  readonly failed: number;
  /** Compressed, of all that are done or failed. */
  readonly bytes: number;
  /** Compressed, of what stood there and of failures: nothing was worked for it. */
  readonly idleBytes: number;
  readonly counters: Counters;
  readonly retries: number;
}

/** Result of `listCorpus`. */
export interface CorpusListing {
  /** Absolute. */
  readonly out: string;
  /** The corpus's own, in `out`. */
  readonly folder: string;
  readonly settings: JobSettings;
  /** Datasets that there will be, and compressed bytes of their archives. */
  readonly archives: number;
  readonly bytes: number;
  /** The first so many of the list are jobs of their own. */
  readonly large: number;
  /** Bytes of their lines in the list. */
  readonly largeLength: number;
  readonly batches: readonly SmallBatch[];
  readonly searchable: boolean;
  readonly nowMs: number;
}

/** A corpus's memory between runs: ranges and counters; names stay in the list. */
export interface CorpusState extends Omit<CorpusListing, 'nowMs'> {
  /** Index of the next large archive. */
  readonly nextLarge: number;
  /** Archives that looked small and hold too much for that. */
  readonly grown: readonly ListedPlace[];
  readonly tally: CorpusTally;
  /** The first ones. */
  readonly failures: readonly CorpusFailure[];
  readonly concurrency: number;
  readonly paused: boolean;
  readonly startedMs: number;
  /** For the rate: time in ms, and compressed bytes worked off by then. The first one is the beginning. */
  readonly pace: readonly (readonly [ms: number, bytes: number])[];
}

/** A large archive that is under way, as a job of its own. */
export interface CorpusJob {
  readonly jobId: string;
  readonly archive: string;
  /** Compressed. */
  readonly bytes: number;
}

/** Answer of the corpus's `progress` query, merged with heartbeats by the client. */
export interface CorpusProgress {
  readonly jobId: string;
  readonly out: string;
  readonly state: 'listing' | 'running' | 'paused' | 'publishing' | 'done' | 'failed' | 'cancelled';
  /** Datasets that there will be; 0: not known yet. */
  readonly archives: number;
  readonly done: number;
  readonly standing: number;
  readonly failed: number;
  /** Compressed. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** 0–100, by compressed bytes. */
  readonly completionPercentage: number;
  /** Seconds; null until there is a rate. */
  readonly estimatedTimeRemaining: number | null;
  /** Compressed, lately. */
  readonly bytesPerSecond: number;
  readonly counters: Counters;
  readonly retries: number;
  readonly concurrency: number;
  /** Large archives under way. */
  readonly jobs: readonly CorpusJob[];
  /** First archive of each batch under way. */
  readonly batches: readonly number[];
  /** The first failures. */
  readonly failures: readonly CorpusFailure[];
  readonly pace: CorpusState['pace'];
  /** What keeps it from getting further. Absent: nothing is the matter. */
  readonly trouble?: string;
}

/** Final result of a corpus. Archives that failed make it no success, and do not keep the others from their datasets. */
export interface CorpusResult {
  readonly jobId: string;
  readonly success: boolean;
  readonly out: string;
  /** Absolute: `corpus.json`, and the file with a line for each archive. */
  readonly manifest: string;
  readonly ledger: string;
  readonly archives: number;
  readonly done: number;
  readonly standing: number;
  readonly failed: number;
  readonly metrics: {
    readonly totalProcessedLines: number;
    readonly kept: number;
    readonly excluded: Counters['excluded'];
    readonly rejected: Counters['rejected'];
    readonly blank: number;
    /** Compressed input. */
    readonly bytes: number;
    readonly seconds: number;
    readonly archivesPerSecond: number;
    readonly retries: number;
  };
  /** The first ones; all of them are in the ledger. */
  readonly failures: readonly CorpusFailure[];
}

/** What every activity of a corpus is told. */
export interface CorpusWhere {
  readonly out: string;
  readonly folder: string;
  readonly settings: JobSettings;
  readonly replace: boolean;
  /** When the corpus was begun. */
  readonly startedMs: number;
}

/** Input of `processSmallArchives`. */
export interface SmallBatchInput extends CorpusWhere {
  readonly batch: SmallBatch;
}

export interface SmallBatchResult {
  /** Archives [from, to) are through; what follows is to be done by another call. */
  readonly to: number;
  readonly tally: CorpusTally;
  readonly failures: readonly CorpusFailure[];
  /** Indexes of those that are too large after all: they are not in the tally. */
  readonly grown: readonly number[];
}

/** What a heartbeat of `processSmallArchives` carries. */
export interface SmallBatchHeartbeat {
  readonly from: number;
  readonly tally: CorpusTally;
  /** Archives under way, with the attempts that died over each before this one. */
  readonly doing: readonly (readonly [index: number, deaths: number])[];
  readonly failures: number;
}

/** Input of `prepareArchive`: one that is a job of its own, by its place in the list. */
export interface PrepareInput extends CorpusWhere {
  readonly place: ListedPlace;
}

/** `ended`: nothing is to be done. `running`: somebody else has started the very job. */
export type PreparedArchive =
  | ({ readonly step: 'ended' } & RecordedArchive)
  | ({ readonly step: 'running' | 'start'; readonly dataset: string } & CorpusJob & {
        readonly submissions?: string;
      });

/** Input of `recordArchive`: how a large archive's job has ended; `error` null: well. */
export interface RecordInput extends PrepareInput {
  readonly jobId: string;
  readonly error: CorpusError | null;
  /** Attempts of the job that were lost. */
  readonly retries: number;
}

export interface RecordedArchive {
  readonly tally: CorpusTally;
  readonly failure: CorpusFailure | null;
}

/** Input of `publishCorpus`. */
export interface PublishCorpusInput extends CorpusWhere {
  readonly archives: number;
}

/** `corpusWorkflow`, beside {@link workflowTypes}. */
export const corpusWorkflowType = 'corpusWorkflow';
/** Signals and updates of a corpus beside those of a job. */
export const corpusCommandNames = { setConcurrency: 'setConcurrency' } as const;
export const concurrencyDefault = 4;
export const concurrencyMax = 500;

/** Of a batch: some seconds of work, and what a lost heartbeat leaves to be looked through again. */
export const batchArchivesMax = 250;
/** Compressed bytes of a batch. */
export const batchBytesMax = 32 * 1024 * 1024;
/** What a workflow remembers of failures, and a result tells; the ledger has all. */
export const failuresShownMax = 20;
