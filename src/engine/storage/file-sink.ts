/** Where a new file's bytes go until it appears whole under its name. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { placeIn } from './place.ts';
import { schemeOf } from '../../core/places.ts';

/** Every temporary file ends like this: clean-up finds what a killed attempt left by it. */
export const temporarySuffix = '.tmp';

/** What a committed file holds. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** When a file is made durable: as it appears, or `later`, with others by {@link flushFiles}, before anybody is told of them. */
export type Durability = 'at once' | 'later';

/** Its methods throw what the disk or the store says. */
export interface FileSink {
  /** Appends; the bytes are free again when it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the file appear over what may stand there. A file with the very same content stays as it is: an attempt
   * that was killed between its commit and its word about it is repeated, and whoever reads the file or copies by time of
   * change must not notice.
   */
  commit(digest: FileDigest): Promise<void>;
  /** Leaves nothing behind, as far as it can: never throws. May be called at any time, and again. */
  abort(): Promise<void>;
}

/**
 * Temporary name in the same folder, fsync, rename, fsync of the folder; `later`: without the two. A random name keeps two
 * attempts at one file apart.
 */
class LocalSink implements FileSink {
  private readonly path: string;
  private readonly temporary: string;
  private readonly handle: FileHandle;
  private readonly durability: Durability;

  constructor(path: string, temporary: string, handle: FileHandle, durability: Durability) {
    this.path = path;
    this.temporary = temporary;
    this.handle = handle;
    this.durability = durability;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += (await this.handle.write(bytes, at)).bytesWritten;
  }

  async commit(digest: FileDigest): Promise<void> {
    const atOnce = this.durability === 'at once';
    if (await standsThere(this.path, digest)) {
      await this.handle.close();
      await rm(this.temporary);
    } else {
      if (atOnce) await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
    }
    if (atOnce) await syncFolder(dirname(this.path));
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined); // it may be closed already
    await rm(this.temporary, { force: true }).catch(() => undefined); // clean-up finds it by its suffix
  }
}

/** A sink for a file that is to appear at `path`. @throws what `node:fs` throws, or a ThreadmillError of the store */
export async function createSink(path: string, durability: Durability = 'at once'): Promise<FileSink> {
  if (schemeOf(path) === 's3') return new (await import('./s3-sink.ts')).S3Sink(path);
  const temporary = `${path}.${randomUUID().slice(0, 8)}${temporarySuffix}`;
  return new LocalSink(path, temporary, await open(temporary, 'wx'), durability);
}

/** Makes files of one folder durable that appeared without it, all at a time. @throws as `createSink` */
export async function flushFiles(folder: string, names: readonly string[]): Promise<void> {
  if (schemeOf(folder) === 's3') return; // what a store has answered for is durable
  await Promise.all(names.map((name) => syncPath(placeIn(folder, name))));
  await syncFolder(folder);
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
export function syncFolder(folder: string): Promise<void> {
  return syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
