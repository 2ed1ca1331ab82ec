/** Buckets to files, several at a time on threads of their own. */
import type { Worker } from 'node:worker_threads';
import { isRemote } from '../../core/places.ts';
import { assertNever } from '../../core/errors.ts';
import { startThread } from '../thread.ts';
import { unpackError } from '../pipeline/thread-error.ts';
import type { BucketOptions } from './bucket.ts';
import type { BuiltBucket } from './build-bucket.ts';
import type { AssemblerData, FromAssembler, ToAssembler } from './protocol.ts';

export type { SpillFile } from './bucket.ts';

const MiB = 1024 * 1024;
/** A thread beside the payload that it holds: its isolate, the keys of a usual bucket, the row group and its pages. */
const threadBytes = 112 * MiB;
/** What a thread takes more where files are in a store: the SDK, uploads under way, spills that are held. */
const remoteBytes = 112 * MiB;
/** Less would make passes of a few thousand rows; more than a usual bucket's third of its text needs nobody. */
const payloadBytesMin = 8 * MiB;
const payloadBytesMax = 96 * MiB;
/** It allocates views and small arrays; payloads live outside the heap. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 1024 };

export interface AssemblyOptions extends Omit<BucketOptions, 'payloadBytesMax' | 'checkStop'> {
  /** Buckets to build now, in this order as far as threads are free. */
  readonly todo: readonly number[];
  /** At most so many threads. */
  readonly threads: number;
  /** Memory that the assembly may take. */
  readonly limitBytes: number;
  /** Aborted: what is not committed is removed. */
  readonly signal: AbortSignal;
  /** Called after each bucket is committed, in any order. */
  readonly onBucket: (entry: BuiltBucket) => void;
}

/** How many threads fit a limit, and the payload that each may hold. `remote`: files are in a store. */
export function assemblyPlan(
  limitBytes: number,
  threads: number,
  remote = false,
): { readonly threads: number; readonly payloadBytesMax: number } {
  const own = remote ? threadBytes + remoteBytes : threadBytes;
  const fitting = Math.min(threads, Math.max(1, Math.floor(limitBytes / (2 * threadBytes))));
  const rest = limitBytes / fitting - own;
  return {
    threads: fitting,
    payloadBytesMax: Math.round(Math.min(payloadBytesMax, Math.max(payloadBytesMin, rest))),
  };
}

/**
 * Builds the buckets of `todo`. Each is idempotent and whole or not at all; the first failure stops the others.
 * @throws ThreadmillError as `assembleBucket`; the signal's reason where that is aborted
 */
export async function assembleBuckets(options: AssemblyOptions): Promise<void> {
  const { todo, signal, onBucket, limitBytes, threads: threadsMax, ...bucket } = options;
  signal.throwIfAborted();
  const { threads, payloadBytesMax: held } = assemblyPlan(limitBytes, threadsMax, isRemote(options.folder));
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const stopAll = (): void => {
    Atomics.store(stop, 0, 1);
  };
  signal.addEventListener('abort', stopAll, { once: true });
  const rest = [...todo];
  const lanes = Array.from(
    { length: Math.min(threads, todo.length) },
    () => new AssemblyLane({ options: { ...bucket, payloadBytesMax: held }, stop }),
  );
  const work = async (lane: AssemblyLane): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const entry = await lane.assemble(next);
      if (entry === null) return;
      onBucket(entry);
    }
  };
  try {
    const ended = await Promise.allSettled(
      lanes.map((lane) =>
        work(lane).catch((error: unknown) => {
          stopAll();
          throw error;
        }),
      ),
    );
    const failed = ended.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', stopAll);
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** A thread that takes one bucket at a time. */
class AssemblyLane {
  private readonly worker: Worker;
  private waiting: PromiseWithResolvers<BuiltBucket | null> | null = null;
  private dead: Error | null = null;

  constructor(data: AssemblerData) {
    this.worker = startThread('threads/assembly-thread', {
      workerData: data,
      resourceLimits,
      onError: (error) => {
        this.dead = error;
        this.waiting?.reject(error);
      },
    });
    this.worker.on('message', (message: FromAssembler) => {
      this.receive(message);
    });
  }

  /** The bucket's entry; null where it was stopped. */
  assemble(bucket: number): Promise<BuiltBucket | null> {
    if (this.dead !== null) throw this.dead;
    this.waiting = Promise.withResolvers();
    this.worker.postMessage({ bucket } satisfies ToAssembler);
    return this.waiting.promise;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private receive(message: FromAssembler): void {
    const { waiting } = this;
    this.waiting = null;
    switch (message.type) {
      case 'done':
        waiting?.resolve(message.entry);
        break;
      case 'stopped':
        waiting?.resolve(null);
        break;
      case 'failed':
        waiting?.reject(unpackError(message.error));
        break;
      default:
        assertNever(message);
    }
  }
}
