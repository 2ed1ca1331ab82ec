/** Where a job's batch size starts. It is the unit of memory and of progress, and never decides a byte of the output. */

export interface BatchBounds {
  /** Lines. */
  readonly minBatchSize: number;
  /** Lines. */
  readonly maxBatchSize: number;
}

const megabyte = 1_000_000;
/** From here on the guide's medium size holds. */
const mediumFromBytes = 50 * megabyte;
/** Above this the guide's small batches hold. */
const largeAboveBytes = 500 * megabyte;

/** The batch size nearest to `lines` inside the bounds. */
export function clampBatchSize(lines: number, bounds: BatchBounds): number {
  return Math.min(Math.max(lines, bounds.minBatchSize), bounds.maxBatchSize);
}

/**
 * The base batch size in lines for an archive of `bytes` on disk: under 50 MB 5000, 50–500 MB 1000, above 500 MB 500,
 * clamped to the bounds where they are given.
 *
 * @see operation-guide.md, "Batch Size Optimization"
 */
export function baseBatchSizeFor(bytes: number, bounds?: BatchBounds): number {
  const lines = bytes < mediumFromBytes ? 5000 : bytes <= largeAboveBytes ? 1000 : 500;
  return bounds === undefined ? lines : clampBatchSize(lines, bounds);
}
