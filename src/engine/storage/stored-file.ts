/** A file that is read at any place, wherever it is. */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isRemote } from '../../core/places.ts';

/** An open file. Close it. */
export interface StoredFile {
  readonly bytes: number;
  /** Time of the last write, whole ms since 1970. */
  readonly modifiedMs: number;
  /** What a store or server gives another with each content of a file; null on a disk, and where it tells nothing. */
  readonly version: string | null;
  /**
   * Reads to the start of `target`, from byte `position` of the file on; gives how many bytes: fewer than there is room for
   * only at the file's end. @throws what `node:fs` throws, or a ThreadmillError of the store
   */
  read(target: Uint8Array, position: number): Promise<number>;
  /** May be called again, and ends reads that are under way. */
  close(): Promise<void>;
}

class LocalFile implements StoredFile {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly version = null;
  private readonly handle: FileHandle;
  private readonly regular: boolean;

  constructor(handle: FileHandle, found: Stats) {
    this.handle = handle;
    this.bytes = found.size;
    this.modifiedMs = Math.trunc(found.mtimeMs);
    this.regular = found.isFile();
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      // there are no places in a pipe; opened as it is, it gives nothing
      const at = this.regular ? position + filled : null;
      const { bytesRead } = await this.handle.read(target, filled, target.length - filled, at);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/**
 * Opens a file to be read, a link to one too. Where a pipe stands in its place that is empty, or with `regular` an error: it
 * would keep us waiting for whoever writes to it.
 *
 * @throws what `node:fs` throws, ENOENT among it
 */
export async function openStored(
  path: string,
  { regular = false }: { readonly regular?: boolean } = {},
): Promise<StoredFile> {
  if (isRemote(path)) return openRemote(path);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const file = await localFile(handle, regular);
  if (file === null) throw new TypeError('it is no file');
  return file;
}

/**
 * Opens a file of ours in a folder into which others may write too; null where something else stands under its name: a link,
 * which is not ours wherever it leads, or a pipe.
 *
 * @throws what `node:fs` throws, ENOENT among it
 */
export async function openOwn(path: string): Promise<StoredFile | null> {
  if (isRemote(path)) return openRemote(path);
  // on Windows the last two are undefined, which counts as 0 here, and there are no such files
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return null;
    throw error;
  });
  return handle === null ? null : localFile(handle, true);
}

async function openRemote(place: string): Promise<StoredFile> {
  const { openRemoteFile } = await import('./remote-file.ts');
  return openRemoteFile(place);
}

/** Null, and closed, where it has to be a regular file and is none. */
async function localFile(handle: FileHandle, regularOnly: boolean): Promise<StoredFile | null> {
  try {
    const found = await handle.stat();
    if (found.isFile() || !regularOnly) return new LocalFile(handle, found);
    await handle.close();
    return null;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All of a small file, as text. */
export async function readText(file: StoredFile): Promise<string> {
  const buffer = Buffer.alloc(file.bytes);
  return buffer.toString('utf8', 0, await file.read(buffer, 0));
}
