/** A row of the bench: something to be run over an archive, and what one run of it gave. */
import type { BenchArchive } from './archives.ts';

/** One run. Sizes in bytes, times in seconds; null: not known for this row. */
export interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  /** Resident memory of the largest process at its highest. */
  readonly peakBytes: number | null;
  /** Resident memory of ours without what the decoder's window held, at its highest. */
  readonly beyondWindowBytes?: number;
  /** Written. */
  readonly bytesOut: number | null;
  /** What only this row has, by name: for the other tables. */
  readonly facts?: Readonly<Record<string, number>>;
}

export interface RunContext {
  /** Empty, on the disk of `.bench`; removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly gnuTime: string | null;
}

export interface Row {
  /** Unique; what `--rows` picks by. */
  readonly id: string;
  readonly title: string;
  readonly archive: BenchArchive;
  /** Where it is measured on a smaller archive and its figures are multiplied to `archive`'s size. */
  readonly measuredOn?: BenchArchive;
  /** Too slow for every round. */
  readonly once?: boolean;
  /** Told behind the row. */
  readonly note?: string;
  /** Why it can't be run here; there is then no `run` of it. */
  readonly missing?: string;
  readonly run: (context: RunContext) => Promise<Sample>;
}

/** All runs of a row so far. */
export interface Measured {
  readonly row: Row;
  readonly samples: readonly Sample[];
  /** What ended its last run, if that failed: it is not tried again. */
  readonly error: string | null;
}
