/** Decoders that are pulled: compressed bytes in, decompressed bytes into memory of the caller's, on the caller's thread. */
import zlib from 'node:zlib';
import { ZlibError, ZlibHandle, type ZlibStep } from '../zlib/zlib-handle.ts';
import type { Container } from './container.ts';

/** 2^31, what `zstd --long=31` makes; the default limit of decoders is 2^27. */
const windowLogMax = 31;

export interface ByteDecoder {
  /** Decodes from `input` [from, to) to the start of `output`. @throws ZlibError where the bytes are damaged. */
  decode(input: Uint8Array, from: number, to: number, output: Uint8Array): ZlibStep;
  /** Whether the stream may end here. Asked once, at the file's end; not of zstd, whose frames the walker knows. */
  isWhole(): boolean;
  /** Gives the window back. May be called again. */
  close(): void;
}

class ZlibDecoder implements ByteDecoder {
  private readonly handle: ZlibHandle;

  constructor(stream: zlib.ZstdDecompress | zlib.Gunzip) {
    this.handle = new ZlibHandle(stream);
  }

  decode(input: Uint8Array, from: number, to: number, output: Uint8Array): ZlibStep {
    return this.handle.step(zlib.constants.Z_NO_FLUSH, input, from, to, output);
  }

  isWhole(): boolean {
    try {
      // zlib finds that it should finish and can't
      this.handle.step(zlib.constants.Z_FINISH, Buffer.alloc(0), 0, 0, Buffer.alloc(1));
      return true;
    } catch (error) {
      if (error instanceof ZlibError) return false;
      throw error;
    }
  }

  close(): void {
    this.handle.close();
  }
}

const copying: ByteDecoder = {
  decode(input, from, to, output) {
    const count = Math.min(to - from, output.length);
    output.set(input.subarray(from, from + count));
    return { taken: count, given: count };
  },
  isWhole: () => true,
  close: () => undefined,
};

/** A new decoder for a container. A zstd one goes on from frame to frame by itself, over skippable ones too. */
export function openDecoder(container: Exclude<Container, 'zst_blocks'>): ByteDecoder {
  switch (container) {
    case 'zstd':
      return new ZlibDecoder(
        zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: windowLogMax } }),
      );
    case 'gzip':
      return new ZlibDecoder(zlib.createGunzip());
    case 'plain':
      return copying;
  }
}
