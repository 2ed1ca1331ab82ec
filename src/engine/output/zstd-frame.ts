import { constants, zstdCompressSync } from 'node:zlib';

/** Worst size of a zstd frame of `bytes` bytes, as ZSTD_COMPRESSBOUND in zstd.h. */
function frameBytesBound(bytes: number): number {
  const small = 128 * 1024;
  return bytes + (bytes >>> 8) + (bytes < small ? (small - bytes) >>> 11 : 0) + 64;
}

/**
 * One whole zstd frame with its content size in the header, without checksum. The same input and level give the same
 * bytes as long as Node's zstd is the same version. One output chunk of the worst size, because Node's default of
 * 16 KiB costs a tenth of the speed and a concatenation; the chunk's size is part of what fixes the bytes.
 */
export function zstdFrame(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, {
    chunkSize: frameBytesBound(bytes.length),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
}
