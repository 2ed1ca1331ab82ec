/** Where an archive's text is cut into frames: at line borders, by the frame's own start alone. */
const lineFeed = 0x0a;
/**
 * So much longer than wanted may a frame become before it ends inside a line: no line that is worth keeping is longer
 * (`lineBytesMax`), and a file without line feeds must not fill memory.
 */
const tailBytesMax = 16 * 1024 * 1024;

/** Bytes that a frame's memory must hold. */
export function frameCapacity(frameBytes: number): number {
  return frameBytes + tailBytesMax;
}

/**
 * Fills one frame after the other. A frame ends behind the first line feed at or behind its byte `frameBytes` − 1, or where its
 * memory is full. That depends on where it starts and on the text, so that a frame that is made again is the same.
 */
export class FrameCutter {
  private readonly frameBytes: number;
  private target: Uint8Array;
  private filled = 0;
  private ended = false;

  /** `target`: memory of `frameCapacity(frameBytes)`. */
  constructor(frameBytes: number, target: Uint8Array) {
    this.frameBytes = frameBytes;
    this.target = target;
  }

  /** Bytes of the frame that is being filled. */
  get bytes(): number {
    return this.filled;
  }

  /** The frame ends here: {@link next} goes on. */
  get isFull(): boolean {
    return this.ended;
  }

  /** Takes what belongs to this frame; gives how much that was. */
  take(text: Uint8Array): number {
    const search = Math.max(0, this.frameBytes - 1 - this.filled);
    const found = search < text.length ? text.indexOf(lineFeed, search) : -1;
    const wanted = found < 0 ? text.length : found + 1;
    const taken = Math.min(wanted, this.target.length - this.filled);
    this.target.set(text.subarray(0, taken), this.filled);
    this.filled += taken;
    this.ended = (found >= 0 && taken === wanted) || this.filled === this.target.length;
    return taken;
  }

  /** Begins the next frame in other memory. */
  next(target: Uint8Array): void {
    this.target = target;
    this.filled = 0;
    this.ended = false;
  }
}
