import type { Beginning, LineSample } from './beginning.ts';

/** Decompressed bytes, lines, and bytes of a line with its line feed. */
export interface Estimate {
  readonly estimatedBytes: number;
  readonly estimatedLines: number;
  readonly meanLineBytes: number;
}

/** Sizes by the archive's own beginning: exact where that is the whole archive, or the frames declare their content. */
export function estimate(
  compressedBytes: number,
  contentBytes: number | null,
  { bytes, compressedBytes: from, whole }: Beginning,
  { lines, lineBytes }: LineSample,
): Estimate {
  const mean = lines === 0 ? bytes.length : lineBytes / lines;
  const scaled = from === 0 ? bytes.length : (compressedBytes / from) * bytes.length;
  const estimatedBytes = whole ? bytes.length : (contentBytes ?? Math.max(bytes.length, Math.round(scaled)));
  return {
    estimatedBytes,
    estimatedLines: whole ? lines : Math.max(1, Math.round(estimatedBytes / mean)),
    meanLineBytes: Math.round(mean),
  };
}
