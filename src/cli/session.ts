/** What the commands that talk to the server share: the client, the worker of this process, Ctrl-C, live progress. */
import type { JobProgress } from '../contract/job.ts';
import type { LogLevel } from '../settings.ts';
import type { CommandContext, Interrupts } from './context.ts';
import { holdWorker, type HeldWorker } from './held-worker.ts';
import type { AnyResult, Threadmill, WaitOptions } from './ports.ts';
import { silentReporter, type ProgressReporter } from './progress-reporter.ts';
import { reporterFor } from './reporter-for.ts';
import { createSteering } from './steering.ts';
import { untilInterrupted } from './until-interrupted.ts';

/** What a wait gives that the first Ctrl-C ended. */
export const interrupted = Symbol('interrupted');

/** A finished job, and the last of its progress that was seen. */
export interface Followed {
  readonly result: AnyResult;
  readonly last: JobProgress | null;
}

export interface Session {
  readonly threadmill: Threadmill;
  /** The worker of this process can't go on: no other job will get further. */
  readonly workerLost: boolean;
  /** Starts the worker of this process, unless it runs. */
  work(): Promise<void>;
  /** Waits for a job and shows its progress. Rejects with the job's error or the worker's. */
  follow(
    wait: (options: WaitOptions) => Promise<AnyResult>,
    onProgress?: (progress: JobProgress) => void,
  ): Promise<Followed | typeof interrupted>;
  /** Waits for something else; `shown` is taken off the terminal at the end. Rejects as `follow` does. */
  wait<T>(until: (signal: AbortSignal) => Promise<T>, shown: Drawn): Promise<T | typeof interrupted>;
  /** Waits for Ctrl-C. Rejects with the worker's error. */
  untilInterrupted(): Promise<void>;
}

/** What is drawn while somebody waits. */
export type Drawn = Pick<ProgressReporter, 'say' | 'end'>;

export interface SessionOptions {
  /** Said at the first Ctrl-C. */
  readonly onInterrupt: string;
  /** Said at the key `q`; default: as at Ctrl-C. */
  readonly onDetach?: string;
  /** The worker logs at the user's level even where nobody asked: for the command that is only a worker. */
  readonly workerTalks?: boolean;
}

/** A worker inside a command says no more than what is wrong, unless asked: the rest is the progress line's. */
function workerLogLevel({ quiet, settings }: CommandContext, talks: boolean): LogLevel {
  if (settings.sources.logLevel.kind !== 'default' || (talks && !quiet)) return settings.values.logLevel;
  return quiet ? 'error' : 'warn';
}

