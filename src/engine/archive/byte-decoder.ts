/** Decoders that are pulled: compressed bytes in, decompressed bytes into memory of the caller's, on the caller's thread. */
import zlib from 'node:zlib';
import type { Container } from './container.ts';

/** 2^31, what `zstd --long=31` makes; the default limit of decoders is 2^27. */
const windowLogMax = 31;

/** What one step took and gave; it ended because the input or the output was used up. */
export interface DecodeStep {
  readonly taken: number;
  readonly given: number;
}

export interface ByteDecoder {
  /** Decodes from `input` [from, to) to the start of `output`. @throws DecodeError where the bytes are damaged. */
  decode(input: Uint8Array, from: number, to: number, output: Uint8Array): DecodeStep;
  /** Whether the stream may end here. Asked once, at the file's end; not of zstd, whose frames the walker knows. */
  isWhole(): boolean;
  /** Gives the window back. May be called again. */
  close(): void;
}

/** The bytes are not what the format allows. What the step had already written is lost: how much it was, zlib does not say. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/**
 * The part of Node's zlib streams that their own synchronous functions use. A stream allocates every chunk of its
 * output anew, which costs as much as decompression itself (2 GB: 3.9 s, this way 1.7 s, as `zstd -dc`), and cannot write
 * into shared memory. The names have stood since Node 0.5; `openHandle` says so when they are gone.
 * @see https://github.com/nodejs/node/blob/main/lib/zlib.js, `processChunkSync`
 */
interface ZlibHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputBytes: number,
    output: Uint8Array,
    outputOffset: number,
    outputBytes: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

interface ZlibInternals {
  readonly _handle?: Partial<ZlibHandle>;
  /** After a write: bytes of output room left, bytes of input left. */
  readonly _writeState?: Uint32Array;
}

class ZlibDecoder implements ByteDecoder {
  private readonly stream: zlib.ZstdDecompress | zlib.Gunzip;
  private readonly handle: ZlibHandle;
  private readonly state: Uint32Array;
  private failure: string | null = null;

  constructor(stream: zlib.ZstdDecompress | zlib.Gunzip) {
    this.stream = stream;
    const { _handle: handle, _writeState: state } = stream as unknown as ZlibInternals;
    if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) {
      throw new TypeError(
        `Cannot decompress with Node ${process.version}: its zlib has other inner names than Node 22 and 24; use one of those`,
      );
    }
    this.handle = handle as ZlibHandle;
    this.handle.onerror = (message) => {
      this.failure = message;
    };
    this.state = state;
  }

  decode(input: Uint8Array, from: number, to: number, output: Uint8Array): DecodeStep {
    this.handle.writeSync(zlib.constants.Z_NO_FLUSH, input, from, to - from, output, 0, output.length);
    if (this.failure !== null) throw new DecodeError(this.failure);
    const [roomLeft = 0, inputLeft = 0] = this.state;
    return { taken: to - from - inputLeft, given: output.length - roomLeft };
  }

  isWhole(): boolean {
    // zlib finds that it should finish and can't
    this.handle.writeSync(zlib.constants.Z_FINISH, Buffer.alloc(0), 0, 0, Buffer.alloc(1), 0, 1);
    return this.failure === null;
  }

  close(): void {
    this.stream.close();
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
export function openDecoder(container: Container): ByteDecoder {
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
