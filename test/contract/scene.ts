/** Test helper: a job in the middle of its work. */
import type { AssemblyHeartbeat, AssemblyResult } from '../../src/contract/assembly.ts';
import type {
  InspectionResult,
  JobState,
  LiveFigures,
  ResourceStats,
  SegmentHeartbeat,
  SegmentResult,
} from '../../src/contract/job.ts';
import { beginJob } from '../../src/contract/job-state.ts';
import { packPart, type PackedPart, type PartEntry } from '../../src/contract/part.ts';
import { packThreads, zeroThreadCounts, type PackedThreads } from '../../src/contract/threads.ts';
import { zeroCounters } from '../../src/core/fates.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';
import { inspection } from '../engine/dataset/scene.ts';

export const found: InspectionResult = {
  inspection: { ...inspection, compressedBytes: 1000, windowBytes: 2 ** 20 },
  settings: defaultJobSettings(),
  dataset: '/out/RC_2005-12',
  searchable: true,
  nowMs: 1_700_000_000_000,
};

export function jobState(change: Partial<JobState> = {}): JobState {
  return { ...beginJob(found), ...change };
}

/** Part `index` of ten lines in a hundred bytes: eight kept, one rejected, one blank. */
function partEntry(index: number, change: Partial<PartEntry> = {}): PartEntry {
  return {
    index,
    file: `part-0000${index}.parquet`,
    start: index * 100,
    end: index * 100 + 100,
    firstLine: index * 10,
    rows: 8,
    bytes: 77,
    sha256: 'ab'.repeat(32),
    counters: {
      ...zeroCounters,
      lines: 10,
      kept: 8,
      rejected: { ...zeroCounters.rejected, 'malformed-json': 1 },
      blank: 1,
    },
    rejects: { file: `part-0000${index}.rejects.jsonl.zst`, bytes: 5, sha256: 'cd'.repeat(32) },
    ...change,
  };
}

export function packed(...indices: readonly number[]): readonly PackedPart[] {
  return indices.map((index) => packPart(partEntry(index)));
}

/** Where the part after `index` begins. */
export function behind(index: number): JobState['next'] {
  const part = index + 1;
  return { part, offset: part * 100, line: part * 10, frame: { compressed: 0, decompressed: 0 } };
}

export const live: LiveFigures = {
  processedLines: 20,
  processedBytes: 200,
  compressedBytes: 100,
  linesPerSecond: 10,
  bytesPerSecond: 60,
  batchSize: 640,
  memoryBytes: 7_000_000,
};

const stats: ResourceStats = {
  memoryUsagePercentage: 12.5,
  processingRate: 10,
  residentBytes: 612_345_678,
  heapBytes: 52_345_678,
  externalBytes: 112_345_678,
  peakResidentBytes: 712_345_678,
  windowBytes: 134_217_728,
  limitBytes: 512_000_000,
  cpuPercentage: 170,
  eventLoopDelayMs: 1.5,
  batchSize: 640,
  batchMs: 12.34,
  errorsPerBatch: 0.5,
  blocksInFlight: 2,
  warnings: 0,
  adjustments: 1,
  decoderHeld: false,
};

export function heartbeat(change: Partial<SegmentHeartbeat> = {}): SegmentHeartbeat {
  return { parts: packed(0, 1), next: behind(1), live, stats, failures: 0, ...change };
}

export function segmentResult(change: Partial<SegmentResult> = {}): SegmentResult {
  return {
    parts: packed(0, 1),
    next: behind(1),
    finished: false,
    live,
    stats,
    workerQueue: 'threadmill@here',
    retries: 0,
    peakMemoryBytes: 50_000_000,
    holes: [],
    rejectExamples: [],
    warnings: [],
    ...change,
  };
}

/** A comments archive of three buckets, with its submissions, which are half as large. */
export const foundPair: InspectionResult = {
  ...found,
  joined: {
    ...found.inspection,
    path: '/dumps/RS_2005-12.zst',
    name: 'RS_2005-12',
    kind: 'submissions',
    compressedBytes: 500,
    fingerprint: `500-${'cd'.repeat(32)}`,
  },
  buckets: 3,
};

/** A finished bucket: two threads of eleven rows, one of them a tombstone. */
export function bucket(index: number): PackedThreads {
  return packThreads({
    ...zeroThreadCounts,
    index,
    threads: 2,
    rows: 11,
    tombstones: 1,
    maxDepth: index,
    file: '',
    bytes: 70,
    sha256: 'ef'.repeat(32),
    table: { file: '', bytes: 7, sha256: '01'.repeat(32) },
  });
}

export function assemblyBeat(change: Partial<AssemblyHeartbeat> = {}): AssemblyHeartbeat {
  return {
    group: 0,
    built: [bucket(0)],
    figures: { bucketsPerSecond: 0.5, memoryBytes: 9_000_000 },
    stats,
    failures: 0,
    ...change,
  };
}

export function assemblyResult(change: Partial<AssemblyResult> = {}): AssemblyResult {
  const { built, figures } = assemblyBeat();
  return { built, figures, stats, retries: 0, peakMemoryBytes: 40_000_000, ...change };
}
