/** A thread that compresses frames, as whoever writes them sees it. */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';
import type { FrameThreadData, FromFrameThread, ToFrameThread } from './frame-thread.ts';

/** It allocates messages only; frames and zstd's tables lie outside of the heap. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

export class FrameLane {
  private readonly worker: Worker;
  private readonly waiting: PromiseWithResolvers<Uint8Array>[] = [];
  private failure: Error | null = null;

  constructor(data: FrameThreadData) {
    this.worker = startThread('reframe/frame-thread', {
      workerData: data,
      resourceLimits,
      onError: (error) => {
        this.giveUp(error);
      },
    });
    this.worker.on('message', (frame: FromFrameThread) => {
      this.waiting.shift()?.resolve(frame);
    });
  }

  /** One zstd frame of the first `bytes` of the memory, which must not change until then. Rejects where the thread ends before. */
  compress(memory: SharedArrayBuffer, bytes: number): Promise<Uint8Array> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const frame = Promise.withResolvers<Uint8Array>();
    frame.promise.catch(() => undefined); // whoever waits for it is told; nobody may have come to it
    this.waiting.push(frame);
    this.worker.postMessage({ memory, bytes } satisfies ToFrameThread);
    return frame.promise;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
    this.giveUp(new Error('The compressing thread was ended'));
  }

  private giveUp(error: Error): void {
    this.failure = error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
