import type { ByteSink } from '../byte-sink.ts';
import { pushDelta } from './delta.ts';

/**
 * Appends the `count` ≥ 1 strings of `plain` (u32 length and bytes each) as DELTA_BYTE_ARRAY: of each only what differs from
 * the one before it. Ids in order take a sixth of their PLAIN bytes, and 40 % of what zstd makes of those.
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md (DELTA_BYTE_ARRAY = 7)
 */
export function pushDeltaStrings(sink: ByteSink, plain: ByteSink, count: number): void {
  const prefixes = new Float64Array(count);
  const suffixes = new Float64Array(count);
  measure(plain.view, prefixes, suffixes);
  pushDelta(sink, prefixes, count);
  pushDelta(sink, suffixes, count);
  let at = 0;
  for (let row = 0; row < count; row++) {
    const suffix = at + 4 + (prefixes[row] as number);
    at = suffix + (suffixes[row] as number);
    sink.push(plain.bytes, suffix, at);
  }
}

/** How many bytes each string shares with the one before it, and how many it has beyond them. */
function measure(plain: DataView, prefixes: Float64Array, suffixes: Float64Array): void {
  let before = 0;
  let beforeSize = 0;
  let at = 0;
  for (let row = 0; row < prefixes.length; row++) {
    const size = plain.getUint32(at, true);
    const start = at + 4;
    const most = Math.min(size, beforeSize);
    let shared = 0;
    while (shared < most && plain.getUint8(start + shared) === plain.getUint8(before + shared)) shared++;
    prefixes[row] = shared;
    suffixes[row] = size - shared;
    before = start;
    beforeSize = size;
    at = start + size;
  }
}
