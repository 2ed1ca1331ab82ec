/** What the commands that talk to the server share: the client, the worker of this process, Ctrl-C, live progress. */
import type { JobProgress, JobResult } from '../contract/job.ts';
import type { LogLevel } from '../settings.ts';
import type { CommandContext } from './context.ts';
import { holdWorker, type HeldWorker } from './held-worker.ts';
import type { Threadmill, WaitOptions } from './ports.ts';
import { createProgressReporter, silentReporter, type ProgressReporter } from './progress-reporter.ts';
import { untilInterrupted } from './until-interrupted.ts';

/** What a wait gives that the first Ctrl-C ended. */
export const interrupted = Symbol('interrupted');

/** A finished job, and the last of its progress that was seen. */
export interface Followed {
  readonly result: JobResult;
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
    wait: (options: WaitOptions) => Promise<JobResult>,
    onProgress?: (progress: JobProgress) => void,
  ): Promise<Followed | typeof interrupted>;
  /** Waits for Ctrl-C. Rejects with the worker's error. */
  untilInterrupted(): Promise<void>;
}

export interface SessionOptions {
  /** Said at the first Ctrl-C. */
  readonly onInterrupt: string;
  /** The worker logs at the user's level even where nobody asked: for the command that is only a worker. */
  readonly workerTalks?: boolean;
}

/** A progress reporter on stderr, unless talk is not wanted. */
function reporterFor({ io, quiet, settings }: CommandContext): ProgressReporter {
  const { logLevel } = settings.values;
  return quiet || (logLevel !== 'info' && logLevel !== 'debug')
    ? silentReporter
    : createProgressReporter(io.stderr, () => io.nowMs());
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

/**
 * Connects, for commands that wait. In the end the worker is shut down (it commits the part it is at), then the
 * connection and the hold on the embedded server are let go. Until connected, Ctrl-C ends the process at once.
 */
export async function withSession<T>(
  context: CommandContext,
  { onInterrupt, workerTalks = false }: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withThreadmill(context, async (threadmill) => {
    const interrupts = context.io.interrupts();
    let worker: HeldWorker | null = null;
    let reporter: ProgressReporter | null = null;
    const stopped = new Promise<typeof interrupted>((resolve) => {
      const stop = (): void => {
        reporter?.end();
        context.talk(onInterrupt);
        resolve(interrupted);
      };
      interrupts.signal.addEventListener('abort', stop, { once: true });
    });

    async function race<R>(wait: Promise<R>): Promise<R | typeof interrupted> {
      try {
        return await Promise.race([stopped, wait, ...(worker === null ? [] : [worker.lost])]);
      } catch (error) {
        if (interrupts.signal.aborted) return interrupted;
        throw error;
      }
    }

    const session: Session = {
      threadmill,
      get workerLost() {
        return worker?.isLost() ?? false;
      },
      async work() {
        if (worker !== null || interrupts.signal.aborted) return;
        const values = { ...context.settings.values, logLevel: workerLogLevel(context, workerTalks) };
        worker = holdWorker(await context.ports.startWorker({ values, server: threadmill.server }));
      },
      async follow(wait, onProgress) {
        const ended = new AbortController();
        const signal = AbortSignal.any([interrupts.signal, ended.signal]);
        const shown = (reporter = reporterFor(context));
        let last: JobProgress | null = null;
        try {
          const result = await race(
            wait({
              signal,
              onProgress: (progress) => {
                if (signal.aborted) return;
                last = progress;
                onProgress?.(progress);
                shown.show(progress);
              },
            }),
          );
          return result === interrupted ? interrupted : { result, last };
        } finally {
          ended.abort();
          shown.end();
          reporter = null;
        }
      },
      async untilInterrupted() {
        await untilInterrupted(interrupts.signal, worker?.lost ?? new Promise<never>(() => undefined));
      },
    };
    try {
      return await use(session);
    } finally {
      const held = worker as HeldWorker | null;
      if (held !== null) await letGo(context, 'worker', () => held.end());
      interrupts.dispose();
    }
  });
}
