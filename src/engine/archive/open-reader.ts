/** The reader of an archive's text, by its container. */
import { ArchiveReader, type ReaderOptions } from './archive-reader.ts';
import { BlocksReader } from './blocks-reader.ts';
import type { Container } from './container.ts';

/** What readers of all containers have. */
export type TextReader = Pick<
  ArchiveReader,
  | 'decompressedOffset'
  | 'compressedOffset'
  | 'windowBytes'
  | 'damage'
  | 'holes'
  | 'read'
  | 'takeFrames'
  | 'close'
>;

/** @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE */
export function openReader(path: string, container: Container, options: ReaderOptions = {}): TextReader {
  return container === 'zst_blocks'
    ? new BlocksReader(path, options)
    : new ArchiveReader(path, container, options);
}
