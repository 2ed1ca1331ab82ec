/** Messages between the pipeline and a mill thread. Blocks are shared memory: bytes are copied once, by the pipeline. */
import type { MilledStripe } from './stripe-mill.ts';

export type ToMill =
  | { readonly type: 'start'; readonly stripe: number; readonly offset: number }
  | {
      readonly type: 'block';
      readonly slot: number;
      readonly memory: SharedArrayBuffer;
      readonly bytes: number;
    }
  | { readonly type: 'finish' };

export type FromMill =
  | {
      readonly type: 'block-done';
      readonly slot: number;
      readonly lines: number;
      readonly rejects: number;
      readonly batches: number;
      readonly busyMs: number;
    }
  | { readonly type: 'stripe'; readonly stripe: number; readonly milled: MilledStripe };
