import type { ByteSink } from '../byte-sink.ts';

/** A literal run's header stays one byte up to this many groups of 8 (as parquet-java does). */
const literalGroupsMax = 63;

/** Width of the largest of `count` indices 0…count-1; 0 for one index. */
export function indexBits(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/**
 * Appends values [0, end) in the RLE / bit-packing hybrid, without a length before it. `bits` is the width, 0–24.
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md (RLE = 3)
 */
export function pushHybrid(sink: ByteSink, values: Uint8Array | Int32Array, end: number, bits: number): void {
  // narrower values gain less from a run, which costs about 4 bytes with the literal run's new header
  const runMin = bits < 4 ? 32 : 8;
  let at = 0;
  while (at < end) {
    const run = runLength(values, at, end);
    if (run >= runMin || run === end - at) {
      pushRun(sink, run, values[at] as number, bits);
      at += run;
    } else {
      at = pushLiterals(sink, values, at, { end, bits, runMin });
    }
  }
}

function runLength(values: Uint8Array | Int32Array, start: number, end: number): number {
  const value = values[start];
  let at = start + 1;
  while (at < end && values[at] === value) at++;
  return at - start;
}

function pushRun(sink: ByteSink, count: number, value: number, bits: number): void {
  sink.pushVarint(count * 2);
  for (let shift = 0; shift < bits; shift += 8) sink.pushByte((value >>> shift) & 255);
}

interface LiteralOptions {
  readonly end: number;
  readonly bits: number;
  readonly runMin: number;
}

/** Packs groups of 8 up to where a run starts; the last group of all is padded with zeros. Gives the next index. */
function pushLiterals(
  sink: ByteSink,
  values: Uint8Array | Int32Array,
  start: number,
  { end, bits, runMin }: LiteralOptions,
): number {
  sink.ensure(1 + literalGroupsMax * bits);
  const out = sink.bytes;
  const header = sink.length;
  let to = header + 1;
  let at = start;
  let groups = 0;
  do {
    let held = 0;
    let heldBits = 0;
    for (let k = 0; k < 8; k++, at++) {
      if (at < end) held |= (values[at] as number) << heldBits;
      heldBits += bits;
      while (heldBits >= 8) {
        out[to++] = held;
        held >>>= 8;
        heldBits -= 8;
      }
    }
    groups++;
  } while (
    at < end &&
    groups < literalGroupsMax &&
    !startsRun(values, at, Math.min(end, at + runMin), runMin)
  );
  out[header] = groups * 2 + 1;
  sink.length = to;
  return Math.min(at, end);
}

function startsRun(values: Uint8Array | Int32Array, start: number, end: number, runMin: number): boolean {
  return end - start === runMin && runLength(values, start, end) === runMin;
}
