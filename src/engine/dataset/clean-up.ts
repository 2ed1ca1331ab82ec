/** Removes what killed attempts left in a dataset's folder: temporary files, and only old ones. */
import { opendir, rm, stat } from 'node:fs/promises';
import { ThreadmillError } from '../../core/errors.ts';
import { join } from 'node:path';
import { outputError } from '../output/atomic-file.ts';
import { findManifest } from './manifest.ts';
import { claimName, roleOf } from './names.ts';

/** A dataset has at most 6,000 parts with a piece each; a larger folder is somebody else's, and its rest waits. */
const entriesMax = 100_000;

export interface CleanUpOptions {
  /** Milliseconds since the last write. A live attempt writes every few seconds, so an hour is safe. */
  readonly olderThanMs: number;
  /** The moment that ages are counted to, milliseconds since 1970. */
  readonly nowMs: number;
}

/** A file that was removed. */
export interface RemovedFile {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Removes a piece of rejects that was written after its job had published the dataset: what it holds stands in the joined
 * rejects. Where the folder is claimed, by whomever, or unpublished, nothing is touched.
 */
export async function removeStrayPiece(folder: string, jobId: string, file: string): Promise<void> {
  if ((await publishedBy(folder)) !== jobId) return;
  const path = join(folder, file);
  await rm(path, { force: true }).catch((error: unknown) => {
    throw outputError(path, error);
  });
}

/** The job whose finished dataset stands in a folder that nobody is writing; else null. */
async function publishedBy(folder: string): Promise<string | null> {
  const claimed = await stat(join(folder, claimName)).catch(() => null);
  if (claimed !== null) return null;
  const manifest = await findManifest(folder).catch((error: unknown) => {
    if (error instanceof ThreadmillError) return null; // a broken one says nothing
    throw error;
  });
  return manifest?.jobId ?? null;
}

/**
 * Removes the temporary files of one dataset folder (not of folders in it) whose last write is older than `olderThanMs`,
 * and such pieces of rejects where a finished dataset stands; never anything else. Looks at 100,000 names at most. Idempotent; a folder that is gone is clean.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED where the folder can't be read or a file not be removed
 */
export async function cleanDataset(
  folder: string,
  { olderThanMs, nowMs }: CleanUpOptions,
): Promise<readonly RemovedFile[]> {
  const removed: RemovedFile[] = [];
  try {
    const published = (await publishedBy(folder)) !== null;
    let entries = 0;
    for await (const entry of await opendir(folder)) {
      if (++entries > entriesMax) break;
      const role = roleOf(entry.name);
      if (!entry.isFile() || !(role === 'temporary' || (role === 'piece' && published))) continue;
      const path = join(folder, entry.name);
      const found = await stat(path).catch(() => null); // committed or removed since it was listed
      if (found === null || nowMs - found.mtimeMs <= olderThanMs) continue;
      await rm(path, { force: true });
      removed.push({ file: entry.name, bytes: found.size });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return removed;
    throw outputError(folder, error);
  }
  return removed.sort((a, b) => (a.file < b.file ? -1 : 1));
}
