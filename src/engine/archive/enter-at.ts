/** Entering an archive at any place of its text. */
import type { ArchiveInspection } from '../../contract/job.ts';
import type { ReaderOptions } from './archive-reader.ts';
import { frameAt, readFrameMap } from './frame-map.ts';
import { openReader, type TextReader } from './open-reader.ts';

const blockBytes = 256 * 1024;
const lineFeed = 0x0a;

/** An archive that was entered. Close the reader. */
export interface Entered {
  readonly reader: TextReader;
  /** Where the first line begins; behind it the archive's end where none does. */
  readonly offset: number;
  /** The text from there on that was read already; the reader goes on behind it. */
  readonly text: Uint8Array;
}

/**
 * Enters at the line that begins at `offset` (decompressed) or next behind it. Where the frames are known it decodes at most one
 * of them for that, else all before it.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 */
export function enterAt(
  { path, container }: Pick<ArchiveInspection, 'path' | 'container'>,
  offset: number,
  options: Omit<ReaderOptions, 'from'> = {},
): Entered {
  const nothing = new Uint8Array(0);
  if (offset === 0) return { reader: openReader(path, container, options), offset, text: nothing };
  // a line begins behind a line feed: the one that may stand just before it counts
  const before = offset - 1;
  const map = container === 'zstd' ? readFrameMap(path) : null;
  const from = map === null ? {} : { from: frameAt(map, before) };
  const reader = openReader(path, container, { ...options, ...from });
  const block = new Uint8Array(blockBytes);
  for (;;) {
    const start = reader.decompressedOffset;
    const text = block.subarray(0, reader.read(block));
    const end = start + text.length;
    if (text.length === 0) return { reader, offset: end, text };
    const found = end <= before ? -1 : text.indexOf(lineFeed, Math.max(0, before - start));
    if (found >= 0) return { reader, offset: start + found + 1, text: text.subarray(found + 1) };
  }
}
