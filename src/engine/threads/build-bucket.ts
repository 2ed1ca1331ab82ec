/** A bucket becomes what its job asks for. */
import type { ThreadsEntry, ValuesEntry } from '../../contract/threads.ts';
import { assembleFlatBucket } from '../split/flat-bucket.ts';
import { assembleBucket, assembleSplitBucket, type BucketMemory, type BucketOptions } from './bucket.ts';

/** Its files of threads, or those of its values. */
export type BuiltBucket = ThreadsEntry | ValuesEntry;

/** Builds a bucket: its pair of files, or those of its values. @throws ThreadmillError as `assembleBucket` */
export function buildBucket(
  options: BucketOptions,
  bucket: number,
  memory: BucketMemory,
): Promise<BuiltBucket> {
  const { splitBy, flat = false } = options;
  if (splitBy === undefined) return assembleBucket(options, bucket, memory);
  const split = { ...options, splitBy };
  return flat ? assembleFlatBucket(split, bucket, memory) : assembleSplitBucket(split, bucket, memory);
}
