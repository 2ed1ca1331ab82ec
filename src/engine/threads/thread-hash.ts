/**
 * The bucket of a thread, from 0 to `buckets` - 1, by the bytes [start, end) of its `link_id`, or of a value that rows are split by. FNV-1a with a finishing mix,
 * so that neighbouring ids part. Format: a change moves threads to other files.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function bucketOf(source: Uint8Array, start: number, end: number, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (source[at] as number), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % buckets;
}
