/** What a run is given, checked: it may come from anybody. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { ArchiveJobInput, InspectionResult, JobState } from '../contract/job.ts';
import { isJobState } from '../contract/state-check.ts';

/** Anything may come through `temporal workflow start`; what is no job must fail at once and not be retried. */
export function checkInput(input: unknown): asserts input is ArchiveJobInput {
  const { archive, submissions, out, state } = (
    typeof input === 'object' && input !== null ? input : {}
  ) as Record<string, unknown>;
  if (typeof archive !== 'string' || archive === '') {
    throw ApplicationFailure.nonRetryable(
      'The input must be an object with "archive", the path of an archive, e.g. {"archive": "/data/RC_2015-01.zst"}',
      'USAGE',
    );
  }
  if (submissions !== undefined && (typeof submissions !== 'string' || submissions === '')) {
    throw ApplicationFailure.nonRetryable(
      '"submissions" must be the path of the submissions archive that belongs to "archive"',
      'USAGE',
    );
  }
  if (out !== undefined && typeof out !== 'string') {
    throw ApplicationFailure.nonRetryable('"out" must be the path of a folder', 'USAGE');
  }
  if (state !== undefined && !isJobState(state)) {
    throw ApplicationFailure.nonRetryable(
      '"state" is what one run of a job leaves to the next, and this is none; leave it out',
      'USAGE',
    );
  }
}

/** A job that goes on must find the archive that it began with. */
export function checkSame(state: JobState, { inspection, joined = null }: InspectionResult): void {
  for (const [known, found] of [
    [state.inspection, inspection],
    [state.joined?.inspection ?? null, joined],
  ] as const) {
    if (known?.fingerprint === found?.fingerprint) continue;
    throw ApplicationFailure.nonRetryable(
      `Cannot go on with archive "${(found ?? known)?.path ?? ''}": it is not the file that the job began with; put the ` +
        'first one back, or start a new job',
      'ARCHIVE_CHANGED',
    );
  }
}
