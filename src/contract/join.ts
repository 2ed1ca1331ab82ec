/** Which two archives can be joined: the same words for whoever starts a job and for the worker that judges. */
import { ThreadmillError } from '../core/errors.ts';
import type { ArchiveInspection } from './job.ts';
import { keepsThreads, type SplitKey } from './split.ts';

type Inspected = Pick<ArchiveInspection, 'path' | 'kind'>;

/** A submission can only head a thread where there are threads. */
function joinWithoutThreads(): ThreadmillError {
  return new ThreadmillError(
    'SETTINGS_INVALID',
    'Cannot join archives with PUSHSHIFT_PRESERVE_THREADS (preserveThreads) "false": a submission is joined as the head ' +
      'of its thread; leave out --no-preserve-threads, or process the two archives without --join',
  );
}

/** What the settings say against joining archives; null: nothing. */
export function joinProblem({
  preserveThreads,
  splitBy,
}: {
  readonly preserveThreads: boolean;
  readonly splitBy?: SplitKey | null;
}): ThreadmillError | null {
  if (!preserveThreads) return joinWithoutThreads();
  if (splitBy === undefined || splitBy === null || keepsThreads(splitBy)) return null;
  return new ThreadmillError(
    'SETTINGS_INVALID',
    `Cannot join archives with THREADMILL_SPLIT_BY (splitBy) "${splitBy}": that cuts threads, and a submission is joined as the ` +
      'head of its thread; split by subreddit, or process the two archives without --join',
  );
}

/** Why two archives, given as comments and submissions, are no pair. */
export function pairProblem([first, second]: readonly [Inspected, Inspected]): string {
  const said =
    first.kind === second.kind
      ? `both ${JSON.stringify(first.path)} and ${JSON.stringify(second.path)} hold ${first.kind}`
      : `${JSON.stringify(first.path)} holds ${first.kind}, and ${JSON.stringify(second.path)} holds ${second.kind}: ` +
        'give the comments as the archive and the submissions as what is joined to them';
  return `Cannot join archives: a comments archive and its submissions archive are needed, but ${said}`;
}

/** The two in their order, whatever order they were given in; null where they are no pair. */
export function pairOf<T extends Inspected>([first, second]: readonly [T, T]): readonly [T, T] | null {
  if (first.kind === second.kind) return null;
  return first.kind === 'comments' ? [first, second] : [second, first];
}
