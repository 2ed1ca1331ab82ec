/**
 * Folders and what is in them, wherever they are: a folder of a store is what its objects' keys begin with. All throw what `node:fs`
 * throws (ENOENT of a store too), or a ThreadmillError of the store.
 */
import { lstat, mkdir, opendir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { schemeOf } from '../../core/places.ts';
import { placeIn } from './place.ts';

/** A file in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly bytes: number;
  /** Time of the last write, ms since 1970. */
  readonly modifiedMs: number;
}

function isStore(place: string): boolean {
  return schemeOf(place) === 's3';
}

function store(): Promise<typeof import('./s3-folder.ts')> {
  return import('./s3-folder.ts');
}

/** Makes a folder and those above it; one that is there is made. */
export async function makeFolder(folder: string): Promise<void> {
  if (!isStore(folder)) await mkdir(folder, { recursive: true });
}

/** What a folder's path leads to. @throws ENOENT where there is nothing */
export async function kindOfFolder(folder: string): Promise<'folder' | 'link' | 'other'> {
  if (isStore(folder)) return 'folder';
  const found = await lstat(folder);
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}

/** Whether there is a folder; a link to one is one. */
export async function folderExists(folder: string): Promise<boolean> {
  if (isStore(folder)) return (await store()).s3FolderExists(folder);
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Size of a file, bytes. @throws ENOENT where there is none */
export async function fileBytes(place: string): Promise<number> {
  return isStore(place) ? (await store()).s3Bytes(place) : (await stat(place)).size;
}

/**
 * Asks for the sizes of several files of one folder in turn. Of a store, the folder is listed once, at the first question: files
 * that appear later are not seen.
 */
export function sizesIn(folder: string): (name: string) => Promise<number> {
  if (isStore(folder)) {
    const listed = store().then(({ s3SizesIn }) => s3SizesIn(folder));
    return async (name) => (await listed)(name);
  }
  return (name) => fileBytes(placeIn(folder, name));
}

/** Names of the files, and of folders of this machine, that are in a folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  if (isStore(folder)) {
    const names: string[] = [];
    for await (const { name } of (await store()).s3FilesIn(folder)) names.push(name);
    return names;
  }
  return readdir(folder);
}

/** Absolute places of the folders in a folder; none where it can't be read. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    if (isStore(folder)) return await (await store()).s3FoldersIn(folder);
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
  if (isStore(folder)) {
    for await (const entry of (await store()).s3FilesIn(folder)) {
      if (++entries > max) return;
      if (wanted(entry.name)) yield entry;
    }
    return;
  }
  for await (const entry of await opendir(folder)) {
    if (++entries > max) return;
    if (!entry.isFile() || !wanted(entry.name)) continue;
    const found = await stat(placeIn(folder, entry.name)).catch(() => null); // gone since it was listed
    if (found !== null) yield { name: entry.name, bytes: found.size, modifiedMs: found.mtimeMs };
  }
}

/** Removes a file; one that is gone is removed. */
export async function removeFile(place: string): Promise<void> {
  await (isStore(place) ? (await store()).s3Remove(place) : rm(place, { force: true }));
}

/**
 * Ends what killed attempts left of files that were never whole and that have no names: uploads to a store, of files that are
 * `wanted`, begun before `beforeMs` (since 1970). Gives the names that they would have had. On a disk they have names (see
 * `temporarySuffix`).
 */
export async function abandonUploads(
  folder: string,
  options: { readonly beforeMs: number; readonly wanted: (name: string) => boolean },
): Promise<readonly string[]> {
  return isStore(folder) ? (await store()).s3AbandonUploads(folder, options) : [];
}
