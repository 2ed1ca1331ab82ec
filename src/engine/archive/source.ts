/** Archive bytes in, decompressed chunks out, with back-pressure, for every container. */
import { open, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import zlib from 'node:zlib';
import type { Duplex, Readable } from 'node:stream';
import { ThreadmillError } from '../../core/errors.ts';
import { blockBytes } from '../../core/limits.ts';
import { FrameFormatError, FrameWalker } from './frame-walker.ts';

/** Compressed bytes a read: one read decompresses to some 3 MiB. */
const readBytes = 256 * 1024;
/** 2^31, what `zstd --long=31` makes; the default limit of decoders is 2^27. */
const windowLogMax = 31;

export type Container = 'zstd' | 'gzip' | 'plain';

/** Where a frame starts. */
export interface FramePoint {
  readonly compressed: number;
  readonly decompressed: number;
}

/** Damage in the archive: everything before it has been delivered. */
export interface Damage {
  readonly kind: 'truncated' | 'corrupt';
  /** Compressed offset near the damage. */
  readonly compressed: number;
  readonly message: string;
}

export interface SourceHandlers {
  /** A frame begins (once, at 0, for gzip and plain). */
  onFrame(point: FramePoint, windowBytes: number): void;
  /** Valid only during the call. May answer false: nothing more comes until `resume()`. */
  onChunk(chunk: Uint8Array): boolean;
}

/** Reads one archive from a frame's start to its end, once. */
export class ArchiveSource {
  /** Compressed bytes handed to the decoder. */
  compressedOffset: number;
  /** Decompressed bytes delivered, counted from the archive's start. */
  decompressedOffset: number;
  private readonly path: string;
  private readonly container: Container;
  private readonly handlers: SourceHandlers;
  private decoder: Readable | null = null;
  private held = false;
  private closed = false;

  constructor(path: string, container: Container, from: FramePoint, handlers: SourceHandlers) {
    this.path = path;
    this.container = container;
    this.compressedOffset = from.compressed;
    this.decompressedOffset = from.decompressed;
    this.handlers = handlers;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Goes on after an `onChunk` that answered false. */
  resume(): void {
    this.held = false;
    this.decoder?.resume();
  }

  /** Stops reading for good; `run()` then resolves to null. */
  close(): void {
    this.closed = true;
    this.decoder?.destroy();
  }

  /**
   * Delivers the archive to its end.
   * @returns the damage that ended it early, or null.
   * @throws ThreadmillError ARCHIVE_UNREADABLE where the file can't be read.
   */
  async run(): Promise<Damage | null> {
    return this.container === 'zstd' ? this.runZstd() : this.runStream();
  }

  private async runStream(): Promise<Damage | null> {
    this.handlers.onFrame({ compressed: 0, decompressed: 0 }, 0);
    const file = createReadStream(this.path, { highWaterMark: blockBytes });
    const gunzip = this.container === 'gzip' ? file.pipe(zlib.createGunzip({ chunkSize: blockBytes })) : null;
    const output: Readable = gunzip ?? file;
    // What gunzip has taken in, not what was read for it: that runs ahead by MiB, which is all of a small archive.
    const count = (chunk: Buffer): void => {
      this.compressedOffset = gunzip?.bytesWritten ?? this.compressedOffset + chunk.length;
    };
    let fileError: unknown = null;
    file.on('error', (error) => {
      fileError = error;
      output.destroy(error);
    });
    try {
      await this.drain(output, count);
      if (gunzip !== null) this.compressedOffset = gunzip.bytesWritten;
    } catch (error) {
      if (fileError !== null) throw unreadable(this.path, error);
      return this.damageOf(error);
    } finally {
      file.destroy();
    }
    return null;
  }

  private async runZstd(): Promise<Damage | null> {
    const file = await open(this.path).catch((error: unknown) => {
      throw unreadable(this.path, error);
    });
    try {
      return await this.walkFrames(file);
    } finally {
      await file.close();
    }
  }

  private async walkFrames(file: FileHandle): Promise<Damage | null> {
    const walker = new FrameWalker(this.compressedOffset);
    let position = this.compressedOffset;
    let frame: { readonly decoder: Duplex; readonly drained: Promise<void> } | null = null;
    let failure: unknown = null;
    try {
      for (;;) {
        // A fresh buffer each time: the decoder may still read the last one.
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, position);
        if (bytesRead === 0 || this.closed) break;
        position += bytesRead;
        for (const piece of walker.feed(buffer.subarray(0, bytesRead))) {
          if (piece.type === 'start') {
            this.handlers.onFrame(
              { compressed: piece.offset, decompressed: this.decompressedOffset },
              piece.header.windowBytes,
            );
            const decoder = zlib.createZstdDecompress({
              params: { [zlib.constants.ZSTD_d_windowLogMax]: windowLogMax },
              chunkSize: blockBytes,
            });
            const drained = this.drain(decoder);
            drained.catch((error: unknown) => (failure ??= error));
            frame = { decoder, drained };
          } else if (piece.type === 'data') {
            this.compressedOffset = piece.offset + piece.data.length;
            if (frame !== null && !frame.decoder.write(piece.data))
              await drainOrEnd(frame.decoder, frame.drained);
          } else if (frame !== null) {
            frame.decoder.end();
            await frame.drained;
            frame = null;
          }
          if (failure !== null || this.closed) break;
        }
        if (failure !== null || this.closed) break;
      }
      if (this.closed) return null;
      if (failure === null && !walker.atBoundary) {
        await flush(frame);
        return { kind: 'truncated', compressed: position, message: 'the file ends inside a zstd frame' };
      }
      return failure === null ? null : this.damageOf(failure);
    } catch (error) {
      if (this.closed) return null;
      await flush(frame);
      return this.damageOf(error);
    } finally {
      frame?.decoder.destroy();
    }
  }

  /** Delivers a stream's chunks to its end. */
  private drain(output: Readable, onBytes?: (chunk: Buffer) => void): Promise<void> {
    this.decoder = output;
    return new Promise((resolve, reject) => {
      output.on('data', (chunk: Buffer) => {
        if (this.closed) return;
        onBytes?.(chunk);
        this.decompressedOffset += chunk.length;
        if (!this.handlers.onChunk(chunk)) {
          this.held = true;
          output.pause();
        }
      });
      output.once('end', resolve);
      output.once('error', reject);
      output.once('close', resolve);
      if (this.held) output.pause();
    });
  }

  private damageOf(error: unknown): Damage {
    if (error instanceof FrameFormatError) {
      return { kind: 'corrupt', compressed: error.offset, message: error.message };
    }
    const { message, code } = error as NodeJS.ErrnoException;
    const kind = code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt';
    return { kind, compressed: this.compressedOffset, message };
  }
}

/** Waits until the decoder takes more, or has failed. */
async function drainOrEnd(decoder: Duplex, drained: Promise<void>): Promise<void> {
  const stop = new AbortController();
  try {
    await Promise.race([once(decoder, 'drain', { signal: stop.signal }), drained]);
  } finally {
    stop.abort();
  }
}

/** Lets a decoder deliver what it has of an unfinished frame. */
async function flush(
  frame: { readonly decoder: Duplex; readonly drained: Promise<void> } | null,
): Promise<void> {
  if (frame === null) return;
  frame.decoder.end();
  await frame.drained.catch(() => undefined); // the truncation is already being reported
}

function unreadable(path: string, cause: unknown): ThreadmillError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const missing = code === 'ENOENT';
  return new ThreadmillError(
    missing ? 'ARCHIVE_MISSING' : 'ARCHIVE_UNREADABLE',
    missing
      ? `Cannot open archive ${JSON.stringify(path)}: there is no such file; check the path`
      : `Cannot read archive ${JSON.stringify(path)}: ${message}; check that it is a readable file`,
    { facts: { path }, cause },
  );
}
