/** `--join`: two archives of the command line as one job. */
import { joinProblem, pairOf, pairProblem } from '../contract/join.ts';
import type { ArchiveInspection } from '../contract/job.ts';
import { ThreadmillError } from '../core/errors.ts';
import type { CommandContext } from './context.ts';

/** Shared by `run` and `start`. */
export const joinFlag = {
  flags: '--join',
  help: 'a comments archive and its submissions archive, in either order, as one job: submissions head their threads',
};

/** What one job is made from. */
export interface JobArchives {
  readonly archive: string;
  /** null: nothing is joined. */
  readonly submissions: string | null;
}

/** Whether `--join` is given. @throws {ThreadmillError} USAGE where it does not fit the number of archives; SETTINGS_INVALID without threads */
export function wantsJoin({ options, settings }: CommandContext, given: readonly string[]): boolean {
  if (options['join'] !== true) return false;
  if (given.length !== 2) {
    const found = given.length === 1 ? 'one was' : `${given.length} were`;
    throw new ThreadmillError(
      'USAGE',
      `--join takes two archives, the comments and their submissions, but ${found} given; run it for one pair at a time`,
    );
  }
  const problem = joinProblem(settings.values);
  if (problem !== null) throw problem;
  return true;
}

/** Jobs for archives that can be read: one each, or one for both. @throws {ThreadmillError} USAGE where two are no pair */
export function jobsOf(found: readonly ArchiveInspection[], join: boolean): readonly JobArchives[] {
  const [first, second] = found;
  if (!join || first === undefined || second === undefined)
    return found.map(({ path }) => ({ archive: path, submissions: null }));
  const pair = pairOf([first, second]);
  if (pair === null) throw new ThreadmillError('USAGE', pairProblem([first, second]));
  const [comments, submissions] = pair;
  return [{ archive: comments.path, submissions: submissions.path }];
}
