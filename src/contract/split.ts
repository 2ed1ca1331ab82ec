/** What is said of a dataset that is split by a value of its rows: what it can be split by, and into what files. Pure. */
import type { OutputFormat } from './job.ts';

/** A column of the rows, or the month in which they were written. */
export const splitKeys = ['subreddit', 'author', 'month'] as const;
export type SplitKey = (typeof splitKeys)[number];

/** Whether rows of one thread have one value: a subreddit they share; authors and months they do not. */
export function keepsThreads(by: SplitKey): boolean {
  return by === 'subreddit';
}

/** Every value with its files, one JSON line each. */
export const valuesName = 'values.jsonl';
/** Where the thread tables of values stand, one file a value, under the names of their rows' files. */
export const tablesFolder = 'thread-tables';

/** Where the rows stand, one file a value. */
export function splitFolder(by: SplitKey): string {
  return `by-${by}`;
}

/** What the names of a value's files end with. */
export function splitExtension(format: OutputFormat): string {
  return format === 'conversations' ? 'jsonl.zst' : format;
}

/** The values of one bucket, until publication joins them to one file. */
export function valuesPiece(bucket: number): string {
  return `values-${String(bucket).padStart(5, '0')}.jsonl`;
}

/** Where a bucket's files are written before they get their places; a suffix for each attempt follows. */
export function splitWorkFolder(bucket: number): string {
  return `split-${String(bucket).padStart(5, '0')}`;
}
