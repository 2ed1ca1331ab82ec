/** Composition root of a worker: settings, logger, connection, activities, and the two task queues that it polls. */
import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import { isOpenJob } from './activities/open-job.ts';
import { WorkerMetrics } from './activities/job-metrics.ts';
import { Turns } from './activities/turns.ts';
import { scheduleCleanUp } from './clean-up-schedule.ts';
import { assembliesInFlight } from './contract/assembly.ts';
import { resolvePlace } from './engine/storage/place.ts';
import { SessionCache } from './engine/pipeline/session-cache.ts';
import { ProcessMemory } from './engine/resources/process-memory.ts';
import { SmallArchivePool } from './engine/small/small-archive-pool.ts';
import { activityLogAttributes } from './log.ts';
import { dataConverterOf } from './payloads/data-converter.ts';
import { connectClient, connectWorker, type ResolvedServer } from './server/connection.ts';
import { findWorkflowBundle } from './find-workflow-bundle.ts';
import { toJobSettings, type SettingsValues } from './settings.ts';
import { installRuntime, workerIdentity } from './worker-runtime.ts';

export interface WorkerHandle {
  /** Resolves when the worker has stopped, rejects when it can't go on. */
  readonly run: Promise<void>;
  /** Lets running segments commit the part they are at, then stops. May be called again. */
  shutdown(): Promise<void>;
}

export interface StartWorkerOptions {
  readonly values: SettingsValues;
  /** As `connectThreadmill` gives it. */
  readonly server: ResolvedServer;
  /** Whoever waits for the jobs tells their failures, and the log need not; default false. */
  readonly failuresAreTold?: boolean;
  /** Where the log goes, readable and line by line, instead of to standard error; only the first worker's counts. */
  readonly logTo?: ((line: string) => void) | undefined;
}

/** More mill threads than this only wait: the decoder is one thread. */
const threadsMax = 3;
/** A segment that stops may have a part of seconds to end (see process-segment.ts). */
const shutdownForceTime = '40s';
/** After SIGKILL of a worker the first workflow task waits this long for the dead one's cache, instead of 10 s. */
const stickyQueueScheduleToStartTimeout = '1s';
/** The activity time-out is 5 s; the SDK's own throttle would be 4 s, and the progress that old. */
const maxHeartbeatThrottleInterval = '1s';
/** Each takes some hundred kilobytes; a workflow that was dropped is replayed. */
const maxCachedWorkflows = 100;

/**
 * Starts a worker of `values.taskQueue` and resolves once it polls.
 *
 * @throws {ThreadmillError} SERVER_UNREACHABLE, SETTINGS_INVALID where metrics can't be served
 */
export async function startWorker({
  values,
  server,
  failuresAreTold = false,
  logTo,
}: StartWorkerOptions): Promise<WorkerHandle> {
  const { logger, meter } = await installRuntime({ values, failuresAreTold, logTo });
  const dataConverter = dataConverterOf(values.payloadKey, 'mark');
  const [connection, client, bundle] = await Promise.all([
    connectWorker(server),
    connectClient(server, { dataConverter }),
    findWorkflowBundle({ encodedFailures: values.payloadKey !== null }),
  ]);
  const sessions = new SessionCache();
  const suffix = randomBytes(3).toString('hex');
  const ownTaskQueue = `${values.taskQueue}@${hostname()}-${process.pid}-${suffix}`;
  const memory = new ProcessMemory(process.memoryUsage.rss());
  const threads = values.threads ?? Math.min(threadsMax, availableParallelism());
  const confine = values.confineOut ? resolvePlace(values.out) : null;
  const small = new SmallArchivePool({ threads, confine, isRunning: (other) => isOpenJob(client, other) });
  const activities = createActivities({
    settings: toJobSettings(values),
    out: resolvePlace(values.out),
    confine,
    threads,
    small,
    sessions,
    memory,
    metrics: new WorkerMetrics(meter),
    turns: new Turns(),
    ownTaskQueue,
    searchable: server.searchAttributesReady,
    retentionMs: values.checkpointRetentionPeriod,
    client,
  });
  // inspections of other jobs must not wait for a segment
  const slots = Math.max(2, availableParallelism());
  const shared: WorkerOptions = {
    connection,
    identity: workerIdentity(),
    interceptors: { activity: [activityLogAttributes] },
    namespace: server.namespace,
    taskQueue: values.taskQueue,
    activities,
    workflowBundle: bundle,
    dataConverter,
    maxCachedWorkflows,
    workflowThreadPoolSize: 1,
    stickyQueueScheduleToStartTimeout,
    maxHeartbeatThrottleInterval,
    shutdownForceTime,
    // assemblies of one job come several at a time, and all but one of them only wait for their turn
    maxConcurrentActivityTaskExecutions: slots + assembliesInFlight - 1,
  };
  const {
    workflowBundle: _bundle,
    maxCachedWorkflows: _cached,
    workflowThreadPoolSize: _pool,
    ...own
  } = shared;
  const close = async (): Promise<void> => {
    await sessions.close();
    await small.close();
    await client.connection.close();
    await connection.close();
  };
  const workers = await createWorkers(
    [shared, { ...own, taskQueue: ownTaskQueue, maxConcurrentActivityTaskExecutions: slots }],
    close,
  );
  memory.idle(process.memoryUsage.rss());
  const cleanUp = scheduleCleanUp(client, values).catch((error: unknown) => {
    logger.warn(
      `The clean-up schedule could not be set: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const run = running(workers, async () => {
    await cleanUp;
    await close();
  });
  return {
    run,
    shutdown: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await run;
    },
  };
}

/** All of them, or none: where one can't be made, those before it are ended and the connections closed. */
async function createWorkers(
  options: readonly WorkerOptions[],
  close: () => Promise<void>,
): Promise<readonly Worker[]> {
  const workers: Worker[] = [];
  try {
    for (const each of options) workers.push(await Worker.create(each));
    return workers;
  } catch (error) {
    // a worker lets go of its connection only by running to its end
    await Promise.allSettled(workers.map((worker) => worker.runUntil(Promise.resolve())));
    await close();
    throw error;
  }
}

/** Runs the workers to their end; when one fails the others are stopped too. */
async function running(workers: readonly Worker[], close: () => Promise<void>): Promise<void> {
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
      throw error;
    }),
  );
  try {
    await Promise.all(runs);
  } finally {
    await Promise.allSettled(runs);
    await close();
  }
}
