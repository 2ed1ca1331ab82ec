/**
 * Reads arctic_shift's `.zst_blocks`: blocks of a size (4 bytes, little-endian) and one zstd frame, whose content is a count of
 * rows, each row's offset and size, and the rows. A row is a line without its line feed.
 * @see https://github.com/ArthurHeitmann/zst_blocks_format, README.md and python_cli/ZstBlocksFile.py
 */
import zlib from 'node:zlib';
import type { Hole } from '../../contract/job.ts';
import { openSource, type ByteSource } from '../storage/byte-source.ts';
import { ZlibError, ZlibHandle } from '../zlib/zlib-handle.ts';
import type { Damage, FramePoint, ReaderOptions } from './archive-reader.ts';
import { archiveError } from './check-archive.ts';
import { readFrameHeader } from './zstd-frames.ts';

/** Blocks hold some hundred rows; one of more than this is no block, or nothing that a worker's memory is for. */
const blockBytesMax = 256 * 1024 * 1024;
const sizeBytes = 4;
const rowInfoBytes = 8;
const lineFeed = 0x0a;
const endsInside = 'the file ends inside a block';

/** A block's rows, given out one by one: they may lie over each other, and would then be more than any memory. */
interface Block {
  readonly view: DataView;
  readonly content: Uint8Array;
  readonly rows: number;
  row: number;
  /** Given out of the row; behind its last byte its line feed. */
  at: number;
}

class BlockError extends Error {}

/** As `ArchiveReader`, of which it is one container. Memory: one block, packed and unpacked, at most 256 MiB each. */
export class BlocksReader {
  decompressedOffset: number;
  windowBytes = 0;
  damage: Damage | null = null;
  readonly holes: Hole[] = [];
  private readonly path: string;
  private readonly file: ByteSource;
  private readonly salvage: boolean;
  private readonly fileBytes: number;
  private position: number;
  private frames: FramePoint[];
  private block: Block | null = null;
  private handle: ZlibHandle | null = null;
  private closed = false;

  /** @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE */
  constructor(path: string, options: ReaderOptions = {}) {
    const { from = { compressed: 0, decompressed: 0 }, salvage = false } = options;
    this.path = path;
    this.salvage = salvage;
    this.position = from.compressed;
    this.decompressedOffset = from.decompressed;
    this.frames = [from];
    try {
      this.file = openSource(path);
    } catch (error) {
      throw archiveError(path, error);
    }
    this.fileBytes = Math.min(options.fileBytes ?? Infinity, this.file.size());
  }

  get compressedOffset(): number {
    return this.position;
  }

