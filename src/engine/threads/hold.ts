/** What was fetched for a bucket and is read in a moment: in memory, or where it is too much in a file that nobody sees. */
import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A usual bucket's compressed rows are a third of it. */
const memoryBytesMax = 64 * 1024 * 1024;

/** Gives `length` bytes from `offset` on. */
export type HeldBytes = (offset: number, length: number) => Buffer;

export function inMemory(bytes: Uint8Array): HeldBytes {
  return (offset, length) => Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
}

export class Hold {
  private memoryBytes = 0;
  private fileBytes = 0;
  private file: number | null = null;

  /** @throws what `node:fs` throws, where the folder for temporary files is full */
  keep(bytes: Uint8Array): HeldBytes {
    if (this.memoryBytes + bytes.length <= memoryBytesMax) {
      this.memoryBytes += bytes.length;
      return inMemory(bytes);
    }
    this.file ??= openUnseen();
    const { file } = this;
    const start = this.fileBytes;
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, start + at);
    this.fileBytes += bytes.length;
    return (offset, length) => {
      const buffer = Buffer.allocUnsafe(length);
      let at = 0;
      while (at < length) {
        const count = readSync(file, buffer, at, length - at, start + offset + at);
        if (count === 0) throw new RangeError('A file of held bytes is shorter than what was written to it');
        at += count;
      }
      return buffer;
    };
  }

  /** Gives up all that it holds. */
  empty(): void {
    this.memoryBytes = this.fileBytes = 0;
    if (this.file !== null) ftruncateSync(this.file, 0);
  }

  close(): void {
    this.empty();
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }
}

/** It goes with the process, however that ends. */
function openUnseen(): number {
  const path = join(tmpdir(), `threadmill-${randomUUID()}.tmp`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}
