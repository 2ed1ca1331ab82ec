/** What a job that reframes an archive will do: looked at and decided before anything is written. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import type { ReframePlan } from '../../contract/reframe.ts';
import { schemeOf } from '../../core/places.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { lookAtArchive } from '../archive/look.ts';
import { resolvePlace } from '../storage/place.ts';
import { checkFraming, reframedPath, type Framing } from './reframe-id.ts';

export interface PlanRequest extends Framing {
  readonly archive: string;
  readonly out?: string | undefined;
  readonly replace: boolean;
  /** When the job first began, ms; null: now. */
  readonly startedMs: number | null;
  readonly jobId: string;
}

/** Refuses an output that stands there, and for certain the archive itself. */
async function checkOutput(archive: string, output: string, replace: boolean): Promise<void> {
  if (schemeOf(output) !== 'file') {
    throw new ThreadmillError(
      'USAGE',
      `Cannot write frames to ${JSON.stringify(output)}: they are written by place, which only a disk can do; name a file ` +
        'of this machine with --out, and copy it when it is done',
      { facts: { path: output } },
    );
  }
  const there = await stat(output).catch(() => null);
  if (there === null) return;
  const same = (await realpath(output)) === (await realpath(archive));
  if (!same && replace && there.isFile()) return;
  const why = same
    ? 'it is the archive itself; name another with --out'
    : there.isFile()
      ? 'it stands there already; --again replaces it, --out names another'
      : 'it is no file; name one with --out';
  throw new ThreadmillError('USAGE', `Cannot write ${JSON.stringify(output)}: ${why}`, {
    facts: { path: output },
  });
}

/**
 * Checks what was asked for and inspects the archive. A job that goes on finds nothing under the output's name, or what it
 * gave that name itself.
 *
 * @throws {ThreadmillError} USAGE, and what `inspectArchive` throws
 */
export async function planReframe(request: PlanRequest): Promise<Omit<ReframePlan, 'searchable' | 'nowMs'>> {
  const { level, frameBytes } = checkFraming(request);
  const inspection = await lookAtArchive(request.archive);
  const output = request.out === undefined ? reframedPath(request.archive) : resolvePlace(request.out);
  await checkOutput(inspection.path, output, request.replace || request.startedMs !== null);
  const mark = createHash('sha256').update(request.jobId).digest('hex').slice(0, 8);
  return { inspection, output, temporary: `${output}.${mark}.tmp`, level, frameBytes };
}
