/** Folders and what is in them, wherever they are. All throw what `node:fs` throws, or a ThreadmillError of the store. */
import { lstat, mkdir, opendir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { placeIn } from './place.ts';

/** A file in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly bytes: number;
  /** Time of the last write, ms since 1970. */
  readonly modifiedMs: number;
}

/** Makes a folder and those above it; one that is there is made. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
}

/** What a folder's path leads to. @throws ENOENT where there is nothing */
export async function kindOfFolder(folder: string): Promise<'folder' | 'link' | 'other'> {
  const found = await lstat(folder);
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}

/** Whether there is a folder; a link to one is one. Never throws. */
export async function folderExists(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Size of a file, bytes. @throws ENOENT where there is none */
export async function fileBytes(place: string): Promise<number> {
  return (await stat(place)).size;
}

/**
 * Asks for the sizes of several files of one folder in turn. Of a store, the folder is listed once, at the first question: files
 * that appear later are not seen.
 */
export function sizesIn(folder: string): (name: string) => Promise<number> {
  return (name) => fileBytes(placeIn(folder, name));
}

/** Names of the files, and of folders of this machine, that are in a folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder);
}

/** Absolute places of the folders in a folder; none where it can't be read. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
  } catch {
    return []; // nothing there yet
  }
}

/** The files in a folder, the first `max` entries of it, in no order; links are none. */
export async function* filesIn(
  folder: string,
  { max, wanted }: { readonly max: number; readonly wanted: (name: string) => boolean },
): AsyncGenerator<FolderEntry, void> {
  let entries = 0;
  for await (const entry of await opendir(folder)) {
    if (++entries > max) return;
    if (!entry.isFile() || !wanted(entry.name)) continue;
    const found = await stat(placeIn(folder, entry.name)).catch(() => null); // gone since it was listed
    if (found !== null) yield { name: entry.name, bytes: found.size, modifiedMs: found.mtimeMs };
  }
}

/** Removes a file; one that is gone is removed. */
export async function removeFile(place: string): Promise<void> {
  await rm(place, { force: true });
}
