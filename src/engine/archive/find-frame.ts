/** Where the next zstd frame begins behind damage. */
import type { ByteSource } from '../storage/byte-source.ts';
import { readFrameHeader, zstdMagic } from './zstd-frames.ts';

const windowBytes = 1024 * 1024;
const headerBytesMax = 18;
const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(zstdMagic);

/**
 * The first offset at or behind `from`, and less than `searchBytes` behind it, at which a frame header stands, or null. Compressed data can look like one by
 * chance, one place in four billion; the decoder then finds damage there too, and the search goes on. Reads the file from
 * there on, 1 MiB in memory.
 */
export function findFrame(file: ByteSource, from: number, searchBytes = Infinity): number | null {
  const window = Buffer.allocUnsafe(windowBytes);
  // windows overlap by a header, so that none is cut
  for (let start = from; ; start += windowBytes - headerBytesMax) {
    const bytes = file.read(window, 0, windowBytes, start);
    const seen = window.subarray(0, bytes);
    for (let at = seen.indexOf(magicBytes); at >= 0; at = seen.indexOf(magicBytes, at + 1)) {
      if (isHeader(seen.subarray(at, at + headerBytesMax))) return start + at;
    }
    if (bytes < windowBytes || start + windowBytes - from >= searchBytes) return null;
  }
}

function isHeader(bytes: Uint8Array): boolean {
  try {
    return readFrameHeader(bytes) !== null;
  } catch {
    return false; // a reserved bit: the magic number stood there by chance
  }
}
