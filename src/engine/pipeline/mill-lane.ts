/** A mill thread as the pipeline sees it: stripes go in block by block, and come out milled in the same order. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import type { FromMill, MillThreadData, ToMill } from '../mill/protocol.ts';
import type { MilledStripe } from '../mill/stripe-mill.ts';
import type { Block } from './block-pool.ts';

export type BlockReport = Extract<FromMill, { type: 'block-done' }>;

export interface LaneHandlers {
  onBlockDone(report: BlockReport): void;
  /** The thread is gone; nothing more comes from this lane. */
  onError(error: Error): void;
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
    // beside this folder, with its extension: sources run as TypeScript, the package as JavaScript
    const extension = path.extname(import.meta.filename);
    this.worker = new Worker(path.join(import.meta.dirname, '..', 'mill', `mill-thread${extension}`), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMib, maxOldGenerationSizeMb: oldMib },
    });
    this.worker.on('message', (message: FromMill) => {
      this.receive(message);
    });
    this.worker.on('error', (error: unknown) => {
      handlers.onError(error instanceof Error ? error : new Error(String(error)));
    });
  }

  start(offset: number): void {
    this.send({ type: 'start', offset });
  }

  block(block: Block, bytes: number): void {
    this.send({ type: 'block', slot: block.slot, memory: block.memory, bytes });
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
