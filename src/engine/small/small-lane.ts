/** A pool's thread as the pool sees it. */
import type { Worker } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import { startThread } from '../thread.ts';
import { packError, unpackError } from '../pipeline/thread-error.ts';
import type { FromSmall, SmallThreadData, ToSmall } from './protocol.ts';
import type { SmallArchivePoolOptions } from './small-archive-pool.ts';
import type { SmallArchive, SmallArchiveResult } from './small-archive.ts';

/** Records of a look into an archive, promises and views; buffers and the window lie outside the heap. */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 };

export class SmallLane {
  private readonly worker: Worker;
  private readonly isRunning: SmallArchivePoolOptions['isRunning'];
  private making: (PromiseWithResolvers<SmallArchiveResult> & { readonly signal: AbortSignal }) | null = null;
  private timer: NodeJS.Timeout | null = null;
  private dead: Error | null = null;

  constructor({ confine, isRunning }: Pick<SmallArchivePoolOptions, 'confine' | 'isRunning'>) {
    this.isRunning = isRunning;
    this.worker = startThread('small/small-thread', {
      workerData: { confine } satisfies SmallThreadData,
      resourceLimits,
      onError: (error) => {
        this.die(error);
      },
    });
    this.worker.on('message', (message: FromSmall) => {
      this.receive(message);
    });
  }

  /** Whether another archive may be given to it. */
  get isAlive(): boolean {
    return this.dead === null;
  }

  /** One at a time. @throws as `SmallArchivePool.mill` */
  async make(archive: SmallArchive, signal: AbortSignal): Promise<SmallArchiveResult> {
    signal.throwIfAborted();
    if (this.dead !== null) throw this.dead;
    if (this.timer !== null) clearTimeout(this.timer);
    const making = { ...Promise.withResolvers<SmallArchiveResult>(), signal };
    this.making = making;
    const onAbort = (): void => {
      this.send({ type: 'stop' });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.send({ type: 'make', archive });
    try {
      return await making.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.making = null;
    }
  }

  /** Ends the thread after so long without work, and tells. */
  restFor(ms: number, onEnd: () => void): void {
    this.timer = setTimeout(() => {
      onEnd();
      void this.close();
    }, ms);
    this.timer.unref();
  }

  /** Gives up the archive at hand, as an abort does, and ends the thread. */
  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    const { making } = this;
    if (making !== null) {
      this.send({ type: 'stop' });
      await making.promise.catch(() => undefined); // told to whoever asked for it
    }
    this.dead ??= new Error('The pool of small archives was closed');
    await this.worker.terminate();
  }

  private send(message: ToSmall): void {
    this.worker.postMessage(message);
  }

  private die(error: Error): void {
    this.dead = error;
    this.making?.reject(error);
  }

  private receive(message: FromSmall): void {
    const { making } = this;
    switch (message.type) {
      case 'made':
        making?.resolve(message.result);
        break;
      case 'failed':
        making?.reject(unpackError(message.error));
        break;
      case 'stopped':
        making?.reject(making.signal.reason ?? new Error('The pool of small archives was closed'));
        break;
      case 'is-running':
        void this.answer(message.jobId);
        break;
      default:
        assertNever(message);
    }
  }

  private async answer(jobId: string): Promise<void> {
    try {
      this.send({ type: 'running', running: await this.isRunning(jobId), error: null });
    } catch (error) {
      this.send({ type: 'running', running: false, error: packError(error) });
    }
  }
}
