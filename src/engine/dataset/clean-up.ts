/** Removes what killed attempts and jobs that are gone left in a dataset's folder, and only what is old. */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ThreadmillError } from '../../core/errors.ts';
import { outputError } from '../output/atomic-file.ts';
import { abandonUploads, fileBytes, filesIn, foldersIn, removeFile } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { findManifest } from './manifest.ts';
import { claimName, isOurs, isWork, roleOf, type DatasetFileRole } from './names.ts';

/** A dataset has at most 6,000 parts with a piece each; a larger folder is somebody else's, and its rest waits. */
const entriesMax = 100_000;

export interface CleanUpOptions {
  /** Milliseconds since the last write. A live attempt writes every few seconds, so an hour is safe. */
  readonly olderThanMs: number;
  /** The moment that ages are counted to, milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * How long spill files are kept after the last write to the folder, ms: a job that ended early can be resumed with them.
   * null: a job is at work here.
   */
  readonly spillsOlderThanMs: number | null;
}

/** A file that was removed; of an upload that was ended it is not known how much had come. */
export interface RemovedFile {
  readonly file: string;
  readonly bytes: number;
}

/** A file of ours, as it was found. */
interface FoundFile extends RemovedFile {
  readonly role: DatasetFileRole;
  readonly ageMs: number;
}

/**
 * Removes a piece of rejects that was written after its job had published the dataset: what it holds stands in the joined
 * rejects. Where the folder is claimed, by whomever, or unpublished, nothing is touched.
 */
export async function removeStrayPiece(folder: string, jobId: string, file: string): Promise<void> {
  if ((await publishedBy(folder)) !== jobId) return;
  const path = placeIn(folder, file);
  await removeFile(path).catch((error: unknown) => {
    throw outputError(path, error);
  });
}

/** The job whose finished dataset stands in a folder that nobody is writing; else null. */
async function publishedBy(folder: string): Promise<string | null> {
  const claimed = await fileBytes(placeIn(folder, claimName)).catch(() => null);
  if (claimed !== null) return null;
  const manifest = await findManifest(folder).catch((error: unknown) => {
    if (error instanceof ThreadmillError) return null; // a broken one says nothing
    throw error;
  });
  return manifest?.jobId ?? null;
}

/**
 * Removes the temporary files of one dataset folder (not of folders in it), and folders in which values were written, whose last write is older than `olderThanMs`, and
 * such pieces of rejects where a finished dataset stands; its spill files where nothing of ours was written for
 * `spillsOlderThanMs`; never anything else. Looks at 100,000 names at most. Idempotent; a folder that is gone is clean.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED where the folder can't be read or a file not be removed
 */
export async function cleanDataset(
  folder: string,
  { olderThanMs, nowMs, spillsOlderThanMs }: CleanUpOptions,
): Promise<readonly RemovedFile[]> {
  const removed: RemovedFile[] = [];
  try {
    const published = (await publishedBy(folder)) !== null;
    const files = await ourFiles(folder, nowMs);
    const quietMs = Math.min(...files.map(({ ageMs }) => ageMs));
    const spillsGo = spillsOlderThanMs !== null && quietMs > spillsOlderThanMs;
    for (const { file, bytes, role, ageMs } of files) {
      const leftOver = role === 'temporary' || (role === 'piece' && published);
      if (!(leftOver ? ageMs > olderThanMs : role === 'spill' && spillsGo)) continue;
      // a folder: what an attempt at values left
      if (isWork(file)) await rm(placeIn(folder, file), { force: true, recursive: true });
      else await removeFile(placeIn(folder, file));
      removed.push({ file, bytes });
    }
    const beforeMs = nowMs - olderThanMs;
    for (const file of await abandonUploads(folder, { beforeMs, wanted: isOurs }))
      removed.push({ file, bytes: 0 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return removed;
    throw outputError(folder, error);
  }
  return removed.sort((a, b) => (a.file < b.file ? -1 : 1));
}

async function ourFiles(folder: string, nowMs: number): Promise<readonly FoundFile[]> {
  const files: FoundFile[] = [];
  for await (const { name, bytes, modifiedMs } of filesIn(folder, { max: entriesMax, wanted: isOurs })) {
    const role = roleOf(name);
    if (role !== null) files.push({ file: name, bytes, role, ageMs: nowMs - modifiedMs });
  }
  for (const path of await foldersIn(folder)) {
    const name = basename(path);
    if (!isWork(name)) continue;
    const found = await sizeOfWork(path).catch(() => null); // committed or removed since it was listed
    if (found === null) continue;
    files.push({ file: name, bytes: found.size, role: 'temporary', ageMs: nowMs - found.mtimeMs });
  }
  return files;
}

/** A folder in which an attempt at values wrote: its bytes, and the last write to anything in it. */
async function sizeOfWork(folder: string): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  let { mtimeMs } = await stat(folder);
  let size = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const found = await stat(join(entry.parentPath, entry.name));
    mtimeMs = Math.max(mtimeMs, found.mtimeMs);
    if (entry.isFile()) size += found.size;
  }
  return { size, mtimeMs };
}
