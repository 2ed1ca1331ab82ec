/** What the activities are given by the worker. */
import type { Client } from '@temporalio/client';
import type { JobSettings } from '../contract/job.ts';
import type { SessionCache } from '../engine/pipeline/session-cache.ts';
import type { ProcessMemory } from '../engine/resources/process-memory.ts';
import type { SmallArchivePool } from '../engine/small/small-archive-pool.ts';
import type { WorkerMetrics } from './job-metrics.ts';
import type { Turns } from './turns.ts';

export interface ActivityDependencies {
  /** Under the job's own settings. */
  readonly settings: JobSettings;
  /** Absolute; where a job that names none puts its dataset. */
  readonly out: string;
  /** Absolute; the only folder to write below. Null: wherever a job says. */
  readonly confine: string | null;
  readonly threads: number;
  readonly sessions: SessionCache;
  readonly memory: ProcessMemory;
  readonly metrics: WorkerMetrics;
  /** Makes small archives of a corpus, so many at a time as it has threads. */
  readonly small: SmallArchivePool;
  /** By job id: assemblies of one job take turns, so that together they keep the job's memory limit. */
  readonly turns: Turns;
  /** Task queue that only this worker polls. */
  readonly ownTaskQueue: string;
  readonly searchable: boolean;
  /** How long closed jobs are remembered, ms: spill files of one that is gone are kept as long. */
  readonly retentionMs: number;
  readonly client: Client;
}
