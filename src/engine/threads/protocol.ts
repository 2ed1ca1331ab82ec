/** Messages between an assembly and its threads. */
import type { ThreadsEntry } from '../../contract/threads.ts';
import type { ErrorCode, ErrorFacts } from '../../core/errors.ts';
import type { BucketOptions } from './bucket.ts';

export interface ToAssembler {
  readonly bucket: number;
}

export type FromAssembler =
  | { readonly type: 'done'; readonly entry: ThreadsEntry }
  | { readonly type: 'stopped' }
  /** `code`: of a ThreadmillError, which does not survive the way by itself; null for another. */
  | {
      readonly type: 'failed';
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly facts: ErrorFacts;
      readonly stack: string | undefined;
    };

export interface AssemblerData {
  readonly options: Omit<BucketOptions, 'checkStop'>;
  /** One element: 1 where the work is to stop. */
  readonly stop: Int32Array;
}
