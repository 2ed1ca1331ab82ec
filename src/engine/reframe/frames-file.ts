/** The output under its temporary name: written by place, durable before anybody is told of it. */
import { constants } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { outputError } from '../output/atomic-file.ts';
import { syncFolder } from '../storage/file-sink.ts';

/**
 * Two attempts may be at work on it at once, one of them thought dead. Each writes a byte where it belongs and never
 * shortens the file before its end, so the late one writes what stands there already.
 */
export class FramesFile {
  private readonly path: string;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /** Opens it, or makes it. A link under its name is not ours, wherever it leads. @throws ThreadmillError OUTPUT_DENIED, DISK_FULL, as every method here */
  static async open(path: string): Promise<FramesFile> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const handle = await open(path, flags, 0o666).catch((error: unknown) => {
      throw outputError(path, error);
    });
    return new FramesFile(path, handle);
  }

  /** Bytes. */
  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async write(bytes: Uint8Array, place: number): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, place + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw outputError(this.path, error);
    }
  }

  async read(place: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, place);
    return buffer.subarray(0, bytesRead);
  }

  /** What is written is on the disk. */
  async sync(): Promise<void> {
    await this.handle.datasync().catch((error: unknown) => {
      throw outputError(this.path, error);
    });
  }

  /** Cuts it to `bytes`, makes it durable, and gives it its name. */
  async publish(name: string, bytes: number): Promise<void> {
    try {
      await this.handle.truncate(bytes);
      await this.handle.sync();
      await rename(this.path, name);
      await syncFolder(dirname(name));
    } catch (error) {
      throw outputError(name, error);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
