/** Messages between the pipeline and a mill thread. Blocks are shared memory: the decoder has written them, and nobody copies them. */
import type { MilledStripe, MillOptions } from './stripe-mill.ts';

export type ToMill =
  | { readonly type: 'start'; readonly offset: number }
  | {
      readonly type: 'block';
      readonly slot: number;
      readonly memory: SharedArrayBuffer;
      /** Bytes [start, end) of it. */
      readonly start: number;
      readonly end: number;
    }
  /** `dropTail`: a last line without a line feed was cut off by damage, and is no line. */
  | { readonly type: 'finish'; readonly dropTail: boolean };

export type FromMill =
  | {
      readonly type: 'block-done';
      readonly slot: number;
      readonly lines: number;
      readonly rejects: number;
      /** Batches completed in this block, and the thread's time for it. */
      readonly batches: number;
      readonly busyMs: number;
    }
  | { readonly type: 'stripe'; readonly milled: MilledStripe };

export interface MillThreadData {
  readonly options: MillOptions;
  /** One element: lines of a batch. Written by the pipeline at any time. */
  readonly batchLines: Int32Array;
}
