/** The synchronous heart of Node's zlib streams: bytes from one place of memory to another, nothing allocated. */
import type zlib from 'node:zlib';

/** What one step took and gave; it ended because the input or the room was used up. */
export interface ZlibStep {
  readonly taken: number;
  readonly given: number;
}

/** zlib or zstd refuses the bytes. What the step had already written is lost: how much it was, they do not say. */
export class ZlibError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ZlibError';
  }
}

/** What the streams' own synchronous functions use. */
interface Handle {
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

interface Internals {
  readonly _handle?: Partial<Handle>;
  /** After a write: bytes of room left, bytes of input left. */
  readonly _writeState?: Uint32Array;
}

type Stream = zlib.ZstdCompress | zlib.ZstdDecompress | zlib.Gunzip;

/**
 * A stream's handle, used directly. A stream allocates every chunk of its output anew, which costs as much as
 * decompression itself (2 GB: 3.9 s of CPU, this way 1.7 s, as `zstd -dc`), and cannot write into shared memory; a one-shot
 * compression makes a context for every frame, a quarter of its time. The names have stood since Node 0.5.
 * @see https://github.com/nodejs/node/blob/main/lib/zlib.js, `processChunkSync`
 */
export class ZlibHandle {
  private readonly stream: Stream;
  private readonly handle: Handle;
  private readonly state: Uint32Array;
  private failure: string | null = null;

  /** @throws TypeError where this Node has other inner names. */
  constructor(stream: Stream) {
    this.stream = stream;
    const { _handle: handle, _writeState: state } = stream as unknown as Internals;
    if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) {
      throw new TypeError(
        `Cannot use zlib of Node ${process.version}: it has other inner names than Node 22 and 24; use one of those`,
      );
    }
    this.handle = handle as Handle;
    this.handle.onerror = (message) => {
      this.failure = message;
    };
    this.state = state;
  }

  /**
   * One step from `input` [from, to) to the start of `output`.
   * @param flush a constant of zlib or zstd: whether the input ends here
   * @throws {ZlibError} where the bytes are damaged
   */
  step(flush: number, input: Uint8Array, from: number, to: number, output: Uint8Array): ZlibStep {
    this.handle.writeSync(flush, input, from, to - from, output, 0, output.length);
    if (this.failure !== null) throw new ZlibError(this.failure);
    const [roomLeft = 0, inputLeft = 0] = this.state;
    return { taken: to - from - inputLeft, given: output.length - roomLeft };
  }

  /** Gives its memory back. May be called again. */
  close(): void {
    this.stream.close();
  }
}
