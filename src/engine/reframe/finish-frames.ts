/** The end of a reframed archive: read back, compared, given its seek table and its name. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { FinishedReframe, ReframeCursor } from '../../contract/reframe.ts';
import { ThreadmillError } from '../../core/errors.ts';
import type { FramePoint } from '../archive/archive-reader.ts';
import { encodeSeekTable, type SeekEntry } from '../archive/seek-table.ts';
import { readDigest } from '../dataset/file-bytes.ts';
import { FramesFile } from './frames-file.ts';
import { TextSource } from './text-source.ts';

export interface FinishOptions {
  readonly output: string;
  readonly temporary: string;
  readonly cursor: ReframeCursor;
  /** Of the archive's text. */
  readonly contentSha256: string;
  /** Called with each MiB that is read. Throwing ends it. */
  readonly onChunk: () => void;
}

/**
 * Decodes every frame as it stands on the disk, compares the text's hash with the archive's, appends the seek table, and
 * renames the file to its name. Idempotent: an output that holds this text already is what is wanted. A few MiB in memory.
 *
 * @throws {ThreadmillError} OUTPUT_FAILED where the text is another; OUTPUT_DENIED, DISK_FULL
 */
export async function finishFrames(options: FinishOptions): Promise<FinishedReframe> {
  const { output, temporary, onChunk } = options;
  const there = await stat(temporary).catch(() => null);
  // an attempt that gave the file its name and was killed before it could tell
  const again = there === null && (await stat(output).catch(() => null)) !== null;
  const place = again ? output : temporary;
  const points = await compare(place, options);
  if (!again) await publish(points, options);
  const { bytes, sha256 } = await readDigest(output, { onChunk });
  return { frames: points.length - 1, bytes, sha256 };
}

async function publish(
  points: readonly FramePoint[],
  { output, temporary, cursor }: FinishOptions,
): Promise<void> {
  const file = await FramesFile.open(temporary);
  try {
    const table = encodeSeekTable(await entriesOf(file, points));
    await file.write(table, cursor.compressed);
    await file.publish(output, cursor.compressed + table.length);
  } finally {
    await file.close();
  }
}

/** Where the frames start, and the end of the last one. */
async function compare(
  path: string,
  { cursor, contentSha256, onChunk }: FinishOptions,
): Promise<readonly FramePoint[]> {
  const hash = createHash('sha256');
  const source = new TextSource({ path, container: 'zstd', compressedBytes: cursor.compressed });
  try {
    for (let text = await source.next(); text !== null; text = await source.next()) {
      hash.update(text);
      onChunk();
    }
  } finally {
    await source.close();
  }
  if (source.damage === null && hash.digest('hex') === contentSha256) return source.frames;
  throw new ThreadmillError(
    'OUTPUT_FAILED',
    `Cannot finish ${JSON.stringify(path)}: read back, it does not hold the text that was written` +
      `${source.damage === null ? '' : ` (${source.damage.message} at byte ${source.damage.compressed})`}; ` +
      'check the disk, then make it anew with --again',
    { facts: { path } },
  );
}

/** A frame ends in the low 32 bits of its text's XXH64: just what the table wants. */
async function entriesOf(file: FramesFile, points: readonly FramePoint[]): Promise<readonly SeekEntry[]> {
  const entries: SeekEntry[] = [];
  for (const [index, start] of points.slice(0, -1).entries()) {
    const end = points[index + 1] as FramePoint;
    const checksum = await file.read(end.compressed - 4, 4);
    entries.push({
      compressedBytes: end.compressed - start.compressed,
      decompressedBytes: end.decompressed - start.decompressed,
      checksum: checksum.readUInt32LE(),
    });
  }
  return entries;
}
