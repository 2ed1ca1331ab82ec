/** Whether what came as a job's state is one: it comes by the same door as what a stranger starts by hand. Pure. */
import type { JobState } from './job.ts';
import { bucketsMax } from './threads.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const numbers: Check = (value) => object({})(value) && Object.values(value as object).every(count);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const arrayOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
/** With at least these members: other versions have more. */
const object =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(members).every(([key, check]) => check((value as Readonly<Record<string, unknown>>)[key]));

/** Index, start, end, first line, bytes, SHA-256, counts; what may follow is about rejects. */
const part: Check = (value) =>
  Array.isArray(value) &&
  value.slice(0, 5).every(count) &&
  value.length >= 7 &&
  text(value[5]) &&
  arrayOf(count)(value[6]);

/** Index, counts, bytes, SHA-256; what may follow is about the thread table. */
const bucket: Check = (value) =>
  Array.isArray(value) &&
  count(value[0]) &&
  arrayOf(count)(value[1]) &&
  count(value[2]) &&
  value.length >= 4 &&
  text(value[3]);

const bucketCount: Check = (value) =>
  Number.isInteger(value) && count(value) && (value as number) <= bucketsMax;

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** An archive and how far it was read. */
const source = {
  inspection: object({
    ...{ path: text, name: text, kind: text, container: text, fingerprint: text },
    ...{ compressedBytes: count, windowBytes: count, estimatedBytes: count, memoryBytes: count },
  }),
  parts: arrayOf(part),
  counters: object({ lines: count, kept: count, blank: count, excluded: numbers, rejected: numbers }),
  holes: arrayOf(object({ compressedFrom: count, compressedTo: count, decompressed: count })),
  next: object({
    ...{ part: count, offset: count, line: count },
    frame: object({ compressed: count, decompressed: count }),
  }),
  finishedReading: flag,
  // absent in states of early runs
  compressedBytes: optional(count),
};

const state = object({
  ...source,
  settings: object({
    ...{ format: text, partBytes: count, maxMemoryUsage: count, maxCheckpointsPerJob: count },
    ...{ minBatchSize: count, maxBatchSize: count },
  }),
  dataset: text,
  // absent in states of early runs
  ...{
    joined: optional(orNull(object(source))),
    buckets: optional(bucketCount),
    threads: optional(arrayOf(bucket)),
  },
  run: optional(object({ samples: arrayOf(arrayOf(count)), resumptions: arrayOf(count) })),
  batchSize: count,
  batchCeiling: orNull(count),
  paused: flag,
  ...{ retries: count, segments: count, peakMemoryBytes: count, startedMs: count },
  rejectExamples: arrayOf(object({ line: count, offset: count, reason: text, raw: text })),
  searchable: flag,
  workerQueue: orNull(text),
  warnings: arrayOf(text),
});

/** As far as the workflow uses it without asking again: what it trips over outside of every `catch` fails its task for ever. */
export function isJobState(value: unknown): value is JobState {
  return state(value);
}
