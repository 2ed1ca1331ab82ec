/** A file that appears whole or not at all: temporary name in the same folder, fsync, rename, fsync of the folder. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ThreadmillError } from '../../core/errors.ts';

/** Every temporary file ends like this: clean-up finds what a killed attempt left by it. */
export const temporarySuffix = '.tmp';

/** What a committed file holds. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes one file in order; nothing is seen under its name before `commit()`. */
export class AtomicFile {
  readonly path: string;
  private readonly temporary: string;
  private readonly handle: FileHandle;
  private readonly hash = createHash('sha256');
  private written = 0;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.temporary = temporary;
    this.handle = handle;
  }

  /** @throws ThreadmillError OUTPUT_DENIED, DISK_FULL. A random name keeps two attempts at one file apart. */
  static async create(path: string): Promise<AtomicFile> {
    const temporary = `${path}.${randomUUID().slice(0, 8)}${temporarySuffix}`;
    const handle = await open(temporary, 'wx').catch((error: unknown) => {
      throw outputError(path, error);
    });
    return new AtomicFile(path, temporary, handle);
  }

  /** Bytes written so far: the offset of the next ones. */
  get bytes(): number {
    return this.written;
  }

  /** What has been written so far, and what `commit()` will give if nothing follows. */
  get digest(): FileDigest {
    return { bytes: this.written, sha256: this.hash.copy().digest('hex') };
  }

  /** SHA-256, in hex, of what has been written with `more` behind it. */
  digestWith(more: Uint8Array): string {
    return this.hash.copy().update(more).digest('hex');
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.hash.update(bytes);
    let at = 0;
    while (at < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, at).catch((error: unknown) => {
        throw outputError(this.path, error);
      });
      at += bytesWritten;
    }
    this.written += bytes.length;
  }

  /**
   * Flushes, renames over what may stand there, and makes the rename durable. A file with the very same content stays as it
   * is: an attempt that was killed between its commit and its word about it is repeated, and whoever reads the file or
   * copies by time of change must not notice.
   */
  async commit(): Promise<FileDigest> {
    const { digest } = this;
    try {
      if (await standsThere(this.path, digest)) {
        await this.handle.close();
        await rm(this.temporary);
      } else {
        await this.handle.sync();
        await this.handle.close();
        await rename(this.temporary, this.path);
      }
      await syncFolder(dirname(this.path));
    } catch (error) {
      await this.abort();
      throw outputError(this.path, error);
    }
    return digest;
  }

  /** Removes the temporary file. Safe to call at any time. */
  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined); // it may be closed already
    await rm(this.temporary, { force: true }).catch(() => undefined); // clean-up finds it by its suffix
  }
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

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the disk says by itself: a network file system that is away, files that ran out. It may pass. */
const passing: ReadonlySet<string | undefined> = new Set([
  'EIO',
  'ESTALE',
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'EBUSY',
  'ETIMEDOUT',
  'ENOMEM',
]);

/** The typed error of a failed write: what is retried is decided by its code. */
export function outputError(path: string, cause: unknown): ThreadmillError {
  if (cause instanceof ThreadmillError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const name = JSON.stringify(path);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ThreadmillError(
      'DISK_FULL',
      `Cannot write ${name}: no space left on its disk; make room, the job goes on by itself`,
      {
        facts: { path },
        cause,
      },
    );
  }
  if (passing.has(code)) {
    return new ThreadmillError(
      'OUTPUT_FAILED',
      `Cannot write ${name}: ${message}; check the disk, then run again: it goes on`,
      {
        facts: { path },
        cause,
      },
    );
  }
  return new ThreadmillError(
    'OUTPUT_DENIED',
    `Cannot write ${name}: ${message}; check the folder and its permissions`,
    {
      facts: { path },
      cause,
    },
  );
}
