/** Messages between an assembly and its threads. */
import type { PackedError } from '../pipeline/thread-error.ts';
import type { BucketOptions } from './bucket.ts';
import type { BuiltBucket } from './build-bucket.ts';

export interface ToAssembler {
  readonly bucket: number;
}

export type FromAssembler =
  | { readonly type: 'done'; readonly entry: BuiltBucket }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly error: PackedError };

export interface AssemblerData {
  readonly options: Omit<BucketOptions, 'checkStop'>;
  /** One element: 1 where the work is to stop. */
  readonly stop: Int32Array;
}
