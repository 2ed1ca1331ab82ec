import type { ByteSink } from '../byte-sink.ts';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;
const twoTo32 = 2 ** 32;

/** Values within ± this bound keep every intermediate result exact in a double (zigzag of a difference: 2^52). */
const deltaValueMax = 2 ** 50;

/** Whether DELTA_BINARY_PACKED can be computed in doubles for values [0, count). */
export function fitsDelta(values: Float64Array, count: number): boolean {
  for (let at = 0; at < count; at++) {
    if (Math.abs(values[at] as number) > deltaValueMax) return false;
  }
  return true;
}

function pushZigzag(sink: ByteSink, value: number): void {
  sink.pushVarint(value >= 0 ? value * 2 : -value * 2 - 1);
}

/** Bits of a whole number from 0 to 2^53. */
function widthOf(value: number): number {
  return value < twoTo32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / twoTo32));
}

/**
 * Appends whole numbers [0, count), count ≥ 1 and each within `deltaValueMax`, as DELTA_BINARY_PACKED of INT64.
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md (DELTA_BINARY_PACKED = 5)
 */
export function pushDelta(sink: ByteSink, values: Float64Array, count: number): void {
  sink.pushVarint(blockValues);
  sink.pushVarint(miniblocks);
  sink.pushVarint(count);
  pushZigzag(sink, values[0] as number);
  const deltas = new Float64Array(blockValues);
  for (let start = 1; start < count; start += blockValues) {
    const inBlock = Math.min(blockValues, count - start);
    let min = Infinity;
    for (let k = 0; k < inBlock; k++) {
      const delta = (values[start + k] as number) - (values[start + k - 1] as number);
      deltas[k] = delta;
      if (delta < min) min = delta;
    }
    pushBlock(sink, deltas, inBlock, min);
  }
}

function pushBlock(sink: ByteSink, deltas: Float64Array, count: number, min: number): void {
  pushZigzag(sink, min);
  const widths = sink.length;
  sink.pushU32(0);
  for (let mini = 0; mini * miniblockValues < count; mini++) {
    const start = mini * miniblockValues;
    const end = Math.min(start + miniblockValues, count);
    let max = 0;
    for (let at = start; at < end; at++) {
      const above = (deltas[at] as number) - min;
      deltas[at] = above;
      if (above > max) max = above;
    }
    // the last miniblock is padded to its full length
    deltas.fill(0, end, start + miniblockValues);
    const bits = widthOf(max);
    sink.bytes[widths + mini] = bits;
    packMiniblock(sink, deltas, start, bits);
  }
}

/** Packs 32 values of `bits` bits, least significant first: always whole bytes. */
function packMiniblock(sink: ByteSink, values: Float64Array, start: number, bits: number): void {
  sink.ensure((miniblockValues * bits) / 8);
  const out = sink.bytes;
  let to = sink.length;
  let held = 0;
  let heldBits = 0;
  for (let at = start; at < start + miniblockValues; at++) {
    const value = values[at] as number;
    let rest = value >>> 0;
    let restBits = Math.min(bits, 32);
    let high = bits > 32 ? Math.floor(value / twoTo32) : 0;
    let highBits = bits - restBits;
    while (restBits > 0) {
      const taken = Math.min(8 - heldBits, restBits);
      held |= (rest & ((1 << taken) - 1)) << heldBits;
      heldBits += taken;
      rest >>>= taken;
      restBits -= taken;
      if (heldBits === 8) {
        out[to++] = held;
        held = 0;
        heldBits = 0;
      }
      if (restBits === 0) {
        rest = high;
        restBits = highBits;
        high = 0;
        highBits = 0;
      }
    }
  }
  sink.length = to;
}
