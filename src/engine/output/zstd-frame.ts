import { constants, createZstdCompress, createZstdDecompress, type ZstdOptions } from 'node:zlib';
import { ZlibHandle } from '../zlib/zlib-handle.ts';

/** Holds the last frame. */
let output = new Uint8Array(0);

/** One a thread, for reading. */
let reader: ZlibHandle | null = null;
let content = new Uint8Array(0);

/** Worst size of a zstd frame of `bytes` bytes, as ZSTD_COMPRESSBOUND in zstd.h. */
export function frameBytesBound(bytes: number): number {
  const small = 128 * 1024;
  return bytes + (bytes >>> 8) + (bytes < small ? (small - bytes) >>> 11 : 0) + 64;
}

/** Makes whole frames of one sort. One a thread: a context takes some megabytes, and making it is a quarter of the time of a frame. */
export class FrameMaker {
  private readonly options: ZstdOptions;
  private handle: ZlibHandle | null = null;

  constructor(options: ZstdOptions) {
    this.options = options;
  }

  /**
   * One whole zstd frame with its content size in the header; valid until any maker's next call. The same input gives the
   * same bytes, whatever the thread made before, as long as Node's zstd is the same version.
   */
  frame(bytes: Uint8Array): Uint8Array {
    const bound = frameBytesBound(bytes.length);
    if (output.length < bound) output = new Uint8Array(bound);
    // a frame that is ended leaves the context ready for the next one, with its parameters, which `reset` would forget
    this.handle ??= new ZlibHandle(createZstdCompress(this.options));
    const { taken, given } = this.handle.step(constants.ZSTD_e_end, bytes, 0, bytes.length, output);
    if (taken !== bytes.length)
      throw new RangeError(`zstd took ${taken} of ${bytes.length} bytes into room for all`);
    return output.subarray(0, given);
  }
}

/**
 * Level 3, with matches of at least six bytes and a smaller second table: pages of Reddit's text take 13 % less time and
 * 0.5 to 3 % more room than with level 3 as it is; level 1 takes 15 to 25 % more.
 */
const pages = new FrameMaker({
  params: {
    [constants.ZSTD_c_compressionLevel]: 3,
    [constants.ZSTD_c_minMatch]: 6,
    [constants.ZSTD_c_hashLog]: 17,
    [constants.ZSTD_c_chainLog]: 15,
  },
});

/** A frame of pages, without checksum; see `FrameMaker.frame`. */
export function zstdFrame(bytes: Uint8Array): Uint8Array {
  return pages.frame(bytes);
}

/**
 * The content of one whole zstd frame that is known to hold `bytes` bytes; valid until the next call.
 * @throws {ZlibError} where it is damaged; RangeError where it holds more or less, or is no whole frame
 */
export function zstdFrameContent(frame: Uint8Array, bytes: number): Uint8Array {
  // one more, so that a frame that holds more is not taken for a whole one
  if (content.length <= bytes) content = new Uint8Array(bytes + 1);
  reader ??= new ZlibHandle(createZstdDecompress());
  try {
    const { taken, given } = reader.step(constants.ZSTD_e_continue, frame, 0, frame.length, content);
    // less: a frame whose end was not recognized is one without its checksum checked
    if (taken !== frame.length || given !== bytes)
      throw new RangeError(`${frame.length} bytes are no zstd frame of ${bytes} bytes`);
    return content.subarray(0, given);
  } catch (error) {
    // it is in the middle of a frame, or remembers a failure
    reader.close();
    reader = null;
    throw error;
  }
}
