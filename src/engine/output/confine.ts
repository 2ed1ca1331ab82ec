/** Keeps what is written inside the folder that was named for it. */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isRemote } from '../../core/places.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { kindOfFolder } from '../storage/folder.ts';
import { resolvePlace } from '../storage/place.ts';
import { outputError } from './atomic-file.ts';

/**
 * Refuses a dataset's folder that is a symbolic link, or no folder: whoever may write to the output folder could lead a job
 * to another place by it. The output folder itself, and what stands above it, may be links: those are the user's own.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED
 */
export async function checkOwnFolder(folder: string): Promise<void> {
  const found = await kindOfFolder(folder).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  if (found === 'folder') return;
  const what = found === 'link' ? 'it is a symbolic link, which leads elsewhere' : 'it is no folder';
  throw new ThreadmillError(
    'OUTPUT_DENIED',
    `Cannot write dataset ${JSON.stringify(folder)}: ${what}; remove it, or name the place that you mean with --out`,
    { facts: { path: folder } },
  );
}

/** The real path of what exists of it, and the rest as it is written. */
async function realPlace(path: string): Promise<string> {
  let existing = resolve(path);
  let rest = '';
  for (;;) {
    try {
      return join(await realpath(existing), rest);
    } catch (error) {
      const parent = dirname(existing);
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === existing)
        throw outputError(path, error);
      rest = join(relative(parent, existing), rest);
      existing = parent;
    }
  }
}

/** Whether a path lies below a folder, symbolic links followed as far as there is something. */
async function isBelow(path: string, folder: string): Promise<boolean> {
  // a store has no links, and its keys no way up
  if (isRemote(path) || isRemote(folder)) return resolvePlace(path).startsWith(`${resolvePlace(folder)}/`);
  const way = relative(await realPlace(folder), await realPlace(path));
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Refuses a dataset outside of the folder to which a worker is confined.
 *
 * @param confine absolute; null: it writes wherever a job says
 * @throws {ThreadmillError} OUTPUT_DENIED
 */
export async function checkConfined(dataset: string, confine: string | null): Promise<void> {
  if (confine === null || (await isBelow(dataset, confine))) return;
  throw new ThreadmillError(
    'OUTPUT_DENIED',
    `Cannot write dataset ${JSON.stringify(dataset)}: this worker writes only below ${JSON.stringify(confine)} ` +
      '(THREADMILL_CONFINE_OUT); give the job an --out below it, or a worker of its own',
    { facts: { path: dataset } },
  );
}
