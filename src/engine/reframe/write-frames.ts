/** An archive's text into frames: decoder thread → cutter → compressing threads → file, in order, bounded at every step. */
import { createHash } from 'node:crypto';
import { versions } from 'node:process';
import { nothingWritten, type ReframeCursor } from '../../contract/reframe.ts';
import type { ArchiveInspection } from '../../contract/job.ts';
import type { Damage } from '../archive/archive-reader.ts';
import { FrameCutter, frameCapacity } from './frame-cutter.ts';
import { FrameLane } from './frame-lane.ts';
import { FramesFile } from './frames-file.ts';
import { TextSource } from './text-source.ts';

/** A frame is told of once it is durable; so often is asked for that at most. */
const syncMs = 500;

export interface WriteFramesOptions {
  readonly archive: Pick<ArchiveInspection, 'path' | 'container' | 'compressedBytes'>;
  readonly temporary: string;
  readonly frameBytes: number;
  /** zstd's. */
  readonly level: number;
  /** What was told to be durable before. */
  readonly cursor: ReframeCursor;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Called with each state of the output that is durable. */
  readonly onDurable: (cursor: ReframeCursor) => void;
  /** How far the archive is read, bytes; and what its decoder's window holds. */
  readonly onRead: (compressed: number, decompressed: number, windowBytes: number) => void;
}

export interface WrittenFrames {
  readonly cursor: ReframeCursor;
  /** Of the whole text, in hex; null: `signal` came before its end. */
  readonly contentSha256: string | null;
  /** The archive ended early there; all before it was read. */
  readonly damage: (Damage & { readonly decompressed: number }) | null;
}

/**
 * Writes all frames behind `cursor`. The text is read from its start each time, because its hash is part of the answer: what was
 * written already is only hashed. Memory: the decoder's window; for each thread zstd's tables (some 80 MB at level 10) and a
 * frame; two frames besides.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE, OUTPUT_DENIED, OUTPUT_FAILED, DISK_FULL
 */
export async function writeFrames(options: WriteFramesOptions): Promise<WrittenFrames> {
  const file = await FramesFile.open(options.temporary);
  const writer = new FrameWriter(options, file, await startOf(options.cursor, file));
  const source = new TextSource(options.archive);
  try {
    return await writer.run(source);
  } finally {
    await source.close();
    await writer.close();
  }
}

/** What is to be gone on from: nothing, where the file is not what it was, or another zstd made it. */
async function startOf(cursor: ReframeCursor, file: FramesFile): Promise<ReframeCursor> {
  const zstd = versions['zstd'] ?? '';
  const stands = cursor.zstd === zstd && (await file.size()) >= cursor.compressed;
  return stands ? cursor : { ...nothingWritten, zstd };
}

class FrameWriter {
  private readonly options: WriteFramesOptions;
  private readonly file: FramesFile;
  private readonly lanes: readonly FrameLane[];
  private readonly cutter: FrameCutter;
  private memory: SharedArrayBuffer;
  private readonly free: SharedArrayBuffer[] = [];
  /** Frames on their way to the file, in order. */
  private readonly pending: Promise<void>[] = [];
  private last: Promise<void> = Promise.resolve();
  private started = 0;
  private written: ReframeCursor;
  private durable: ReframeCursor;
  private syncedMs = performance.now();

  constructor(options: WriteFramesOptions, file: FramesFile, start: ReframeCursor) {
    const { level, frameBytes, threads } = options;
    this.options = options;
    this.file = file;
    this.written = this.durable = start;
    this.lanes = Array.from({ length: threads }, () => new FrameLane({ level, frameBytes }));
    this.memory = this.takeMemory();
    this.cutter = new FrameCutter(frameBytes, new Uint8Array(this.memory));
  }

  async run(source: TextSource): Promise<WrittenFrames> {
    const { signal, onRead } = this.options;
    const { decompressed: from } = this.written;
    const hash = createHash('sha256');
    let offset = 0;
    for (;;) {
      if (signal.aborted) return { cursor: await this.settle(), contentSha256: null, damage: null };
      const text = await source.next();
      if (text === null) break;
      hash.update(text);
      const begin = Math.min(text.length, Math.max(0, from - offset));
      offset += text.length;
      await this.cut(text.subarray(begin));
      onRead(source.compressedOffset, offset, source.windowBytesInUse);
    }
    if (source.damage !== null) {
      return { cursor: await this.settle(), contentSha256: null, damage: source.damage };
    }
    if (this.cutter.bytes > 0) await this.startFrame();
    return { cursor: await this.settle(), contentSha256: hash.digest('hex'), damage: null };
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
    await Promise.allSettled(this.pending);
    await this.file.close();
  }

  private async cut(text: Uint8Array): Promise<void> {
    for (let at = 0; at < text.length;) {
      at += this.cutter.take(text.subarray(at));
      if (this.cutter.isFull) await this.startFrame();
    }
  }

  /** Sends the frame off; waits where enough are under way. */
  private async startFrame(): Promise<void> {
    const { memory, lanes, cutter } = this;
    const { bytes } = cutter;
    const lane = lanes[this.started++ % lanes.length] as FrameLane;
    const frame = lane.compress(memory, bytes);
    this.last = this.last.then(async () => {
      await this.writeFrame(await frame, bytes);
      this.free.push(memory);
    });
    this.last.catch(() => undefined); // told where it is waited for
    this.pending.push(this.last);
    if (this.pending.length > lanes.length) await this.pending.shift();
    this.memory = this.takeMemory();
    cutter.next(new Uint8Array(this.memory));
  }

  private async writeFrame(frame: Uint8Array, textBytes: number): Promise<void> {
    const { frames, compressed, decompressed } = this.written;
    await this.file.write(frame, compressed);
    this.written = {
      ...this.written,
      frames: frames + 1,
      compressed: compressed + frame.length,
      decompressed: decompressed + textBytes,
    };
    if (performance.now() - this.syncedMs >= syncMs) await this.makeDurable();
  }

  private async makeDurable(): Promise<void> {
    const { written } = this;
    await this.file.sync();
    this.syncedMs = performance.now();
    this.durable = written;
    this.options.onDurable(written);
  }

  /** Waits for the frames that were sent off, and makes them durable. */
  private async settle(): Promise<ReframeCursor> {
    await this.last;
    await this.makeDurable();
    return this.durable;
  }

  private takeMemory(): SharedArrayBuffer {
    return this.free.pop() ?? new SharedArrayBuffer(frameCapacity(this.options.frameBytes));
  }
}
