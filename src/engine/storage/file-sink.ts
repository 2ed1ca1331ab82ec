/** Where a new file's bytes go until it appears whole under its name. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Every temporary file ends like this: clean-up finds what a killed attempt left by it. */
export const temporarySuffix = '.tmp';

/** What a committed file holds. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Its methods throw what the disk or the store says. */
export interface FileSink {
  /** Appends; the bytes are free again when it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the file appear, durably, over what may stand there. A file with the very same content stays as it is: an attempt
   * that was killed between its commit and its word about it is repeated, and whoever reads the file or copies by time of
   * change must not notice.
   */
  commit(digest: FileDigest): Promise<void>;
  /** Leaves nothing behind, as far as it can: never throws. May be called at any time, and again. */
  abort(): Promise<void>;
}

/** Temporary name in the same folder, fsync, rename, fsync of the folder. A random name keeps two attempts at one file apart. */
class LocalSink implements FileSink {
  private readonly path: string;
  private readonly temporary: string;
  private readonly handle: FileHandle;

  constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.temporary = temporary;
    this.handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += (await this.handle.write(bytes, at)).bytesWritten;
  }

  async commit(digest: FileDigest): Promise<void> {
    if (await standsThere(this.path, digest)) {
      await this.handle.close();
      await rm(this.temporary);
    } else {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
    }
    await syncFolder(dirname(this.path));
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined); // it may be closed already
    await rm(this.temporary, { force: true }).catch(() => undefined); // clean-up finds it by its suffix
  }
}

/** A sink for a file that is to appear at `path`. @throws what `node:fs` throws, or a ThreadmillError of the store */
export async function createSink(path: string): Promise<FileSink> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}${temporarySuffix}`;
  return new LocalSink(path, temporary, await open(temporary, 'wx'));
}

/** Whether a file holds just this; a link to one that does is replaced, since its target is not ours. Reads it only where the size is the same; one MiB in memory. */
async function standsThere(path: string, { bytes, sha256 }: FileDigest): Promise<boolean> {
  const found = await lstat(path).catch(() => null); // what can't be looked at is replaced
  if (found?.isFile() !== true || found.size !== bytes) return false;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
      hash.update(chunk as Buffer);
  } catch {
    return false;
  }
  return hash.digest('hex') === sha256;
}

/** Makes a rename in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
