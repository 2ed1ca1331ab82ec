/** An archive's decompressed bytes, pulled into memory of the caller's, for every container, over damage if wanted. */
import type { Hole } from '../../contract/job.ts';
import { openSource, type ByteSource } from '../storage/byte-source.ts';
import { ZlibError } from '../zlib/zlib-handle.ts';
import { openDecoder, type ByteDecoder } from './byte-decoder.ts';
import { archiveError } from './check-archive.ts';
import type { Container } from './container.ts';
import { FrameFormatError, FrameWalker } from './frame-walker.ts';
import { findFrame } from './find-frame.ts';
import { sizeText } from './size-text.ts';
import { narrowWindow, windowBytesMax, type FrameHeader } from './zstd-frames.ts';

/** Compressed bytes a read: one decompresses to some 3 MiB. */
const readBytes = 256 * 1024;
const lineFeed = 0x0a;

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

export interface ReaderOptions {
  /** Default: the archive's start. */
  readonly from?: FramePoint;
  /** Go over damage to the next frame, and tell it in `holes`. */
  readonly salvage?: boolean;
  /** The file as it was inspected, bytes: what has been appended since is not read. Default: to its end as it is. */
  readonly fileBytes?: number | undefined;
  /** How far behind damage that frame is looked for. Default: to the file's end. */
  readonly searchBytesMax?: number;
  /**
   * No more text than this will be read, so no decoder has to remember more: V8 is told of every window at its full size, of
   * which a small archive fills next to nothing, and collects garbage for each. Behind it what is read means nothing.
   */
  readonly contentBytesMax?: number;
}

/** What is one stream from its start to its end. */
type StreamContainer = Exclude<Container, 'zst_blocks'>;

interface Cut {
  readonly at: number;
  readonly endsFrame: boolean;
}

/**
 * gzip has no blocks that could be told from outside: damage costs what one step would have given. So that this is the same
 * whatever room the caller has, each step has this much of its own.
 */
const gzipStepBytes = 64 * 1024;

/**
 * Reads one archive once, from a frame's start to its end. Synchronous: it belongs on a thread of its own, or to a bounded
 * look. Memory: 320 KiB and the decoder's window, which fills as data comes.
 */
export class ArchiveReader {
  /** Decompressed bytes given out, counted from the archive's start. */
  decompressedOffset: number;
  /** The largest window that a frame has declared so far, bytes. */
  windowBytes = 0;
  /** Why the archive ended early, once `read` has given 0; null with `salvage`. */
  damage: Damage | null = null;
  /** What was gone over. Where the bytes before it end inside a line, a line feed stands for it. */
  readonly holes: Hole[] = [];
  private readonly path: string;
  private readonly container: StreamContainer;
  private readonly salvage: boolean;
  private readonly searchBytesMax: number;
  private readonly contentBytesMax: number;
  private readonly fileBytes: number;
  private readonly file: ByteSource;
  private readonly input: Buffer;
  private decoder: ByteDecoder;
  private walker: FrameWalker;
  private frames: FramePoint[];
  /** File offset of the input's first byte; how many bytes it has, and how far they are decoded. */
  private inputStart: number;
  private inputBytes = 0;
  private at = 0;
  /**
   * Places in the input at which a block or a frame ends. The decoder is given one block at a time: where one is damaged,
   * nothing of those before it is lost.
   */
  private cuts: Cut[] = [];
  /** Compressed offset behind the last whole block or frame: where damage is told, so that it is the same wherever reading began. */
  private cutOffset: number;
  /** The decoder holds nothing back of what it has taken. */
  private drained = true;
  /** Damage that the decoder will come to at the end of the input. */
  private broken: Damage | null = null;
  private lastByte = lineFeed;
  /** Room of one gzip step, and what of it is not given out yet. */
  private readonly gzipStep: Uint8Array<ArrayBuffer>;
  private gzipRest = new Uint8Array(0);
  private ended = false;
  private closed = false;

