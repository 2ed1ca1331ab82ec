/** Waiting for a workflow's end, over outages of the server. */
import type { Client } from '@temporalio/client';
import { isTransient, jobError } from './failures.ts';
import { pause } from './pause.ts';

/** A wait for a job's result; the server's own polls last 20 s. */
const askedAnewMs = 30_000;

/** As {@link WaitOptions}, of whatever progress a workflow has. */
export interface WatchOptions<Progress> {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly intervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How far it is now. */
  readonly look: () => Promise<Progress>;
}

/**
 * The result of a workflow once it has ended.
 *
 * @throws {ThreadmillError} its failure; where `signal` aborts, its reason
 */
export async function waitForEnd<Result, Progress>(
  client: Client,
  jobId: string,
  { onProgress, intervalMs = 500, signal, look }: WatchOptions<Progress>,
): Promise<Result> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const stop = ended.signal;
  // not AbortSignal.any(): it loses the end of a signal that nobody else holds (nodejs/node#65995)
  const follow = (): void => {
    ended.abort(signal?.reason);
  };
  signal?.addEventListener('abort', follow, { once: true });
  // calls that are under way end with the signal: whoever stops waiting may close the connection
  const work = client.withAbortSignal(stop, () => resultOver<Result>(client, jobId, stop));
  const watching =
    onProgress === undefined
      ? Promise.resolve()
      : client.withAbortSignal(stop, () => watch(look, { onProgress, intervalMs, signal: stop }));
  try {
    return await work;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', follow);
    ended.abort();
    await Promise.allSettled([work, watching]);
    if (signal?.aborted !== true && onProgress !== undefined) {
      // the last word, so that whoever draws it ends at 100 %
      await look().then(onProgress, () => undefined);
    }
  }
}

/**
 * `handle.result()` gives up after ten seconds of outage; a job does not. And it does not hear a signal that aborts between two
 * of its polls, and waits on: so it is asked anew from time to time.
 */
async function resultOver<Result>(client: Client, jobId: string, signal: AbortSignal): Promise<Result> {
  const handle = client.workflow.getHandle(jobId);
  for (;;) {
    const deadlineMs = Date.now() + askedAnewMs;
    try {
      return (await client.withDeadline(deadlineMs, () => handle.result())) as Result;
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw jobError(jobId, error);
      if (Date.now() < deadlineMs) await pause(1_000, signal);
    }
  }
}

async function watch<Progress>(
  look: () => Promise<Progress>,
  {
    onProgress,
    intervalMs,
    signal,
  }: {
    readonly onProgress: (progress: Progress) => void;
    readonly intervalMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  while (!signal.aborted) {
    try {
      onProgress(await look());
    } catch {
      // an outage: whoever waits for the result is told if it matters
    }
    await pause(intervalMs, signal);
  }
}
