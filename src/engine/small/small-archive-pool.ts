/** Many small archives, several at a time, each made whole by one thread of a bounded number. */
import { smallThreadIdleMs } from '../../core/limits.ts';
import { SmallLane } from './small-lane.ts';
import type { SmallArchive, SmallArchiveResult } from './small-archive.ts';

export interface SmallArchivePoolOptions {
  /** At most so many threads, and archives at a time; more wait in their order. From 1. */
  readonly threads: number;
  /** Absolute; the only folder to write below. Null: wherever an archive's `out` says. */
  readonly confine: string | null;
  /**
   * Whether a job is still open, by whoever knows: asked only where another job's claim stands in a dataset's folder. May
   * throw, which fails that archive.
   */
  readonly isRunning: (jobId: string) => Promise<boolean>;
  /** A thread without work is ended after so many ms. Default: a minute. */
  readonly idleMs?: number;
}

interface Waiting {
  readonly archive: SmallArchive;
  readonly signal: AbortSignal;
  readonly resolve: (result: SmallArchiveResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Threads are started when they are needed and kept between archives: their code is compiled, their buffers stand. One that
 * dies takes its archive with it, whose promise rejects, and another takes its place.
 *
 * Memory for each thread: some 40 MiB of isolate and buffers, and what `makeSmallDataset` says of the archive at hand.
 */
export class SmallArchivePool {
  private readonly options: SmallArchivePoolOptions;
  private readonly waiting: Waiting[] = [];
  private readonly idle: SmallLane[] = [];
  private readonly lanes = new Set<SmallLane>();
  private closed = false;

  constructor(options: SmallArchivePoolOptions) {
    if (!(options.threads >= 1)) throw new RangeError(`A pool needs a thread, not ${options.threads}`);
    this.options = options;
  }

  /** Threads that there are now. */
  get threads(): number {
    return this.lanes.size;
  }

  /** Archives that wait for a thread. */
  get queued(): number {
    return this.waiting.length;
  }

  /**
   * Makes one archive's dataset; see `makeSmallDataset` for what it leaves on which end. Any number may be asked for at once:
   * who wants their bytes read in bounded order asks for no more than `threads` at a time.
   *
   * @param signal aborted: the archive is given up within a MiB of text, and nothing of it is left
   * @throws {ThreadmillError} as the ordinary job; ARCHIVE_NOT_SMALL where it needs that one
   * @throws the signal's reason; our own error where its thread died
   */
  mill(archive: SmallArchive, signal: AbortSignal): Promise<SmallArchiveResult> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.closed) return Promise.reject(new TypeError('The pool of small archives is closed'));
    return new Promise((resolve, reject) => {
      const waiting = { archive, signal, resolve, reject };
      this.waiting.push(waiting);
      const onAbort = (): void => {
        const at = this.waiting.indexOf(waiting);
        if (at < 0) return; // a thread has it, and hears of it by itself
        this.waiting.splice(at, 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.startNext();
    });
  }

  /** Gives up what is under way, as an abort does, and ends the threads. May be called again. */
  async close(): Promise<void> {
    this.closed = true;
    const gone = new Error('The pool of small archives was closed');
    for (const { reject } of this.waiting.splice(0)) reject(gone);
    await Promise.all([...this.lanes].map((lane) => lane.close()));
    this.lanes.clear();
  }

  private startNext(): void {
    if (this.closed || this.waiting.length === 0) return;
    const lane = this.idle.pop() ?? this.newLane();
    const next = lane === null ? undefined : this.waiting.shift();
    if (lane === null || next === undefined) return;
    lane
      .make(next.archive, next.signal)
      .then(next.resolve, next.reject)
      .finally(() => {
        if (lane.isAlive) this.rest(lane);
        else this.lanes.delete(lane);
        this.startNext();
      });
  }

  private rest(lane: SmallLane): void {
    this.idle.push(lane);
    lane.restFor(this.options.idleMs ?? smallThreadIdleMs, () => {
      this.idle.splice(this.idle.indexOf(lane), 1);
      this.lanes.delete(lane);
    });
  }

  private newLane(): SmallLane | null {
    if (this.lanes.size >= this.options.threads) return null;
    const lane = new SmallLane(this.options);
    this.lanes.add(lane);
    return lane;
  }
}
