import { isSkippableMagic, readFrameHeader, zstdMagic, type FrameHeader } from './zstd-frames.ts';

/** A piece of a zstd stream, in order. `data` views the bytes that were fed: use it before feeding more. */
export type FramePiece =
  | { readonly type: 'start'; readonly offset: number; readonly header: FrameHeader }
  | { readonly type: 'data'; readonly offset: number; readonly data: Uint8Array }
  | { readonly type: 'end'; readonly offset: number };

/** What the stream holds at a place where the format allows only a frame, a block or a checksum. */
export class FrameFormatError extends Error {
  /** Compressed offset. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'FrameFormatError';
    this.offset = offset;
  }
}

/** Magic number (4), descriptor (1), window (1), dictionary id (4), content size (8). */
const headerBytesMax = 18;
const blockHeaderBytes = 3;
const blockTypeRle = 1;
const blockTypeReserved = 3;
/** RFC 8878: no block is larger, whatever the window. */
const blockBytesMax = 128 * 1024;

type Expect = 'frame' | 'block-header' | 'block' | 'checksum' | 'skippable';

/**
 * Splits a zstd stream into its frames as the bytes pass by; skippable frames are left out. Feed it chunks of any size;
 * memory: 18 bytes.
 */
export class FrameWalker {
  private offset: number;
  private expect: Expect = 'frame';
  private remaining = 0;
  private lastBlock = false;
  private hasChecksum = false;
  private readonly held = new Uint8Array(headerBytesMax);
  private heldBytes = 0;

  /** `offset`: compressed offset of the first byte that will be fed; a frame starts there. */
  constructor(offset = 0) {
    this.offset = offset;
  }

  /** True between frames: the stream may end here. */
  get atBoundary(): boolean {
    return this.expect === 'frame' && this.heldBytes === 0;
  }

  /** True where the last data piece goes on in the next bytes. */
  get insidePiece(): boolean {
    return this.expect === 'block-header'
      ? this.heldBytes > 0
      : (this.expect === 'block' || this.expect === 'checksum') && this.remaining > 0;
  }

  /** @throws FrameFormatError where the bytes are no zstd stream. */
  *feed(bytes: Uint8Array): Generator<FramePiece> {
    let at = 0;
    while (at < bytes.length) {
      if (this.expect === 'frame') {
        // Headers are a few bytes in many kilobytes: collecting them byte by byte costs nothing that shows.
        this.held[this.heldBytes++] = bytes[at++] as number;
        const start = this.offset;
        this.offset++;
        yield* this.frameHeader(start - this.heldBytes + 1);
        continue;
      }
      if (this.expect === 'block-header') {
        const from = at;
        while (at < bytes.length && this.heldBytes < blockHeaderBytes)
          this.held[this.heldBytes++] = bytes[at++] as number;
        yield this.data(bytes, from, at);
        if (this.heldBytes === blockHeaderBytes) this.blockHeader();
      } else {
        const take = Math.min(this.remaining, bytes.length - at);
        if (this.expect === 'skippable') this.offset += take;
        else yield this.data(bytes, at, at + take);
        at += take;
        this.remaining -= take;
      }
      if (this.expect !== 'block-header' && this.remaining === 0) yield* this.next();
    }
  }

  private data(bytes: Uint8Array, from: number, to: number): FramePiece {
    const piece: FramePiece = { type: 'data', offset: this.offset, data: bytes.subarray(from, to) };
    this.offset += to - from;
    return piece;
  }

  private *frameHeader(start: number): Generator<FramePiece> {
    if (this.heldBytes < 4) return;
    const held = this.held.subarray(0, this.heldBytes);
    const magic = new DataView(held.buffer, held.byteOffset).getUint32(0, true);
    if (isSkippableMagic(magic)) {
      if (this.heldBytes < 8) return;
      this.remaining = new DataView(held.buffer, held.byteOffset).getUint32(4, true);
      this.heldBytes = 0;
      this.expect = this.remaining === 0 ? 'frame' : 'skippable';
      return;
    }
    if (magic !== zstdMagic) throw new FrameFormatError(start, 'no zstd frame starts here');
    let header: FrameHeader | null;
    try {
      header = readFrameHeader(held);
    } catch (cause) {
      throw new FrameFormatError(start, (cause as RangeError).message);
    }
    if (header === null) return;
    this.hasChecksum = header.hasChecksum;
    this.expect = 'block-header';
    this.heldBytes = 0;
    yield { type: 'start', offset: start, header };
    yield { type: 'data', offset: start, data: held.slice() };
  }

  private blockHeader(): void {
    const [a, b, c] = this.held as unknown as [number, number, number];
    const header = a | (b << 8) | (c << 16);
    this.heldBytes = 0;
    this.lastBlock = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === blockTypeReserved || (type !== blockTypeRle && size > blockBytesMax)) {
      throw new FrameFormatError(this.offset - blockHeaderBytes, 'no zstd block starts here');
    }
    this.remaining = type === blockTypeRle ? 1 : size;
    this.expect = 'block';
  }

  /** A block, checksum or skippable frame has ended. */
  private *next(): Generator<FramePiece> {
    if (this.expect === 'block' && !this.lastBlock) {
      this.expect = 'block-header';
    } else if (this.expect === 'block' && this.hasChecksum) {
      this.expect = 'checksum';
      this.remaining = 4;
    } else {
      const wasFrame = this.expect !== 'skippable';
      this.expect = 'frame';
      if (wasFrame) yield { type: 'end', offset: this.offset };
    }
  }
}
