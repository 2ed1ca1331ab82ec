/** How each activity is retried and timed out. */
import { proxyActivities, type ActivityInterfaceFor, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { batchPriority } from '../contract/priority.ts';

/** A killed worker costs this; the worker beats every 200 ms, throttled to 1 s. */
const heartbeatTimeout = '5s';
/** A worker that is there takes a task in milliseconds; one that is gone should cost little. */
const ownQueueTimeout = '3s';

/**
 * Retried for as long as it takes: what may not be retried says so itself (activities/failures.ts). Backed off to half a
 * minute at most.
 */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** Reads a few MiB; two minutes are for a network file system that has to wake up. */
export const inspection = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  retry,
  summary: 'look at the archive',
});

/** Joins rejects and writes the manifest. */
export const publication = proxyActivities<Activities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout,
  retry,
  summary: 'write the manifest',
});

/** Lets go of a job that ends early: best effort, since the schedule cleans up what stays. */
export function letGo(workerQueue: string | null): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    ...(workerQueue === null ? {} : { taskQueue: workerQueue }),
    scheduleToCloseTimeout: '10s',
    startToCloseTimeout: '5s',
    retry: { maximumAttempts: 2 },
    summary: 'let go of the folder',
  });
}

/**
 * A segment is tried again at once: what may not be says so, what should wait says how long (activities/failures.ts), and a
 * worker that was killed for the fifth time has lost no less than for the first.
 */
const segmentRetry = { initialInterval: '1s', backoffCoefficient: 1 } as const;

/**
 * A group of buckets, on the shared queue: whoever has time takes it. It may wait for its turn on its worker, and one
 * bucket of a giant thread is read many times over; the heartbeat watches.
 */
export function assemblyOptions(summary: string): ActivityOptions {
  return { startToCloseTimeout: '24h', heartbeatTimeout, summary, retry: segmentRetry };
}

/**
 * A segment. On the queue of the worker that keeps the decoder open it gets one attempt, and the workflow falls back to
 * the shared queue, where it is retried. A day from start to close: entering a 300 GB archive near its end means
 * decoding for minutes, on a slow disk for hours, and the heartbeat watches.
 */
export function segmentOptions(workerQueue: string | null, summary: string): ActivityOptions {
  return {
    startToCloseTimeout: '24h',
    heartbeatTimeout,
    summary,
    ...(workerQueue === null
      ? { retry: segmentRetry }
      : { taskQueue: workerQueue, scheduleToStartTimeout: ownQueueTimeout, retry: { maximumAttempts: 1 } }),
  };
}

/** As {@link inspection}: for a job that reframes an archive. */
export const reframeOpening = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  retry,
  summary: 'look at the archive',
});

/** All frames, in one go: an attempt that is lost goes on from its last heartbeat. A week is for terabytes; the heartbeat watches. */
export function frameOptions(summary: string): ActivityOptions {
  return { startToCloseTimeout: '7 days', heartbeatTimeout, summary, retry: segmentRetry };
}

/** Reads what was written once more. */
export const reframeEnd = proxyActivities<Activities>({
  startToCloseTimeout: '24h',
  heartbeatTimeout,
  retry,
  summary: 'read it back, write the seek table',
});

/** Looks at every archive of a corpus: seconds on a disk, minutes on a network file system. */
export const corpusListing = proxyActivities<Activities>({
  startToCloseTimeout: '2h',
  heartbeatTimeout,
  retry,
  summary: 'list the archives',
});

/** Reads 3 MiB at most, writes a line. */
export const largeArchives = proxyActivities<Activities>({ startToCloseTimeout: '2m', retry });

/** A batch of small archives, on the shared queue: whoever has time takes it. */
export function batchOptions(summary: string): ActivityOptions {
  return {
    startToCloseTimeout: '24h',
    heartbeatTimeout,
    summary,
    retry: segmentRetry,
    priority: batchPriority,
  };
}

/** Joins the ledger and writes the manifest of a corpus. */
export const corpusPublication = proxyActivities<Activities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout,
  retry,
  summary: 'write the ledger and the manifest',
});
