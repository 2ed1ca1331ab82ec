/** Where each frame of an archive begins, in compressed and in decompressed bytes: what it takes to enter at any place. */
import { schemeOf } from '../../core/places.ts';
import { openSource, type ByteSource } from '../storage/byte-source.ts';
import type { FramePoint } from './archive-reader.ts';
import { archiveError } from './check-archive.ts';
import { readSeekEntries, readSeekFooter, seekFooterBytes } from './seek-table.ts';
import { isSkippableMagic, readFrameHeader } from './zstd-frames.ts';

export interface FrameMap {
  /** `seek-table`: the archive's own, compared with its frames; `frame-headers`: each frame says how long its text is. */
  readonly from: 'seek-table' | 'frame-headers';
  /** Starts of the frames with text, in order; the first is 0, 0. */
  readonly frames: readonly FramePoint[];
  /** Decompressed bytes of all. */
  readonly contentBytes: number;
}

/** A table of 24 MB, of 64 TB in frames of 32 MiB; more is no table. */
const framesMax = 2_000_000;
/** Headers that are compared with a table: all, or of a larger one so many, evenly spread. A request each, of a store. */
const checkedMax = { file: 4_096, store: 8 } as const;
/** Blocks that are passed over where there is no table, each by a read of 3 bytes: 8 GB of them. */
const blocksMax = 65_536;
const headerBytes = 18;

/**
 * The map of a zstd archive, by its seek table or by its headers; null where neither tells, or the table is not true to the
 * frames: then it can be read in order only. What a table says of frames whose headers don't is believed until they are
 * decoded. Decompresses nothing.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 */
export function readFrameMap(path: string): FrameMap | null {
  let source: ByteSource | null = null;
  try {
    source = openSource(path);
    const isFile = schemeOf(path) === 'file';
    return (
      byTable(source, isFile ? checkedMax.file : checkedMax.store) ?? (isFile ? byHeaders(source) : null)
    );
  } catch (error) {
    throw archiveError(path, error);
  } finally {
    source?.close();
  }
}

/** The latest frame that starts at or before a decompressed offset. */
export function frameAt({ frames }: FrameMap, offset: number): FramePoint {
  let [low, high] = [0, frames.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((frames[middle] as FramePoint).decompressed <= offset) low = middle;
    else high = middle - 1;
  }
  return frames[low] as FramePoint;
}

function readAt(source: ByteSource, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const given = source.read(bytes, filled, length - filled, position + filled);
    if (given === 0) break;
    filled += given;
  }
  return bytes.subarray(0, filled);
}

function byTable(source: ByteSource, checks: number): FrameMap | null {
  const size = source.size();
  if (size < seekFooterBytes) return null;
  const footer = readSeekFooter(readAt(source, size - seekFooterBytes, seekFooterBytes));
  if (footer === null || footer.frames > framesMax || footer.tableBytes > size) return null;
  const tableAt = size - footer.tableBytes;
  const entries = readSeekEntries(readAt(source, tableAt, footer.tableBytes), footer);
  if (entries === null) return null;
  const frames: FramePoint[] = [];
  const step = Math.max(1, Math.ceil(entries.length / checks));
  let [compressed, decompressed] = [0, 0];
  for (const [index, { compressedBytes, decompressedBytes }] of entries.entries()) {
    if (compressedBytes === 0 || compressed + compressedBytes > tableAt) return null;
    const checked = index % step === 0 || index === entries.length - 1;
    if (checked && !agrees(source, compressed, decompressedBytes)) return null;
    if (decompressedBytes > 0) frames.push({ compressed, decompressed });
    compressed += compressedBytes;
    decompressed += decompressedBytes;
  }
  // frames that the table does not know would shift everything behind them
  if (compressed !== tableAt) return null;
  return mapOf('seek-table', frames, decompressed);
}

function mapOf(from: FrameMap['from'], frames: readonly FramePoint[], contentBytes: number): FrameMap | null {
  const [first] = frames;
  return first?.decompressed === 0 ? { from, frames, contentBytes } : null;
}

/** Whether a frame stands there that does not deny that its text is so long. */
function agrees(source: ByteSource, position: number, decompressedBytes: number): boolean {
  const head = readAt(source, position, headerBytes);
  if (head.length >= 4 && isSkippableMagic(head.readUInt32LE())) return decompressedBytes === 0;
  try {
    const header = readFrameHeader(head);
    return header !== null && (header.contentBytes ?? decompressedBytes) === decompressedBytes;
  } catch {
    return false; // no frame
  }
}

/** Jumps from block to block: RFC 8878, sections 3.1.1 and 3.1.2. */
function byHeaders(source: ByteSource): FrameMap | null {
  const size = source.size();
  const frames: FramePoint[] = [];
  let [position, decompressed, blocks] = [0, 0, 0];
  while (position < size) {
    const head = readAt(source, position, headerBytes);
    if (head.length >= 8 && isSkippableMagic(head.readUInt32LE())) {
      position += 8 + head.readUInt32LE(4);
      continue;
    }
    let header;
    try {
      header = readFrameHeader(head);
    } catch {
      return null; // damage: reading in order tells it where it is
    }
    if (header?.contentBytes == null) return null;
    if (header.contentBytes > 0) frames.push({ compressed: position, decompressed });
    decompressed += header.contentBytes;
    position += header.headerBytes;
    for (let last = false; !last; blocks++) {
      if (blocks === blocksMax) return null;
      const block = readAt(source, position, 3);
      if (block.length < 3) return null;
      const bits = block.readUIntLE(0, 3);
      last = (bits & 1) === 1;
      // RLE: one byte stands for all
      position += 3 + (((bits >> 1) & 3) === 1 ? 1 : bits >> 3);
    }
    if (header.hasChecksum) position += 4;
  }
  return position === size ? mapOf('frame-headers', frames, decompressed) : null;
}
