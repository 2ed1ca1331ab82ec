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

/** What adaptive sizing looks at. */
export interface BatchSituation {
  /** Lines. */
  readonly batchSize: number;
  readonly minBatchSize: number;
  /** Lines: maxBatchSize, or what a person set. */
  readonly ceiling: number;
  /** Memory in use as a share of the limit: 1 is the limit. */
  readonly memoryShare: number;
  /** Mean time of a batch on a mill thread. */
  readonly batchMs: number;
}

/** From here on memory is a warning, batches are halved and fewer blocks are in flight. */
export const memoryWarningShare = 0.8;
/** From here on the decoder is held and batches are as small as they may be. */
export const memoryHoldShare = 0.95;
/** Below this there is room to grow again; the gap to the warning keeps the size from swinging. */
const memoryGrowShare = 0.6;
/** A batch that takes longer makes progress and signals feel dead. */
const batchMsMax = 1000;
/** A batch that takes less is more bookkeeping than work. */
const batchMsGrow = 250;

/** The batch size to go on with, in lines: halved under pressure, a quarter larger where there is room. Pure. */
export function adaptedBatchSize(situation: BatchSituation): number {
  const { batchSize, minBatchSize, ceiling, memoryShare, batchMs } = situation;
  if (memoryShare >= memoryHoldShare) return minBatchSize;
  if (memoryShare >= memoryWarningShare || batchMs > batchMsMax) {
    return Math.max(minBatchSize, Math.floor(batchSize / 2));
  }
  if (memoryShare < memoryGrowShare && batchMs < batchMsGrow) {
    return Math.min(ceiling, Math.ceil(batchSize * 1.25));
  }
  return Math.min(ceiling, batchSize);
}
