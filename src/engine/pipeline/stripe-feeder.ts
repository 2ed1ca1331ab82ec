/** Decompressed blocks in, stripes on mill threads out: the half of the pipeline that pushes, and waits when it must. */
import type { ResumePoint } from '../../contract/job.ts';
import { StripeCutter, type StripeRange } from '../archive/stripe-cutter.ts';
import type { MillOptions, MilledStripe } from '../mill/stripe-mill.ts';
import { BlockPool, type Block } from './block-pool.ts';
import type { BlockReport } from './mill-lane.ts';
import { threadStaff, type Lane, type Staff } from './staff.ts';

export interface FeederOptions {
  readonly from: ResumePoint;
  readonly mill: MillOptions;
  /** Decompressed input of a part. */
  readonly partBytes: number;
  readonly threads: number;
  /** Lines. */
  readonly batchSize: number;
  readonly meanLineBytes: number;
  /** Decompressed bytes on their way to the mill threads; beyond it the decoder waits. */
  readonly inFlightBytesMax: number;
  /** Default: threads of its own. */
  readonly staff?: Staff;
}

/** A stripe that a mill thread has been given whole. */
export interface Stripe {
  readonly range: StripeRange;
  /** null: no line can start here, because the archive ended where the part would have begun. */
  readonly milled: Promise<MilledStripe> | null;
  /** Where the next line starts. */
  readonly end: number;
  readonly last: boolean;
}

export interface FeederHandlers {
  readonly onStripe: (stripe: Stripe) => void;
  readonly onBlockDone: (report: BlockReport) => void;
  readonly onError: (error: Error) => void;
  /** `emptyBlock` may have one again. */
  readonly onRoom: () => void;
}

/** A smaller block is more message than bytes, a larger one more waiting than milling. */
const blockBytesMin = 64 * 1024;
const blockBytesMax = 1024 * 1024;

export class StripeFeeder {
  private readonly options: FeederOptions;
  private readonly handlers: FeederHandlers;
  private readonly pool: BlockPool;
  private readonly lanes: readonly Lane[];
  private readonly batchLines = new Int32Array(new SharedArrayBuffer(4));
  private readonly cutter: StripeCutter;
  /** Stripes given to lanes and not yet done with: the bound keeps milled ones from piling up before a slow writer. */
  private stripesOpen = 0;
  private stripesStarted = 0;
  private stripeHasBytes = false;
  private lane: Lane | null = null;
  /** The block whose bytes are being cut, and how many lanes have pieces of each block. */
  private block: Block | null = null;
  private readonly pieces = new Map<number, number>();
  private held = false;

  constructor(options: FeederOptions, handlers: FeederHandlers) {
    this.options = options;
    this.handlers = handlers;
    this.pool = new BlockPool(this.blockBytesFor(options.batchSize), options.inFlightBytesMax);
    Atomics.store(this.batchLines, 0, options.batchSize);
    const data = { options: options.mill, batchLines: this.batchLines };
    const { staff = threadStaff } = options;
    this.lanes = Array.from({ length: options.threads }, () =>
      staff.lane(data, {
        onBlockDone: (report) => {
          this.blockDone(report);
        },
        onError: handlers.onError,
      }),
    );
    this.cutter = new StripeCutter(options.from.offset, options.from.part, options.partBytes, {
      onBytes: (bytes) => {
        this.takeBytes(bytes);
      },
      onStripeEnd: (range, end) => {
        this.endStripe(range, end, { last: false, dropTail: false });
      },
    });
  }

  /** Decompressed offset of the next byte. */
  get position(): number {
    return this.cutter.position;
  }

  /** Blocks of bytes that the mill threads have and are not done with. */
  get blocksInFlight(): number {
    return this.pieces.size;
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** An empty block to be filled; null: not now, `onRoom` tells when. */
  emptyBlock(): Block | null {
    const wait = this.held || this.pool.exhausted || this.stripesOpen > this.lanes.length + 1;
    return wait ? null : this.pool.take();
  }

  /** Takes a block that was filled with the next bytes of the archive; none: it was not needed. */
  write(slot: number, bytes: number): void {
    const block = this.pool.lentBlock(slot);
    this.block = block;
    this.pieces.set(slot, 0);
    this.cutter.write(block.bytes.subarray(0, bytes));
    this.block = null;
    if (this.pieces.get(slot) === 0) this.giveBack(slot);
  }

  /** The archive has ended. `dropTail`: damage cut the last line off, and it is no line. */
  end(dropTail: boolean): void {
    this.endStripe(this.cutter.current, this.cutter.position, { last: true, dropTail });
  }

  /** The writer has done with a stripe. */
  stripeDone(): void {
    this.stripesOpen--;
    this.handlers.onRoom();
  }

  /** Takes effect with the next block. */
  resize(batchSize: number, inFlightBytesMax: number): void {
    Atomics.store(this.batchLines, 0, batchSize);
    this.pool.resize(this.blockBytesFor(batchSize), inFlightBytesMax);
    this.handlers.onRoom();
  }

  /** Asks for no more bytes, or goes on; what is in flight is milled either way. */
  hold(held: boolean): void {
    this.held = held;
    if (!held) this.handlers.onRoom();
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  /**
   * A power of two: batches grow by a quarter at a time, and blocks of another size are other memory. The old ones are freed
   * only when all threads have collected their garbage, so two or three sizes stood beside each other (60 MB each).
   */
  private blockBytesFor(lines: number): number {
    const wanted = lines * this.options.meanLineBytes;
    let bytes = blockBytesMin;
    while (bytes < wanted && bytes < blockBytesMax) bytes *= 2;
    return bytes;
  }

  private takeBytes(bytes: Uint8Array): void {
    const { block } = this;
    if (bytes.length === 0 || block === null) return;
    this.stripeHasBytes = true;
    const lane = this.openLane(this.cutter.position);
    this.pieces.set(block.slot, (this.pieces.get(block.slot) ?? 0) + 1);
    // the cutter gives views of the block
    lane.block(block, bytes.byteOffset, bytes.byteOffset + bytes.length);
  }

  private openLane(offset: number): Lane {
    if (this.lane === null) {
      this.lane = this.lanes[this.stripesStarted++ % this.lanes.length] as Lane;
      this.stripesOpen++;
      this.lane.start(offset);
    }
    return this.lane;
  }

  private endStripe(
    range: StripeRange,
    end: number,
    { last, dropTail }: { last: boolean; dropTail: boolean },
  ): void {
    // No part begins at the archive's very end.
    const partStart = range.part * this.options.partBytes;
    if (last && !this.stripeHasBytes && range.from === partStart && end > 0) {
      this.handlers.onStripe({ range, milled: null, end, last });
      return;
    }
    const lane = this.openLane(end);
    this.lane = null;
    this.stripeHasBytes = false;
    this.handlers.onStripe({ range, milled: lane.finish(dropTail), end, last });
  }

  private blockDone(report: BlockReport): void {
    const left = (this.pieces.get(report.slot) ?? 1) - 1;
    this.pieces.set(report.slot, left);
    this.handlers.onBlockDone(report);
    if (left === 0) this.giveBack(report.slot);
  }

  private giveBack(slot: number): void {
    this.pieces.delete(slot);
    this.pool.give(slot);
    this.handlers.onRoom();
  }
}
