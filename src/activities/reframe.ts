/** The activities that write an archive anew as independent frames: look, write, and give it its name. */
import path from 'node:path';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type {
  FinishedReframe,
  FinishReframeInput,
  ReframeCursor,
  ReframeFigures,
  ReframeHeartbeat,
  ReframePlan,
  WriteFramesInput,
  WriteFramesResult,
} from '../contract/reframe.ts';
import { ArchiveWatch } from '../engine/archive/archive-watch.ts';
import { checkConfined } from '../engine/output/confine.ts';
import { finishFrames } from '../engine/reframe/finish-frames.ts';
import { planReframe, type PlanRequest } from '../engine/reframe/plan-reframe.ts';
import { writeFrames as write, type WrittenFrames } from '../engine/reframe/write-frames.ts';
import { damagedReframe } from '../engine/pipeline/ending-errors.ts';
import { RateWindow } from '../engine/pipeline/rate-window.ts';
import { Attempts } from './attempts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

/** Heartbeats go out once a second at most (the worker's throttle); called more often, the newest is never old. */
const heartbeatMs = 200;

function jobIdHere(): string {
  const { info } = Context.current();
  return info.workflowExecution?.workflowId ?? info.activityId;
}

export type OpenReframeInput = Omit<PlanRequest, 'jobId'>;

/** Looks at the archive and decides where its frames go. Idempotent, writes nothing; a few MiB are read. */
export async function openReframe(deps: ActivityDependencies, input: OpenReframeInput): Promise<ReframePlan> {
  const { info, log } = Context.current();
  try {
    const plan = await planReframe({ ...input, jobId: jobIdHere() });
    await checkConfined(plan.output, deps.confine);
    const { inspection, output, frameBytes, level } = plan;
    log.info('Archive inspected', { archive: inspection.path, output, frameBytes, level });
    return { ...plan, searchable: deps.searchable, nowMs: input.startedMs ?? Date.now() };
  } catch (error) {
    throw failureOf(error, info.attempt);
  }
}

/**
 * Writes frames to the archive's end. Idempotent by place: the same frame has the same bytes wherever it is made. Heartbeats
 * every second with what is durable; a lost attempt goes on behind it. Cancelled, or asked by a worker that stops, it ends the
 * frames that were begun, which takes less than a second, and returns. Final failures: see failures.ts.
 */
export async function writeFrames(
  deps: ActivityDependencies,
  input: WriteFramesInput,
): Promise<WriteFramesResult> {
  const beaten = Context.current().info.heartbeatDetails as Partial<ReframeHeartbeat> | undefined;
  const writing = new Writing(deps, input, beaten ?? {});
  const timer = setInterval(() => {
    writing.beat();
  }, heartbeatMs);
  try {
    return await writing.run();
  } catch (error) {
    throw writing.failure(error);
  } finally {
    clearInterval(timer);
  }
}

class Writing {
  private readonly deps: ActivityDependencies;
  private readonly input: WriteFramesInput;
  private readonly context = Context.current();
  private readonly attempts: Attempts;
  private readonly rates = new RateWindow();
  private cursor: ReframeCursor;
  private readonly archive: ArchiveWatch;
  private compressedBytes = 0;
  private decompressedBytes = 0;
  private windowBytes = 0;

  constructor(deps: ActivityDependencies, input: WriteFramesInput, beaten: Partial<ReframeHeartbeat>) {
    this.deps = deps;
    this.input = input;
    this.archive = new ArchiveWatch(input.inspection);
    this.cursor = beaten.cursor ?? input.cursor;
    this.attempts = new Attempts(this.context.info.attempt, beaten);
  }

  beat(): void {
    this.rates.add(performance.now(), 0, this.decompressedBytes);
    this.context.heartbeat(this.heartbeat());
  }

  async run(): Promise<WriteFramesResult> {
    const { input, context } = this;
    this.attempts.check(`frame ${this.cursor.frames}`);
    await this.archive.check(false);
    this.beat();
    const written = await write({
      archive: input.inspection,
      temporary: input.temporary,
      frameBytes: input.frameBytes,
      level: input.level,
      cursor: this.cursor,
      threads: this.deps.threads,
      signal: context.cancellationSignal,
      onDurable: (cursor) => {
        this.cursor = cursor;
        this.attempts.committed();
      },
      onRead: (compressed, decompressed, windowBytes) => {
        this.compressedBytes = compressed;
        this.decompressedBytes = decompressed;
        this.windowBytes = windowBytes;
      },
    });
    return this.result(written);
  }

  /** What to throw for an error; the next attempt learns from the last heartbeat that this one failed. */
  failure(error: unknown): Error {
    const asked = error instanceof CancelledFailure;
    this.attempts.ended(asked ? null : error);
    this.context.heartbeat(this.heartbeat());
    return asked ? error : failureOf(error, this.attempts.failures, { cursor: this.cursor });
  }

  private async result({ cursor, contentSha256, damage }: WrittenFrames): Promise<WriteFramesResult> {
    const { context, input } = this;
    this.cursor = cursor;
    if (damage !== null) throw damagedReframe(input.inspection, damage);
    if (contentSha256 === null) this.stopped();
    else await this.archive.check(); // what was replaced meanwhile is another archive
    return { cursor, contentSha256, figures: this.figures(), retries: context.info.attempt - 1 };
  }

  /** Returns where what is done is the result; else the server must hear of it as the SDK says it. */
  private stopped(): void {
    const { context } = this;
    const details = context.cancellationDetails;
    if (details?.cancelRequested === true || details?.workerShutdown === true) return;
    const { reason } = context.cancellationSignal as { readonly reason: unknown };
    throw reason instanceof Error ? reason : new CancelledFailure('CANCELLED');
  }

  private heartbeat(): ReframeHeartbeat {
    return { cursor: this.cursor, figures: this.figures(), ...this.attempts.memory };
  }

  private figures(): ReframeFigures {
    const { compressedBytes, decompressedBytes } = this;
    return {
      compressedBytes,
      decompressedBytes,
      bytesPerSecond: Math.round(this.rates.perSecond().bytesPerSecond),
      memoryBytes: Math.max(0, process.memoryUsage.rss() - this.windowBytes),
    };
  }
}

/** Reads the frames back, compares, appends the seek table, gives the file its name. Idempotent. Heartbeats every second. */
export async function finishReframe(
  _deps: ActivityDependencies,
  input: FinishReframeInput,
): Promise<FinishedReframe> {
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, heartbeatMs);
  try {
    const finished = await finishFrames({
      ...input,
      onChunk: () => {
        context.cancellationSignal.throwIfAborted();
      },
    });
    context.log.info('Archive reframed', { output: path.resolve(input.output), ...finished });
    return finished;
  } catch (error) {
    const { cancellationSignal: signal } = context;
    throw failureOf(signal.aborted ? signal.reason : error, context.info.attempt);
  } finally {
    clearInterval(timer);
  }
}
