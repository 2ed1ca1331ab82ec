/** A mill thread as the pipeline sees it: stripes go in block by block, and come out milled in the same order. */
import type { Worker } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import type { FromMill, MillThreadData, ToMill } from '../mill/protocol.ts';
import type { MilledStripe } from '../mill/stripe-mill.ts';
import type { Block } from './block-pool.ts';
import { startThread } from './thread.ts';

export type BlockReport = Extract<FromMill, { type: 'block-done' }>;

export interface LaneHandlers {
  readonly onBlockDone: (report: BlockReport) => void;
  /** The thread is gone; nothing more comes from this lane. */
  readonly onError: (error: Error) => void;
}

/**
 * A mill thread's young generation, MiB. It allocates only views and messages: V8's default of 16–64 would be memory
 * that no line needs.
 */
const youngMib = 4;
/** Typed arrays live outside the heap; the slow path's strings of one 16 MiB line fit many times. */
const oldMib = 512;

export class MillLane {
  private readonly worker: Worker;
  private readonly handlers: LaneHandlers;
  private readonly waiting: ((milled: MilledStripe) => void)[] = [];

  constructor(data: MillThreadData, handlers: LaneHandlers) {
    this.handlers = handlers;
    this.worker = startThread('mill/mill-thread', {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMib, maxOldGenerationSizeMb: oldMib },
      onError: handlers.onError,
    });
    this.worker.on('message', (message: FromMill) => {
      this.receive(message);
    });
  }

  start(offset: number): void {
    this.send({ type: 'start', offset });
  }

  /** Bytes [start, end) of a block. */
  block({ slot, memory }: Block, start: number, end: number): void {
    this.send({ type: 'block', slot, memory, start, end });
  }

  /** Ends the stripe that was started last. */
  finish(dropTail: boolean): Promise<MilledStripe> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.send({ type: 'finish', dropTail });
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private send(message: ToMill): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromMill): void {
    switch (message.type) {
      case 'block-done':
        this.handlers.onBlockDone(message);
        break;
      case 'stripe':
        this.waiting.shift()?.(message.milled);
        break;
      default:
        assertNever(message);
    }
  }
}
