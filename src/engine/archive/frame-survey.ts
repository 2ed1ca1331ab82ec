/** What the frame headers of a zstd archive say, from a bounded look that decompresses nothing. */
import { openStored, type StoredFile } from '../storage/stored-file.ts';
import { archiveError } from './check-archive.ts';
import { FrameFormatError, FrameWalker } from './frame-walker.ts';
import { windowBytesMax } from './zstd-frames.ts';

const readBytes = 1024 * 1024;
/** Half a second of a slow disk; an archive of many frames has shown hundreds of them by then. */
const surveyBytesMax = 64 * 1024 * 1024;

export interface FrameSurvey {
  readonly frames: number;
  /** True where the file's end was reached, at the end of a frame. */
  readonly complete: boolean;
  /** Largest window that a frame declares and a decoder takes, bytes. */
  readonly windowBytes: number;
  /** What a decoder must really hold for it: no more than the frame's content, where that is declared. */
  readonly decoderBytes: number;
  /** Sum over all frames, where all were seen and each declares it; else null. */
  readonly contentBytes: number | null;
  /** Compressed offset of the first frame that needs a dictionary, or null. */
  readonly dictionaryAt: number | null;
  /** The first frame that declares a window which no decoder takes, or null. */
  readonly tooLarge: { readonly offset: number; readonly windowBytes: number } | null;
  /** Where the bytes stop being zstd, and what is wrong there; null where they don't within the look. */
  readonly damage: FrameFormatError | null;
  /** The file ends inside a frame or its header. */
  readonly truncated: boolean;
}

/**
 * Walks the frames in the first `surveyBytesMax` compressed bytes. One MiB in memory.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE; damage is a value
 */
export async function surveyFrames(path: string): Promise<FrameSurvey> {
  let file: StoredFile | null = null;
  try {
    file = await openStored(path);
    return await walk(file);
  } catch (error) {
    throw archiveError(path, error);
  } finally {
    await file?.close();
  }
}

async function walk(file: StoredFile): Promise<FrameSurvey> {
  const walker = new FrameWalker();
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, file.bytes)));
  let frames = 0;
  let windowBytes = 0;
  let decoderBytes = 0;
  let contentBytes: number | null = 0;
  let dictionaryAt: number | null = null;
  let tooLarge: FrameSurvey['tooLarge'] = null;
  let damage: FrameFormatError | null = null;
  let position = 0;
  let ended = false;
  try {
    while (position < surveyBytesMax) {
      const bytesRead = await file.read(buffer, position);
      ended = bytesRead === 0;
      if (ended) break;
      position += bytesRead;
      for (const piece of walker.feed(buffer.subarray(0, bytesRead))) {
        if (piece.type !== 'start') continue;
        const { header, offset } = piece;
        frames++;
        if (header.windowBytes > windowBytesMax) {
          tooLarge ??= { offset, windowBytes: header.windowBytes };
        } else {
          const filled = Math.min(header.windowBytes, header.contentBytes ?? Infinity);
          windowBytes = Math.max(windowBytes, header.windowBytes);
          decoderBytes = Math.max(decoderBytes, filled);
        }
        contentBytes =
          contentBytes === null || header.contentBytes === null ? null : contentBytes + header.contentBytes;
        if (header.hasDictionary) dictionaryAt ??= offset;
      }
    }
  } catch (error) {
    if (!(error instanceof FrameFormatError)) throw error;
    damage = error;
  }
  const complete = ended && damage === null && walker.atBoundary;
  return {
    frames,
    complete,
    windowBytes,
    decoderBytes,
    contentBytes: complete ? contentBytes : null,
    dictionaryAt,
    tooLarge,
    damage,
    truncated: ended && damage === null && !walker.atBoundary,
  };
}
