import { constants, createZstdCompress } from 'node:zlib';
import { ZlibHandle } from '../zlib/zlib-handle.ts';

/** One a thread: a context takes some megabytes, and making it is a quarter of the time of a frame. */
let handle: ZlibHandle | null = null;
/** Holds the last frame. */
let output = new Uint8Array(0);

/** Worst size of a zstd frame of `bytes` bytes, as ZSTD_COMPRESSBOUND in zstd.h. */
function frameBytesBound(bytes: number): number {
  const small = 128 * 1024;
  return bytes + (bytes >>> 8) + (bytes < small ? (small - bytes) >>> 11 : 0) + 64;
}

/**
 * One whole zstd frame of level 3 with its content size in the header, without checksum; valid until the next call. The same
 * input gives the same bytes as long as Node's zstd is the same version. Level 3 is zstd's default, and what a context that
 * is used again has: `reset` forgets another.
 */
export function zstdFrame(bytes: Uint8Array): Uint8Array {
  const bound = frameBytesBound(bytes.length);
  if (output.length < bound) output = new Uint8Array(bound);
  handle ??= new ZlibHandle(createZstdCompress());
  handle.reset();
  const { taken, given } = handle.step(constants.ZSTD_e_end, bytes, 0, bytes.length, output);
  if (taken !== bytes.length)
    throw new RangeError(`zstd took ${taken} of ${bytes.length} bytes into room for all`);
  return output.subarray(0, given);
}
