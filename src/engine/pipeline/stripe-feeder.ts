/** Decompressed chunks in, stripes on mill threads out: the half of the pipeline that pushes, and waits when it must. */
import type { ResumePoint } from '../../contract/job.ts';
import { StripeCutter, type StripeRange } from '../archive/stripe-cutter.ts';
import type { MillOptions, MilledStripe } from '../mill/stripe-mill.ts';
import { BlockPool, type Block } from './block-pool.ts';
import { MillLane, type BlockReport } from './mill-lane.ts';

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
  onStripe(stripe: Stripe): void;
  onBlockDone(report: BlockReport): void;
  onError(error: Error): void;
  /** The reader may be resumed. */
  onRoom(): void;
}

/** A smaller block is more message than bytes, a larger one more waiting than milling. */
const blockBytesMin = 64 * 1024;
const blockBytesMax = 1024 * 1024;

export class StripeFeeder {
  private readonly options: FeederOptions;
  private readonly handlers: FeederHandlers;
  private readonly pool: BlockPool;
  private readonly lanes: readonly MillLane[];
  private readonly batchLines = new Int32Array(new SharedArrayBuffer(4));
  private readonly cutter: StripeCutter;
  /** Stripes given to lanes and not yet done with: the bound keeps milled ones from piling up before a slow writer. */
  private stripesOpen = 0;
  private stripesStarted = 0;
  private stripeHasBytes = false;
  private lane: MillLane | null = null;
  private block: Block | null = null;
  private blockFill = 0;
  private held = false;
  private waiting = false;

  constructor(options: FeederOptions, handlers: FeederHandlers) {
    this.options = options;
    this.handlers = handlers;
    this.pool = new BlockPool(this.blockBytesFor(options.batchSize), options.inFlightBytesMax);
    Atomics.store(this.batchLines, 0, options.batchSize);
    const data = { options: options.mill, batchLines: this.batchLines };
    this.lanes = Array.from(
      { length: options.threads },
      () =>
        new MillLane(data, {
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

  get blocksInFlight(): number {
    return this.pool.inFlight;
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** Takes the next bytes, all of them; false: no more until `onRoom`. */
  write(bytes: Uint8Array): boolean {
    this.cutter.write(bytes);
    this.waiting = this.mustWait();
    return !this.waiting;
  }

  /** The archive has ended. `dropTail`: damage cut the last line off, and it is no line. */
  end(dropTail: boolean): void {
    this.endStripe(this.cutter.current, this.cutter.position, { last: true, dropTail });
  }

  /** The writer has done with a stripe. */
  stripeDone(): void {
    this.stripesOpen--;
    this.goOn();
  }

  /** Takes effect with the next block. */
  resize(batchSize: number, inFlightBytesMax: number): void {
    Atomics.store(this.batchLines, 0, batchSize);
    this.pool.resize(this.blockBytesFor(batchSize), inFlightBytesMax);
    this.goOn();
  }

  /** Asks for no more bytes, or goes on; what is in flight is milled either way. */
  hold(held: boolean): void {
    this.held = held;
    this.goOn();
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private blockBytesFor(lines: number): number {
    const wanted = Math.ceil((lines * this.options.meanLineBytes) / 4096) * 4096;
    return Math.min(Math.max(wanted, blockBytesMin), blockBytesMax);
  }

  private mustWait(): boolean {
    return this.held || this.pool.exhausted || this.stripesOpen > this.lanes.length + 1;
  }

  private goOn(): void {
    if (!this.waiting || this.mustWait()) return;
    this.waiting = false;
    this.handlers.onRoom();
  }

  private takeBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.stripeHasBytes = true;
    const lane = this.openLane(this.cutter.position);
    let at = 0;
    while (at < bytes.length) {
      this.block ??= this.pool.take();
      const take = Math.min(bytes.length - at, this.block.bytes.length - this.blockFill);
      this.block.bytes.set(bytes.subarray(at, at + take), this.blockFill);
      this.blockFill += take;
      at += take;
      if (this.blockFill === this.block.bytes.length) this.sendBlock(lane);
    }
  }

  private openLane(offset: number): MillLane {
    if (this.lane === null) {
      this.lane = this.lanes[this.stripesStarted++ % this.lanes.length] as MillLane;
      this.stripesOpen++;
      this.lane.start(offset);
    }
    return this.lane;
  }

  private sendBlock(lane: MillLane): void {
    if (this.block !== null) lane.block(this.block, this.blockFill);
    this.block = null;
    this.blockFill = 0;
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
    this.sendBlock(lane);
    this.lane = null;
    this.stripeHasBytes = false;
    this.handlers.onStripe({ range, milled: lane.finish(dropTail), end, last });
  }

  private blockDone(report: BlockReport): void {
    this.pool.give(report.slot);
    this.handlers.onBlockDone(report);
    this.goOn();
  }
}