  /** @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE */
  constructor(path: string, container: StreamContainer, options: ReaderOptions = {}) {
    const { from: start = { compressed: 0, decompressed: 0 }, salvage = false } = options;
    this.path = path;
    this.container = container;
    this.salvage = salvage;
    this.searchBytesMax = options.searchBytesMax ?? Infinity;
    this.contentBytesMax = options.contentBytesMax ?? Infinity;
    this.fileBytes = options.fileBytes ?? Infinity;
    this.inputStart = this.cutOffset = start.compressed;
    this.decompressedOffset = start.decompressed;
    this.frames = [start];
    this.gzipStep = new Uint8Array(container === 'gzip' ? gzipStepBytes : 0);
    try {
      this.file = openSource(path);
    } catch (error) {
      throw archiveError(path, error);
    }
    this.input = Buffer.allocUnsafeSlow(Math.min(readBytes, Math.max(1, this.file.size())));
    this.decoder = openDecoder(container);
    this.walker = new FrameWalker(start.compressed);
  }

  /** Compressed bytes decoded, counted from the archive's start. */
  get compressedOffset(): number {
    return this.inputStart + this.at;
  }

  /**
   * Fills `target` as far as the archive goes; 0: its end is reached, or it is closed.
   * @throws {ThreadmillError} ARCHIVE_UNREADABLE where the file can't be read; damage is a value
   */
  read(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length && !this.ended) {
      const given = this.step(target.subarray(filled));
      if (given > 0) this.lastByte = target[filled + given - 1] as number;
      filled += given;
      this.decompressedOffset += given;
    }
    return filled;
  }

  /** The frames that have begun since the last call; at first the one that was entered. */
  takeFrames(): readonly FramePoint[] {
    const { frames } = this;
    this.frames = [];
    return frames;
  }

  /** Closes the file and gives the window back. May be called again. */
  close(): void {
    if (this.closed) return;
    this.closed = this.ended = true;
    this.file.close();
    this.decoder.close();
  }

  private step(room: Uint8Array): number {
    if (this.gzipRest.length > 0) return this.giveRest(room);
    const limit = this.cuts[0]?.at ?? this.inputBytes;
    if (this.at === limit && this.drained) {
      const cut = this.cuts.shift();
      if (cut !== undefined) {
        // what only ends with the input goes on behind it
        const whole = this.at < this.inputBytes || !this.walker.insidePiece;
        if (whole) this.cutOffset = this.compressedOffset;
        if (cut.endsFrame) {
          this.frames.push({ compressed: this.compressedOffset, decompressed: this.decompressedOffset });
        }
        return 0;
      }
      if (this.broken !== null) return this.overDamage(this.broken, room);
      this.refill();
      return 0;
    }
    try {
      const gzip = this.container === 'gzip';
      const output = gzip ? this.gzipStep : room;
      const { taken, given } = this.decoder.decode(this.input, this.at, limit, output);
      this.at += taken;
      this.drained = given < output.length;
      // neither the input nor the room is used up: bytes that are no part of the stream
      if (this.drained && this.at < limit && taken === 0) this.passPadding(limit);
      if (!gzip) return given;
      this.gzipRest = this.gzipStep.subarray(0, given);
      return this.giveRest(room);
    } catch (error) {
      if (!(error instanceof ZlibError)) throw error;
      this.stop('corrupt', error.message, this.container === 'zstd' ? this.cutOffset : this.compressedOffset);
      return 0;
    }
  }

  /** Tapes and block devices fill up with zeros, which gzip(1) passes over too; anything else behind a stream is damage. */
  private passPadding(limit: number): void {
    while (this.at < limit && this.input[this.at] === 0) this.at++;
    if (this.at < limit) throw new ZlibError('bytes behind the stream');
  }

  private giveRest(room: Uint8Array): number {
    const given = Math.min(this.gzipRest.length, room.length);
    room.set(this.gzipRest.subarray(0, given));
    this.gzipRest = this.gzipRest.subarray(given);
    return given;
  }

  /** Nothing more of the input can be decoded. */
  private stop(kind: Damage['kind'], message: string, compressed = this.compressedOffset): void {
    this.broken = { kind, compressed, message };
    this.cuts = [];
    this.inputBytes = this.at;
    this.drained = true;
  }

  /** Reads on in the file; at its end decides whether it should have been. */
  private refill(): void {
    this.inputStart += this.inputBytes;
    this.at = 0;
    const wanted = Math.max(0, Math.min(this.input.length, this.fileBytes - this.inputStart));
    try {
      this.inputBytes = this.file.read(this.input, 0, wanted, this.inputStart);
    } catch (error) {
      throw archiveError(this.path, error);
    }
    if (this.inputBytes === 0) {
      if (this.container === 'zstd' ? this.walker.atBoundary : this.decoder.isWhole()) this.ended = true;
      else
        this.stop(
          'truncated',
          `the file ends inside a ${this.container} ${this.container === 'zstd' ? 'frame' : 'stream'}`,
        );
    } else if (this.container === 'zstd') {
      this.walk();
    }
  }

  private walk(): void {
    try {
      for (const piece of this.walker.feed(this.input.subarray(0, this.inputBytes))) {
        if (piece.type === 'start') {
          refuseFrame(piece.offset, piece.header);
          this.windowBytes = Math.max(this.windowBytes, piece.header.windowBytes);
          const at = piece.offset - this.inputStart; // of one that began in the input before, the decoder has the header
          if (at >= 0) narrowWindow(this.input, at, this.contentBytesMax);
        } else {
          const end = piece.type === 'end' ? piece.offset : piece.offset + piece.data.length;
          this.cuts.push({ at: Math.max(0, end - this.inputStart), endsFrame: piece.type === 'end' });
        }
      }
    } catch (error) {
      if (!(error instanceof FrameFormatError)) throw error;
      this.broken = { kind: 'corrupt', compressed: error.offset, message: error.message };
      // what is whole before it is decoded first
      this.inputBytes = Math.max(this.cuts.at(-1)?.at ?? 0, error.offset - this.inputStart, 0);
    }
  }

  /** Ends at damage, or goes over it to the next frame; gives the bytes it wrote. */
  private overDamage(damage: Damage, room: Uint8Array): number {
    this.broken = null;
    if (!this.salvage) {
      this.damage = damage;
      this.ended = true;
      return 0;
    }
    const { container, file, searchBytesMax } = this;
    const next = container === 'zstd' ? findFrame(file, damage.compressed + 1, searchBytesMax) : null;
    this.holes.push({
      kind: damage.kind,
      compressedFrom: damage.compressed,
      compressedTo: next ?? Math.min(file.size(), this.fileBytes),
      decompressed: this.decompressedOffset,
      message: damage.message,
    });
    if (next === null) {
      this.ended = true;
      return 0;
    }
    this.decoder.close();
    this.decoder = openDecoder(this.container);
    this.walker = new FrameWalker(next);
    this.inputStart = this.cutOffset = next;
    this.inputBytes = this.at = 0;
    this.drained = true;
    // two halves of lines must not become one that looks whole
    const parted = this.lastByte === lineFeed;
    if (!parted) room[0] = lineFeed;
    const given = parted ? 0 : 1;
    this.frames.push({ compressed: next, decompressed: this.decompressedOffset + given });
    return given;
  }
}

/** What the inspection says of the first frames, said of those behind its look. @throws FrameFormatError */
function refuseFrame(offset: number, { hasDictionary, windowBytes }: FrameHeader): void {
  if (hasDictionary)
    throw new FrameFormatError(offset, 'its frame here needs a dictionary, which no dump has');
  if (windowBytes <= windowBytesMax) return;
  throw new FrameFormatError(
    offset,
    `its frame here declares a decoder window of ${sizeText(windowBytes)}, more than any decoder takes`,
  );
}
