/** Shared memory between the decoder and the mill threads: a bound on bytes in flight, and blocks used again. */

export interface Block {
  readonly slot: number;
  readonly memory: SharedArrayBuffer;
  readonly bytes: Uint8Array;
}

/**
 * Lends blocks as long as fewer than `bytesMax` are lent. A change of the block's size frees the blocks of the old one as
 * they come back.
 */
export class BlockPool {
  private blockBytes: number;
  private bytesMax: number;
  private free: Block[] = [];
  private readonly lent = new Map<number, Block>();
  private lentBytes = 0;
  private slots = 0;

  constructor(blockBytes: number, bytesMax: number) {
    this.blockBytes = blockBytes;
    this.bytesMax = bytesMax;
  }

  /** True while no more blocks should be asked for. */
  get exhausted(): boolean {
    return this.lentBytes >= this.bytesMax;
  }

  get inFlight(): number {
    return this.lent.size;
  }

  /** Changes the size of blocks lent from now on, and the bound. */
  resize(blockBytes: number, bytesMax: number): void {
    if (blockBytes !== this.blockBytes) this.free = [];
    this.blockBytes = blockBytes;
    this.bytesMax = bytesMax;
    this.trim();
  }

  /** A block that is lent. */
  lentBlock(slot: number): Block {
    const block = this.lent.get(slot);
    if (block === undefined) throw new RangeError(`Block ${slot} is not lent`);
    return block;
  }

  take(): Block {
    let block = this.free.pop();
    if (block === undefined) {
      const memory = new SharedArrayBuffer(this.blockBytes);
      block = { slot: this.slots++, memory, bytes: new Uint8Array(memory) };
    }
    this.lent.set(block.slot, block);
    this.lentBytes += block.bytes.length;
    return block;
  }

  give(slot: number): void {
    const block = this.lentBlock(slot);
    this.lent.delete(slot);
    this.lentBytes -= block.bytes.length;
    if (block.bytes.length !== this.blockBytes) return;
    this.free.push(block);
    this.trim();
  }

  /** What the bound no longer allows goes to the garbage collector. */
  private trim(): void {
    // rounded up, as `exhausted` does: else the last block would be made anew each time
    const keep = Math.max(0, Math.ceil(this.bytesMax / this.blockBytes) - this.lent.size);
    if (this.free.length > keep) this.free.length = keep;
  }
}