  /** Fills `target` as far as the archive goes; 0: its end is reached. @throws {ThreadmillError} ARCHIVE_UNREADABLE */
  read(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length && !this.closed && this.damage === null) {
      if (this.block === null && !this.open()) break;
      const given = this.give(target.subarray(filled));
      filled += given;
      this.decompressedOffset += given;
      if (this.block === null) this.mark();
    }
    return filled;
  }

  takeFrames(): readonly FramePoint[] {
    const { frames } = this;
    this.frames = [];
    return frames;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.file.close();
    this.handle?.close();
  }

  /** A block begins where the last one ended. */
  private mark(): void {
    this.frames.push({ compressed: this.position, decompressed: this.decompressedOffset });
  }

  /** Opens the next block that can be read; false: there is none. */
  private open(): boolean {
    while (this.position < this.fileBytes && this.damage === null) {
      const start = this.position;
      let next: number | null = null;
      try {
        if (start + sizeBytes > this.fileBytes) return this.broken('truncated', start, null, endsInside);
        const size = this.sizeAt(start);
        const end = start + sizeBytes + size;
        if (end > this.fileBytes) return this.broken('truncated', start, null, endsInside);
        next = end;
        this.block = this.unpack(this.bytes(start + sizeBytes, size));
        this.position = end;
        return true;
      } catch (error) {
        if (!(error instanceof BlockError) && !(error instanceof ZlibError)) throw error;
        this.broken('corrupt', start, next, error.message);
      }
    }
    return false;
  }

  /** Ends there, or goes over it to `next`, which is only known where the block's size can be believed. */
  private broken(kind: Damage['kind'], at: number, next: number | null, message: string): false {
    if (!this.salvage) {
      this.damage = { kind, compressed: at, message };
      return false;
    }
    const to = next ?? this.fileBytes;
    const { decompressedOffset: decompressed } = this;
    this.holes.push({ kind, compressedFrom: at, compressedTo: to, decompressed, message });
    this.position = to;
    this.mark();
    this.handle?.close();
    this.handle = null;
    return false;
  }

  private sizeAt(at: number): number {
    const size = this.bytes(at, sizeBytes).readUInt32LE();
    if (size === 0 || size > blockBytesMax)
      throw new BlockError(`no block starts here: it would have ${size} bytes`);
    return size;
  }

  private bytes(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    try {
      while (filled < length) {
        const given = this.file.read(bytes, filled, length - filled, at + filled);
        if (given === 0) throw new BlockError(endsInside);
        filled += given;
      }
    } catch (error) {
      throw error instanceof BlockError ? error : archiveError(this.path, error);
    }
    return bytes;
  }

  private unpack(frame: Buffer): Block {
    const content = this.decode(frame);
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    const rows = content.length < sizeBytes ? -1 : view.getUint32(0, true);
    const room = content.length - sizeBytes - rows * rowInfoBytes;
    if (rows < 0 || room < 0) throw new BlockError('a block that does not hold the rows that it tells of');
    for (let row = 0; row < rows; row++) {
      const info = sizeBytes + row * rowInfoBytes;
      if (view.getUint32(info, true) + view.getUint32(info + 4, true) > room)
        throw new BlockError(`row ${row} of a block lies outside of it`);
    }
    return { view, content, rows, row: 0, at: 0 };
  }

  private decode(frame: Buffer): Uint8Array {
    let header;
    try {
      header = readFrameHeader(frame);
    } catch (error) {
      throw new BlockError((error as RangeError).message);
    }
    // `ZstdCompressor.compress` of the writer knows the size, and its reader refuses frames without one
    const size = header?.contentBytes ?? null;
    if (header === null || size === null) throw new BlockError('a block without a zstd frame of known size');
    if (size > blockBytesMax) throw new BlockError(`a block of ${size} bytes is more than any has`);
    this.windowBytes = Math.max(this.windowBytes, Math.min(size, header.windowBytes));
    const content = new Uint8Array(size + 1);
    this.handle ??= new ZlibHandle(
      zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: 31 } }),
    );
    const { taken, given } = this.handle.step(
      zlib.constants.ZSTD_e_continue,
      frame,
      0,
      frame.length,
      content,
    );
    if (taken !== frame.length || given !== size) throw new ZlibError('a block is no whole zstd frame');
    return content.subarray(0, size);
  }

  /** Gives rows, each with its line feed; ends the block behind the last one. */
  private give(target: Uint8Array): number {
    const { block } = this;
    if (block === null) return 0;
    const dataStart = sizeBytes + block.rows * rowInfoBytes;
    let filled = 0;
    while (filled < target.length && block.row < block.rows) {
      const info = sizeBytes + block.row * rowInfoBytes;
      const from = dataStart + block.view.getUint32(info, true);
      const size = block.view.getUint32(info + 4, true);
      const part = block.content.subarray(from + block.at, from + size).subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      block.at += part.length;
      if (block.at < size) continue;
      // encoded from a text file, a row may have kept its own
      const ended = size > 0 && block.content[from + size - 1] === lineFeed;
      if (!ended && filled === target.length) break;
      if (!ended) target[filled++] = lineFeed;
      block.row++;
      block.at = 0;
    }
    if (block.row === block.rows) this.block = null;
    return filled;
  }
}

/** Blocks in a file, by their sizes alone; at most `max` are looked at. @throws what `node:fs` throws */
export function countBlocks(
  path: string,
  max: number,
): { readonly blocks: number; readonly complete: boolean } {
  const file = openSource(path);
  try {
    const end = file.size();
    const head = Buffer.alloc(sizeBytes);
    let at = 0;
    let blocks = 0;
    while (blocks < max && at + sizeBytes <= end) {
      file.read(head, 0, sizeBytes, at);
      const next = at + sizeBytes + head.readUInt32LE();
      if (next > end) break;
      at = next;
      blocks++;
    }
    return { blocks, complete: at === end };
  } finally {
    file.close();
  }
}
