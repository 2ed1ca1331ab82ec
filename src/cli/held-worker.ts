/** The worker of this process: noticed when it stops by itself, ended once. */
import { ThreadmillError } from '../core/errors.ts';
import type { WorkerHandle } from './ports.ts';

export interface HeldWorker {
  /** Never resolves; rejects when the worker stops without having been told to. */
  readonly lost: Promise<never>;
  isLost(): boolean;
  /** Lets it commit what it is at; resolves when it has stopped. */
  end(): Promise<void>;
}

async function untilGone(run: Promise<void>): Promise<never> {
  await run;
  throw new ThreadmillError('JOB_FAILED', 'The worker stopped by itself; run the same command to go on');
}

/** Takes a running worker in hand. */
export function holdWorker(handle: WorkerHandle): HeldWorker {
  let ending = false;
  let isLost = false;
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => undefined); // seen by whoever waits; nobody may be waiting
  untilGone(handle.run).catch((error: unknown) => {
    if (ending) return;
    isLost = true;
    reject(error);
  });
  return {
    lost,
    isLost: () => isLost,
    async end() {
      if (isLost) return;
      ending = true;
      await handle.shutdown();
      await handle.run;
    },
  };
}
