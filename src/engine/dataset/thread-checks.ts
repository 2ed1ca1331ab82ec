/** Whether files of threads make a whole: each bucket once, rows that add up to the lines that were kept. Pure. */
import {
  addThreadCounts,
  threadCountNames,
  zeroThreadCounts,
  type ThreadCounts,
  type ThreadsEntry,
} from '../../contract/threads.ts';

/** Whose rows they are. */
export interface ThreadsOf {
  readonly total: ThreadCounts;
  /** Lines kept of all archives of the dataset. */
  readonly kept: number;
  /** How many files there have to be; null: as many as there are. */
  readonly buckets: number | null;
}

/** What is wrong with the files of threads of a dataset, by their counts, one sentence each. `entries`: in order. */
export function threadProblems(
  entries: readonly (ThreadCounts & Pick<ThreadsEntry, 'index' | 'file'>)[],
  { total, kept, buckets }: ThreadsOf,
): readonly string[] {
  const problems: string[] = [];
  for (const [at, { index, file, rows, tombstones, threads, orphans }] of entries.entries()) {
    if (index !== at) problems.push(`file ${at} of threads is missing: "${file}" stands in its place`);
    if (tombstones > rows) problems.push(`"${file}" has ${tombstones} tombstones among ${rows} rows`);
    if (threads > rows) problems.push(`"${file}" has ${threads} threads, but ${rows} rows`);
    if (orphans > rows) problems.push(`"${file}" has ${orphans} orphans among ${rows} rows`);
  }
  if (buckets !== null && entries.length !== buckets) {
    problems.push(`there are ${entries.length} files of threads, but there must be ${buckets}`);
  }
  const sum = entries.reduce<ThreadCounts>(addThreadCounts, zeroThreadCounts);
  for (const name of threadCountNames) {
    if (sum[name] !== total[name]) {
      problems.push(`the files of threads add up to ${sum[name]} ${name}, the dataset says ${total[name]}`);
    }
  }
  const { rows, duplicates, tombstones } = total;
  if (rows !== kept - duplicates + tombstones) {
    problems.push(
      `${kept} kept lines - ${duplicates} duplicates + ${tombstones} tombstones are not ${rows} rows`,
    );
  }
  return problems;
}
