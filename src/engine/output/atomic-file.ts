/** A file that appears whole or not at all, and is known by its digest from the moment on that it does. */
import { createHash } from 'node:crypto';
import { ThreadmillError } from '../../core/errors.ts';
import { createSink, type Durability, type FileDigest, type FileSink } from '../storage/file-sink.ts';

export type { FileDigest };

/** Writes one file in order; nothing is seen under its name before `commit()`. */
export class AtomicFile {
  readonly path: string;
  private readonly sink: FileSink;
  private readonly hash = createHash('sha256');
  private written = 0;

  private constructor(path: string, sink: FileSink) {
    this.path = path;
    this.sink = sink;
  }

  /** @throws ThreadmillError OUTPUT_DENIED, DISK_FULL */
  static async create(path: string, durability: Durability = 'at once'): Promise<AtomicFile> {
    const sink = await createSink(path, durability).catch((error: unknown) => {
      throw outputError(path, error);
    });
    return new AtomicFile(path, sink);
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
    await this.sink.write(bytes).catch((error: unknown) => {
      throw outputError(this.path, error);
    });
    this.written += bytes.length;
  }

  /** Makes the file appear. One with the very same content that stands there stays as it is (see `FileSink`). */
  async commit(): Promise<FileDigest> {
    const { digest } = this;
    try {
      await this.sink.commit(digest);
    } catch (error) {
      await this.abort();
      throw outputError(this.path, error);
    }
    return digest;
  }

  /** Removes what was written. Safe to call at any time. */
  async abort(): Promise<void> {
    await this.sink.abort();
  }
}

/** What a probe of the room on a disk writes: the least that is worth going on for. */
const probeBytes = 1024 * 1024;

/**
 * Passes where there is room to begin the file `path`: to be asked before long work that would end at a full disk. Writes a MiB
 * that nobody sees and removes it.
 *
 * @throws {ThreadmillError} DISK_FULL, OUTPUT_DENIED, OUTPUT_FAILED
 */
export async function checkRoom(path: string): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    await file.write(Buffer.alloc(probeBytes));
  } finally {
    await file.abort();
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