async function letGo(context: CommandContext, what: string, end: () => Promise<void>): Promise<void> {
  try {
    await end();
  } catch (error) {
    // What the command was about is decided by now, and must be what is told.
    context.warn(`Cannot end the ${what} cleanly: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Connects, and lets go whatever happens. For commands that ask or tell the server something and end. */
export async function withThreadmill<T>(
  context: CommandContext,
  use: (threadmill: Threadmill) => Promise<T>,
): Promise<T> {
  const threadmill = await context.ports.connectThreadmill({
    values: context.settings.values,
    onProgress: (message) => {
      context.talk(message);
    },
  });
  try {
    return await use(threadmill);
  } finally {
    await letGo(context, 'connection', () => threadmill.close());
  }
}

class LiveSession implements Session {
  readonly threadmill: Threadmill;
  readonly #context: CommandContext;
  readonly #options: SessionOptions;
  readonly #interrupts: Interrupts;
  readonly #stopped: Promise<typeof interrupted>;
  #stop: (text: string) => void = () => undefined;
  #worker: HeldWorker | null = null;
  #reporter: Drawn = silentReporter;

  constructor(context: CommandContext, threadmill: Threadmill, options: SessionOptions) {
    this.threadmill = threadmill;
    this.#context = context;
    this.#options = options;
    this.#interrupts = context.io.interrupts();
    this.#stopped = new Promise((resolve) => {
      this.#stop = (text) => {
        this.#reporter.end();
        context.talk(text);
        resolve(interrupted);
      };
      const stop = (): void => {
        this.#stop(options.onInterrupt);
      };
      this.#interrupts.signal.addEventListener('abort', stop, { once: true });
    });
  }

  get workerLost(): boolean {
    return this.#worker?.isLost() ?? false;
  }

  async work(): Promise<void> {
    if (this.#worker !== null || this.#interrupts.signal.aborted) return;
    const { ports, settings } = this.#context;
    const talks = this.#options.workerTalks ?? false;
    const logLevel = workerLogLevel(this.#context, talks);
    const values = { ...settings.values, logLevel };
    const { server } = this.threadmill;
    const logTo = this.#logSink(talks);
    this.#worker = holdWorker(await ports.startWorker({ values, server, failuresAreTold: !talks, logTo }));
  }

  /** What the worker logs while a view is drawn goes by above it. */
  #logSink(talks: boolean): ((line: string) => void) | undefined {
    if (talks || !reporterFor(this.#context, false).draws) return undefined;
    return (line) => {
      if (this.#reporter === silentReporter) this.#context.io.stderr.write(`${line}\n`);
      else this.#reporter.say(line);
    };
  }

  /** Keys for the job that a reporter shows. */
  #keys(reporter: ProgressReporter): { seen(progress: JobProgress): void; end(): void } {
    const steering = createSteering({
      threadmill: this.threadmill,
      say: reporter.say.bind(reporter),
      note: reporter.note.bind(reporter),
    });
    const { onDetach, onInterrupt } = this.#options;
    const keys = this.#context.io.terminal?.keys?.((key) => {
      if (key === 'q') this.#stop(onDetach ?? onInterrupt);
      else steering.press(key);
    });
    return {
      seen: steering.seen.bind(steering),
      end: () => keys?.end(),
    };
  }

  async follow(...[wait, onProgress]: Parameters<Session['follow']>): ReturnType<Session['follow']> {
    const { reporter, draws } = reporterFor(this.#context, true);
    const keys = draws ? this.#keys(reporter) : null;
    let last: JobProgress | null = null;
    /** The trouble that was said last: it is the same every time that it is tried again. */
    let told: string | null = null;
    const show = (progress: JobProgress): void => {
      if (progress.state === 'paused' && last?.state !== 'paused') {
        reporter.say(`Paused; ${draws ? 'p, or ' : ''}threadmill resume ${progress.jobId} lets it go on`);
      }
      if (progress.parts > (last?.parts ?? 0)) told = null;
      if (progress.trouble !== undefined && progress.trouble !== told) {
        told = progress.trouble;
        reporter.say(told);
      }
      last = progress;
      keys?.seen(progress);
      onProgress?.(progress);
      reporter.show(progress);
    };
    const until = (signal: AbortSignal): Promise<AnyResult> =>
      wait({
        signal,
        onProgress: (progress) => {
          if (!signal.aborted) show(progress);
        },
      });
    try {
      const result = await this.wait(until, reporter);
      return result === interrupted ? interrupted : { result, last };
    } finally {
      keys?.end();
    }
  }

  async wait<T>(until: (signal: AbortSignal) => Promise<T>, shown: Drawn): Promise<T | typeof interrupted> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#interrupts.signal, ended.signal]);
    this.#reporter = shown;
    try {
      const lost = this.#worker === null ? [] : [this.#worker.lost];
      return await Promise.race([this.#stopped, until(signal), ...lost]);
    } catch (error) {
      // Most likely that of the wait that the signal ended; whatever it is, the user wants an end.
      if (this.#interrupts.signal.aborted) return interrupted;
      throw error;
    } finally {
      ended.abort();
      shown.end();
    }
  }

  async untilInterrupted(): Promise<void> {
    const never = new Promise<never>(() => undefined);
    await untilInterrupted(this.#interrupts.signal, this.#worker?.lost ?? never);
  }

  async end(): Promise<void> {
    const worker = this.#worker;
    if (worker !== null) await letGo(this.#context, 'worker', () => worker.end());
    this.#interrupts.dispose();
  }
}

/**
 * Connects, for commands that wait. In the end the worker is shut down (it commits the part it is at), then the
 * connection and the hold on the embedded server are let go. Until connected, Ctrl-C ends the process at once.
 */
export async function withSession<T>(
  context: CommandContext,
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withThreadmill(context, async (threadmill) => {
    const session = new LiveSession(context, threadmill, options);
    try {
      return await use(session);
    } finally {
      await session.end();
    }
  });
}
