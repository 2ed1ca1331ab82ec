/** Between who waits for bytes and the thread that reads them. */
import type { ErrorCode, ErrorFacts } from '../../core/errors.ts';

/** Of `control`: what became of the last request, and a number that goes with it. */
export const stateAt = 0;
export const countAt = 1;
/** States. */
export const waiting = 0;
export const done = 1;
export const failed = 2;

export type ToReader =
  /** Answered by `OpenedText` in `data`. One of these for each source, before all others. */
  | {
      readonly type: 'open';
      readonly source: number;
      readonly place: string;
      readonly control: SharedArrayBuffer;
      readonly data: SharedArrayBuffer;
    }
  /** Answered by bytes in `data`: as many as there is room for, or fewer at the end. */
  | { readonly type: 'read'; readonly source: number; readonly position: number }
  | { readonly type: 'close'; readonly source: number };

/** JSON. */
export interface OpenedText {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** JSON. An error does not survive its way to another thread. */
export interface FailedText {
  /** Of a ThreadmillError; null for another. */
  readonly known: ErrorCode | null;
  /** As of Node: ENOENT. */
  readonly code: string | null;
  readonly message: string;
  readonly facts: ErrorFacts;
}
