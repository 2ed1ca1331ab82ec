/** What is said of a dataset that can't be published. */
import { ThreadmillError } from '../../core/errors.ts';

/** A file that can't be read; what is wrong with a write passes as it is. */
export function missing(folder: string, file: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof ThreadmillError || typeof code !== 'string' || code === 'ABORT_ERR') return cause;
  return unpublishable(
    folder,
    `"${file}" ${code === 'ENOENT' ? 'is gone' : `can't be read: ${code}`}`,
    cause,
  );
}

/** A dataset whose files are not what the job wrote. */
export function unpublishable(folder: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot publish dataset ${JSON.stringify(folder)}: ${why}; make it anew with --again`,
    { facts: { path: folder }, cause },
  );
}
