/** The activity that arranges spilled rows in threads: a group of buckets, each a file that appears whole. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type {
  AssemblyFigures,
  AssemblyHeartbeat,
  AssemblyInput,
  AssemblyResult,
} from '../contract/assembly.ts';
import { packBuilt, type PackedThreads } from '../contract/threads.ts';
import { ResourceMonitor } from '../engine/resources/resource-monitor.ts';
import { assembleBuckets } from '../engine/threads/assembly.ts';
import { spillFilesOf } from '../engine/threads/spill-files.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { Attempts } from './attempts.ts';
import { failureOf } from './failures.ts';

/** Heartbeats go out once a second at most (the worker's throttle); called more often, the newest is never old. */
const heartbeatMs = 200;
const megabyte = 1_000_000;
/** Only the decoder has a window, and it is closed by now. */
const memoryUser = (): { readonly windowBytesInUse: number } => ({ windowBytesInUse: 0 });

/**
 * Builds the buckets of `input.todo`. Idempotent by bucket: the same one has the same bytes whoever builds it. Of one job's
 * assemblies a worker does one at a time, so that the job keeps its memory limit; the others wait. Heartbeats every second
 * with what is built. Cancelled, or asked by a worker that stops, it drops the buckets under way and returns those that
 * are done. Final failures: see failures.ts.
 */
export async function assembleThreads(
  deps: ActivityDependencies,
  input: AssemblyInput,
): Promise<AssemblyResult> {
  const beaten = Context.current().info.heartbeatDetails as Partial<AssemblyHeartbeat> | undefined;
  const assembly = new Assembly(deps, input, beaten ?? {});
  const timer = setInterval(() => {
    assembly.beat();
  }, heartbeatMs);
  try {
    assembly.beat();
    return await assembly.run();
  } catch (error) {
    throw assembly.failure(error);
  } finally {
    clearInterval(timer);
  }
}

class Assembly {
  private readonly deps: ActivityDependencies;
  private readonly input: AssemblyInput;
  private readonly context = Context.current();
  private readonly jobId: string;
  private readonly built: PackedThreads[];
  /** Of lost attempts: they say nothing of the rate of this one. */
  private readonly builtBefore: number;
  private readonly monitor: ResourceMonitor;
  private begunMs: number | null = null;
  private readonly attempts: Attempts;

  /** `beaten`: the last heartbeat of the attempt before this one. */
  constructor(deps: ActivityDependencies, input: AssemblyInput, beaten: Partial<AssemblyHeartbeat>) {
    const { settings } = input;
    this.deps = deps;
    this.input = input;
    this.built = settings.enableCheckpoints ? [...(beaten.built ?? [])] : [];
    this.builtBefore = this.built.length;
    this.attempts = new Attempts(this.context.info.attempt, beaten);
    this.jobId = this.context.info.workflowExecution?.workflowId ?? this.context.info.activityId;
    this.monitor = new ResourceMonitor({
      settings,
      batchSize: 0,
      batchCeiling: null,
      target: null,
      memory: deps.memory,
      onWarning: () => undefined,
    });
  }

  beat(): void {
    if (this.begunMs !== null) this.monitor.look();
    this.context.heartbeat(this.heartbeat());
  }

  async run(): Promise<AssemblyResult> {
    const { cancellationSignal: signal } = this.context;
    this.attempts.check(`threads, bucket ${this.todo()[0] ?? 0}`);
    try {
      await this.inTurn(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.monitor.close();
    }
    if (signal.aborted) this.stopped();
    return {
      built: this.built,
      figures: this.figures(),
      stats: this.monitor.stats(),
      retries: this.context.info.attempt - 1,
      peakMemoryBytes: this.monitor.peakBytesBeyondWindow,
    };
  }

  /** What to throw for an error; the next attempt learns from the last heartbeat that this one failed. */
  failure(error: unknown): Error {
    const asked = error instanceof CancelledFailure;
    this.attempts.ended(asked ? null : error);
    this.context.heartbeat(this.heartbeat());
    return asked ? error : failureOf(error, this.attempts.failures, { built: this.built });
  }

  private async inTurn(signal: AbortSignal): Promise<void> {
    const { deps, input, jobId } = this;
    const done = await deps.turns.take(jobId, signal);
    const user = memoryUser();
    deps.memory.add(user);
    try {
      // of a segment that another worker has gone on with: its window would count here
      await deps.sessions.drop(jobId);
      this.begunMs = performance.now();
      await assembleBuckets({
        folder: input.dataset,
        jobId,
        format: input.settings.format,
        keepRaw: input.settings.keepRaw,
        columns: input.settings.columns,
        extra: input.settings.extra,
        paths: input.settings.paths,
        splitBy: input.settings.splitBy,
        flat: input.arranged === false,
        joined: input.joined,
        buckets: input.buckets,
        todo: this.todo(),
        spills: spillFilesOf(input),
        threads: deps.threads,
        limitBytes: input.settings.maxMemoryUsage * megabyte,
        signal,
        onBucket: (entry) => {
          this.built.push(packBuilt(entry));
          this.attempts.committed();
          this.context.log.debug('Threads committed', {
            bucket: entry.index,
            threads: entry.threads,
            rows: entry.rows,
            ...('values' in entry ? { values: entry.values } : { bytes: entry.bytes }),
          });
        },
      });
      this.monitor.look();
    } finally {
      deps.memory.remove(user);
      done();
    }
  }

  private todo(): readonly number[] {
    const known = new Set(this.built.map(([index]) => index));
    return this.input.todo.filter((index) => !known.has(index));
  }

  /** Returns where what is done is the result; else the server must hear of it as the SDK says it, with what is done. */
  private stopped(): void {
    const { context } = this;
    const details = context.cancellationDetails;
    if (details?.cancelRequested === true || details?.workerShutdown === true) return;
    context.heartbeat(this.heartbeat());
    const { reason } = context.cancellationSignal as { readonly reason: unknown };
    throw reason instanceof Error ? reason : new CancelledFailure('CANCELLED');
  }

  private heartbeat(): AssemblyHeartbeat {
    // without checkpoints a lost attempt starts its group again: it gets nothing to resume from
    const built = this.input.settings.enableCheckpoints ? this.built : [];
    const group = this.input.todo[0] ?? 0;
    const [figures, stats] = [this.figures(), this.monitor.stats()];
    return { group, built, figures, stats, ...this.attempts.memory };
  }

  private figures(): AssemblyFigures {
    const { begunMs } = this;
    const seconds = begunMs === null ? 0 : (performance.now() - begunMs) / 1000;
    const built = this.built.length - this.builtBefore;
    return {
      bucketsPerSecond: seconds === 0 ? 0 : Math.round((built / seconds) * 1000) / 1000,
      memoryBytes: Math.round(this.monitor.currentJobBytes),
    };
  }
}
