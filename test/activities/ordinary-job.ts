/** Test helper: the ordinary job of an archive, by the worker's own activities in the workflow's order, without a server. */
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { ApplicationFailure, noopMetricMeter } from '@temporalio/common';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createActivities } from '../../src/activities/index.ts';
import { WorkerMetrics } from '../../src/activities/job-metrics.ts';
import { Turns } from '../../src/activities/turns.ts';
import type { JobResult, JobSettings } from '../../src/contract/job.ts';
import {
  absorbAssembly,
  absorbSegment,
  beginJob,
  bucketsToDo,
  finishedReading,
  publishInputOf,
  readBefore,
  sourceAt,
  spillsOf,
} from '../../src/contract/job-state.ts';
import { resultOf } from '../../src/contract/progress.ts';
import { SessionCache } from '../../src/engine/pipeline/session-cache.ts';
import { SmallArchivePool } from '../../src/engine/small/small-archive-pool.ts';
import { ProcessMemory } from '../../src/engine/resources/process-memory.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';

export interface OrdinaryJob {
  readonly jobId: string;
  readonly archive: string;
  readonly submissions?: string | null;
  readonly out: string;
  readonly settings: Partial<JobSettings>;
  readonly startedMs: number;
}

/** Its result. @throws ApplicationFailure, whose `type` is the error's code */
export async function ordinaryJob(job: OrdinaryJob): Promise<JobResult> {
  const { jobId, archive, submissions = null, out, startedMs } = job;
  const sessions = new SessionCache();
  const unused = { client: null, confine: null } as unknown as Pick<ActivityDependencies, 'client'>;
  const activities = createActivities({
    ...unused,
    settings: defaultJobSettings(),
    out,
    confine: null,
    threads: 2,
    sessions,
    memory: new ProcessMemory(process.memoryUsage.rss()),
    metrics: new WorkerMetrics(noopMetricMeter),
    turns: new Turns(),
    small: new SmallArchivePool({ threads: 1, confine: null, isRunning: () => Promise.resolve(false) }),
    ownTaskQueue: 'own',
    searchable: false,
    retentionMs: 0,
  });
  const nothing = (): void => undefined;
  const context = {
    info: { attempt: 1, workflowExecution: { workflowId: jobId } },
    log: { info: nothing, debug: nothing, warn: nothing },
    cancellationSignal: new AbortController().signal,
    heartbeat: nothing,
  } as unknown as Context;
  try {
    return await asyncLocalStorage.run(context, async () => {
      const { settings } = job;
      const replace = false;
      const input = { archive, submissions, out, settings, replace, startedMs };
      let state = beginJob(await activities.inspectArchive(input));
      while (!finishedReading(state)) {
        const { inspection, next } = sourceAt(state);
        const segment = await activities.processSegment({
          ...state,
          inspection,
          next,
          before: readBefore(state),
          segment: state.segments,
          nowSeconds: Math.floor(startedMs / 1000),
        });
        state = absorbSegment(state, state, segment);
      }
      const todo = bucketsToDo(state);
      if (todo.length > 0) {
        const { dataset, buckets, joined } = state;
        const spills = spillsOf(state);
        const assembly = {
          settings: state.settings,
          dataset,
          buckets,
          joined: joined !== null,
          spills,
          todo,
        };
        state = absorbAssembly(state, await activities.assembleThreads(assembly));
      }
      await activities.publishDataset(publishInputOf(jobId, state));
      return resultOf(jobId, state, Date.now());
    });
  } finally {
    await sessions.close();
  }
}

/** The code of the error that ended a job, with its message; fails where it did not end so. */
export async function failureOfJob(job: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await job;
  } catch (error) {
    if (error instanceof ApplicationFailure) return { code: error.type ?? '', message: error.message };
    throw error;
  }
  throw new TypeError('The job did not fail');
}
