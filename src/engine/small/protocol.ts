/** Messages between a pool of small archives and its threads, each of which makes one at a time. */
import type { PackedError } from '../pipeline/thread-error.ts';
import type { SmallArchive, SmallArchiveResult } from './small-archive.ts';

export interface SmallThreadData {
  readonly confine: string | null;
}

export type ToSmall =
  | { readonly type: 'make'; readonly archive: SmallArchive }
  /** The archive at hand is to be given up. */
  | { readonly type: 'stop' }
  /** `error`: nobody could say. */
  | { readonly type: 'running'; readonly running: boolean; readonly error: PackedError | null };

export type FromSmall =
  | { readonly type: 'made'; readonly result: SmallArchiveResult }
  | { readonly type: 'failed'; readonly error: PackedError }
  | { readonly type: 'stopped' }
  /** Whether another job is still open, whose claim stands in the folder; answered by `running`. */
  | { readonly type: 'is-running'; readonly jobId: string };
