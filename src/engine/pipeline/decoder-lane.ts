/** The decoder thread as the pipeline sees it: empty blocks go in, filled ones come out in the same order. */
import type { Worker } from 'node:worker_threads';
import { assertNever, ThreadmillError } from '../../core/errors.ts';
import type {
  DecoderPosition,
  DecoderThreadData,
  FromDecoder,
  ToDecoder,
} from '../archive/decoder-protocol.ts';
import type { Block } from './block-pool.ts';
import { startThread } from '../thread.ts';

export type DecoderEnd = Extract<FromDecoder, { type: 'end' }>;

export interface DecoderHandlers {
  readonly onFilled: (slot: number, bytes: number) => void;
  readonly onEnd: (end: DecoderEnd) => void;
  /** A file that can't be read, or a thread that is gone; nothing more comes. */
  readonly onError: (error: Error) => void;
}

/** It allocates messages only; its buffers and the window lie outside the heap. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

export class DecoderLane {
  /** Where the decoder was when it last said so. */
  position: DecoderPosition;
  private readonly worker: Worker;
  private readonly handlers: DecoderHandlers;
  private readonly onFrames: (frames: DecoderPosition['frames']) => void;

  constructor(
    data: DecoderThreadData,
    handlers: DecoderHandlers,
    onFrames: (frames: DecoderPosition['frames']) => void,
  ) {
    this.handlers = handlers;
    this.onFrames = onFrames;
    this.position = {
      compressedOffset: data.from.compressed,
      decompressedOffset: data.from.decompressed,
      windowBytes: 0,
      frames: [],
      holes: [],
    };
    this.worker = startThread('archive/decoder-thread', {
      workerData: data,
      resourceLimits,
      onError: handlers.onError,
    });
    this.worker.on('message', (message: FromDecoder) => {
      this.receive(message);
    });
  }

  fill(block: Block): void {
    this.worker.postMessage({ type: 'fill', slot: block.slot, memory: block.memory } satisfies ToDecoder);
  }

  /** Ends the thread wherever it is; the window is given back with it. */
  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private receive(message: FromDecoder): void {
    switch (message.type) {
      case 'filled':
        this.move(message.position);
        this.handlers.onFilled(message.slot, message.bytes);
        break;
      case 'skipped':
        this.move(message.position);
        break;
      case 'end':
        this.move(message.position);
        this.handlers.onEnd(message);
        break;
      case 'failed': {
        const { code, message: text, facts } = message;
        this.handlers.onError(code === null ? new Error(text) : new ThreadmillError(code, text, { facts }));
        break;
      }
      default:
        assertNever(message);
    }
  }

  private move(position: DecoderPosition): void {
    this.position = position;
    this.onFrames(position.frames);
  }
}
