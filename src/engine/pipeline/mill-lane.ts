/** A mill thread as the pipeline sees it: stripes go in block by block, and come out milled in the same order. */
import type { Worker } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import type { FromMill, MillThreadData, ToMill } from '../mill/protocol.ts';
import type { MilledStripe } from '../mill/stripe-mill.ts';
import type { Block } from './block-pool.ts';
import { startThread } from '../thread.ts';

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
  private readonly waiting: {
    readonly resolve: (milled: MilledStripe) => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor(data: MillThreadData, handlers: LaneHandlers) {
    this.handlers = handlers;
    this.worker = startThread('mill/mill-thread', {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMib, maxOldGenerationSizeMb: oldMib },
      onError: (error) => {
        this.giveUp(error);
        handlers.onError(error);
      },
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

  /** Ends the stripe that was started last. Rejects where the thread ends before it. */
  finish(dropTail: boolean): Promise<MilledStripe> {
    const { promise, resolve, reject } = Promise.withResolvers<MilledStripe>();
    promise.catch(() => undefined); // whoever waits for it is told; nobody may have come to it
    this.waiting.push({ resolve, reject });
    this.send({ type: 'finish', dropTail });
    return promise;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
    this.giveUp(new Error('The mill thread was ended'));
  }

  private giveUp(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
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
        this.waiting.shift()?.resolve(message.milled);
        break;
      default:
        assertNever(message);
    }
  }
}
